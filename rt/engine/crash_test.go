package engine

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
)

// This file crashes an engine before and after each single operation of the store, and lets the next come to the end of the run.

var everyFlag = flag.Bool("every", false, "TestCrashEverywhere: crash in all ways at every operation, not in one of them at each third")

// A crashing is a run whose first engine crashes.
type crashing struct {
	t     *testing.T
	m     *memStore
	prog  simProgram
	shown []exchange.Output
}

// TestCrashEverywhere: whatever the last operation of an engine was, and whether what it had not synced is lost or not, the next engine goes
// on to the same results, and nothing is left in the store.
func TestCrashEverywhere(t *testing.T) {
	crashes := 0
	for _, prog := range append(programs(1), leftovers) {
		for _, k := range kinds {
			step := 3
			if *everyFlag {
				step = 1
			}
			for op, died := 1, true; died; op += step {
				for way := range 4 {
					if way != op%4 && !*everyFlag {
						continue
					}
					synctest.Test(t, func(t *testing.T) {
						c := &crashing{t: t, m: newMemStore(), prog: prog}
						died = c.run(crashPoint{op, way%2 == 1}, k, way < 2)
					})
					crashes++
					if t.Failed() {
						t.Fatalf("program %s, kind %d, operation %d, way %d", prog.name, k, op, way)
					}
				}
			}
		}
	}
	t.Logf("%d crashes", crashes)
}

// run reports whether the first engine has come to the crash.
func (c *crashing) run(p crashPoint, k kind, lose bool) (died bool) {
	exit, died := c.live(0, p, k)
	if died && lose {
		c.m.mu.Lock()
		n := len(c.m.undo)
		c.m.mu.Unlock()
		c.m.crash(n)
	}
	if died || exit == nil {
		exit, _ = c.live(1, crashPoint{}, k)
	}
	var out strings.Builder
	for _, o := range c.shown {
		out.Write(o.Data)
	}
	if err := c.prog.wrong(exit, out.String()); err != nil {
		c.t.Error(err)
	}
	view, _ := c.m.view(1, 2, false, ordered, nil)
	err := Delete(context.Background(), view, "r")
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	if err != nil || len(c.m.records)+len(c.m.blobs) > 0 {
		c.t.Errorf("%v; %d records, %d blobs are left", err, len(c.m.records), len(c.m.blobs))
	}
	return died
}

// live executes the run with one engine until that dies or the run has ended.
func (c *crashing) live(epoch int, p crashPoint, k kind) (exit *exchange.Exit, died bool) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, v := c.m.view(1, epoch, false, k, cancel)
	defer s.Close()
	v.crash = p
	e, err := open(ctx, Options{Store: s, Run: "r", Show: c.show, IdleAfter: 10 * time.Millisecond}, small)
	if err == nil {
		e.Attach(&simWorker{main: c.prog.main, now: time.Now}, 3)
		rest := time.AfterFunc(20*time.Second, func() { c.rest(e) })
		defer rest.Stop()
		exit, err = e.Run(ctx)
	}
	if err != nil && !errors.Is(err, errKilled) && !errors.Is(err, context.Canceled) {
		c.t.Error(err)
	}
	return exit, v.dead
}

func (c *crashing) show(outs []exchange.Output) error {
	for _, o := range outs {
		switch n := uint64(len(c.shown)); {
		case o.Seq == n+1:
			c.shown = append(c.shown, o)
		case o.Seq > n+1 || string(c.shown[o.Seq-1].Data) != string(o.Data):
			c.t.Errorf("output %d is %q", o.Seq, o.Data)
		}
	}
	return nil
}

// rest looks at the store while only main lives, and sleeps: of the others nothing is left but blobs.
func (c *crashing) rest(e *Engine) {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	for id := range c.m.records {
		if strings.HasPrefix(id, "r/p/") && id != recordID("r", 0) {
			c.t.Errorf("the record %s is left", id)
		}
	}
}

// leftovers is a program whose processes end long before it does.
var leftovers = simProgram{name: "leftovers", main: simState{Func: "leftovers", N: []int64{6}}, want: "all have ended\n"}

func init() {
	simFuncs["leftovers"] = simLeftovers
	simFuncs["leaver"] = simLeaver
}

func simLeftovers(s *simState, c *simCall, y *exchange.Reply) {
	switch s.PC {
	case 0:
		wg := c.share(exchange.Share{Kind: exchange.KindWaitGroup, Count: s.N[0]})
		for i := range s.N[0] {
			c.spawn("leaver", []int64{i}, wg)
		}
		s.PC = 1
		c.block(exchange.Op{Kind: exchange.OpWait, Object: wg})
	case 1:
		s.PC = 2
		c.sleep(30 * time.Second)
	case 2:
		c.print("all have ended")
		c.quit()
	}
}

// simLeaver makes some steps, one of them with a state of several pages.
func simLeaver(s *simState, c *simCall, y *exchange.Reply) {
	if s.PC < 3 {
		s.Pad = nil
		if s.PC == 1 && s.N[0]%3 == 0 {
			s.Pad = slices.Repeat([]byte(fmt.Sprint("ballast ", s.N[0])), 8000)
		}
		s.PC++
		c.pause = true
		return
	}
	c.do(exchange.Op{Kind: exchange.OpAdd, Object: s.Refs[0], N: -1})
	s.Done = true
}
