package wire

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
)

// This file defines how a worker that executes several processes tells apart what they write: it has the read ends of the pipes that its standard output and error are, and
// reads them itself, at each commit and now and then. So nothing is in them when the next process begins, and the output of a step is in its batch.
//
// The host reads them when the worker has ended, and when they are full and stay so: then it is about to end with a long traceback.

const envPipes = "HARK_PIPES" // the read ends, "4,5"

// pipes are the read ends of standard output and error, which do not block.
type pipes struct {
	fds     [2]int
	looked  time.Time
	ops     []exchange.Op // since the last commit, not sent yet
	scratch []byte
}

// openPipes returns nil if the host reads the output.
func openPipes() (*pipes, error) {
	v, ok := os.LookupEnv(envPipes)
	if !ok {
		return nil, nil
	}
	os.Unsetenv(envPipes)
	p := &pipes{scratch: make([]byte, 32<<10)}
	if _, err := fmt.Sscanf(v, "%d,%d", &p.fds[0], &p.fds[1]); err != nil {
		return nil, errors.New("wire: bad " + envPipes + ": " + v)
	}
	for _, fd := range p.fds {
		syscall.CloseOnExec(fd)
		if err := syscall.SetNonblock(fd, true); err != nil {
			return nil, errors.New("wire: " + envPipes + ": " + err.Error())
		}
	}
	return p, nil
}

// drain reads what is there.
func (p *pipes) drain() {
	for i, fd := range p.fds {
		for {
			n, err := syscall.Read(fd, p.scratch)
			if errors.Is(err, syscall.EINTR) {
				continue
			}
			if n <= 0 {
				break
			}
			p.add(i+1, p.scratch[:n])
		}
	}
}

func (p *pipes) add(fd int, b []byte) {
	if n := len(p.ops) - 1; n >= 0 && p.ops[n].N == int64(fd) {
		p.ops[n].Value.Data = append(p.ops[n].Value.Data, b...)
		return
	}
	p.ops = append(p.ops, exchange.Op{Kind: exchange.OpOutput, N: int64(fd), Value: exchange.Value{Data: append([]byte(nil), b...)}})
}

// discard forgets what has been written.
func (p *pipes) discard() {
	p.drain()
	p.ops = nil
}

// batch returns b, which may be nil, with what has been written before its operations.
func (p *pipes) batch(b *exchange.Batch) *exchange.Batch {
	p.drain()
	c := exchange.Batch{}
	if b != nil {
		c = *b
	}
	c.Ops = append(p.ops[:len(p.ops):len(p.ops)], c.Ops...)
	return &c
}

// committed forgets what the last batch had.
func (p *pipes) committed() { p.ops = nil }

// lookAgain is how often the pipes are read while nothing is committed.
const lookAgain = 2 * time.Millisecond

// look returns what has been written since the last look, if it is time for one, in the encoding of a batch; nil if there is nothing.
func (p *pipes) look(now time.Time) []byte {
	if now.Sub(p.looked) < lookAgain {
		return nil
	}
	p.looked = now
	p.drain()
	if len(p.ops) == 0 {
		return nil
	}
	b := exchange.Batch{Ops: p.ops}
	p.ops = nil
	return b.Append(nil)
}
