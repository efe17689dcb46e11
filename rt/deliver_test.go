package rt

import (
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
)

// TestReplyIsAcknowledged: a process that has nothing to do commits after a reply that no goroutine waits for, as that of a timer's channel. Else the exchange would keep it loaded.
func TestReplyIsAcknowledged(t *testing.T) {
	before := word.Load()
	defer word.Store(before)
	p := newProcess()
	p.start.Process = 1
	p.shares()
	now := time.Now()
	p.pace = pace{lastCommit: now.Add(-2 * commitInterval), clean: true}
	if r, stop := p.reasonToStop(now, census{parked: true}, true, true); stop {
		t.Errorf("%v though nothing has happened", r)
	}
	p.deliver(&exchange.Reply{Seq: 1, Kind: exchange.ReplyDone, G: firstFeed})
	if _, stop := p.reasonToStop(now, census{parked: true}, true, true); !stop {
		t.Error("no commit follows")
	}
}
