package exchange

import "fmt"

// This file defines the state machine, and how a batch is taken.
//
// The rules that comments name ("rule: x") are those of docs/processes.md.
//
// Invariants, which Check verifies after every batch of every test:
//
//  1. No operation waits that could be done.
//  2. The places of a queue stand in the order in which their operations began to wait.
//  3. The numbers of the replies of a process have no gaps; those it has consumed are gone.
//  4. A process that knows a region has been told of its version, or stands in the list of what it has to be told.
//  5. awake counts the live processes that are not asleep.

// An Exchange is what the processes of a run share. The same batches in the same order make the same Exchange. It keeps the memory of the
// batches that it takes: nobody may write to it any more.
type Exchange struct {
	processes table
	next      ProcessID // to be given out
	awake     int

	objects map[ObjectID]object
	waits   map[waitKey]*waiter
	garbage collector

	arrivals uint64 // operations that have begun to wait
	random   uint64 // state of the choice among ready cases
	outputs  uint64 // number of the last output
	outBytes uint64 // bytes of all outputs
	exit     *Exit

	result Result // of the batch that is being taken
}

// An Output is a piece of what the run writes.
type Output struct {
	Seq  uint64    // from 1 on, without gaps, for the run
	Base uint64    // bytes of the outputs before
	From ProcessID // who has written it
	Step uint64    // in which step
	FD   int       // 1 standard output, 2 standard error, 3 a response
	Data []byte
}

// A Result is what a batch has brought about. Its replies are also kept, until they are acknowledged; its outputs are not.
type Result struct {
	Taken   bool // false: it was dropped, being of an old step, of a process that has ended, or of a run that has
	Replies []Reply
	Outputs []Output
	Exit    *Exit // the run has ended with this batch
}

// New returns the Exchange of a run that begins: process 0 is live, nothing is shared.
func New() *Exchange {
	x := empty()
	x.begin()
	return x
}

func empty() *Exchange {
	return &Exchange{
		processes: table{rows: map[ProcessID]*row{}},
		objects:   map[ObjectID]object{},
		waits:     map[waitKey]*waiter{},
		random:    1,
	}
}

// Apply takes a batch. One that the protocol does not allow ends the run with a text that says so: that is a bug of the sender.
func (x *Exchange) Apply(b *Batch) Result {
	x.result = Result{}
	p := x.processes.get(b.From)
	if x.exit != nil || p == nil || b.Step != p.step+1 { // rule: step-once
		return Result{}
	}
	x.result.Taken = true
	p.step = b.Step
	x.take(p, b)
	result := x.result
	x.result = Result{}
	return result
}

func (x *Exchange) take(p *process, b *Batch) {
	if b.Consumed > p.sent {
		x.misuse(p, fmt.Sprintf("has consumed reply %d of %d", b.Consumed, p.sent))
		return
	}
	x.acknowledge(p, b.Consumed)
	for i := range b.Ops { // rule: program-order
		if problem := x.do(p, &b.Ops[i]); problem != "" {
			x.misuse(p, fmt.Sprintf("operation %d (kind %d): %s", i, b.Ops[i].Kind, problem))
		}
		if x.exit != nil {
			return
		}
	}
	switch {
	case b.Exit != nil:
		x.remove(p)
		x.end(b.Exit)
		return
	case b.Ended && p.waiting > 0:
		x.misuse(p, "has ended while its goroutines wait")
		return
	case b.Ended:
		x.remove(p)
	default:
		p.idle, p.wake = b.Idle, b.Wake
		x.stir(p)
	}
	x.collect()
	x.detect()
}

// do does one operation. It returns what makes the operation impossible, or "".
func (x *Exchange) do(p *process, op *Op) string {
	if op.Kind >= OpSelect && op.Kind != OpCancel && x.waits[waitKey{p.id, op.G}] != nil {
		return "its goroutine waits already"
	}
	switch op.Kind {
	case OpShare:
		return x.share(p, op)
	case OpStore, OpPatch:
		return x.store(p, op)
	case OpSpawn:
		return x.spawn(op)
	case OpForget:
		return x.forget(p, op.Object)
	case OpOutput:
		return x.output(p, op)
	case OpAdd:
		return x.add(op)
	case OpWait:
		return x.wait(p, op)
	case OpLock, OpTryLock:
		return x.lock(p, op)
	case OpUnlock:
		return x.unlock(op.Object, op.Mode)
	case OpEnd:
		c, ok := find[*context](x, op.Object)
		if !ok {
			return noSuch
		}
		x.cancelContext(c, op.Value)
		return ""
	case OpCond:
		return x.condWait(p, op)
	case OpSignal, OpBroadcast:
		return x.signal(op)
	case OpSelect:
		return x.choose(p, op)
	case OpClose:
		return x.close(p, op)
	case OpLen:
		return x.length(p, op)
	case OpAtomic:
		return x.atomic(p, op)
	case OpCancel:
		return x.cancel(p, op)
	}
	return "unknown kind"
}

func (x *Exchange) output(p *process, op *Op) string {
	if op.N < 1 || op.N > 3 {
		return "not standard output, error or a response"
	}
	x.outputs++ // rule: one-output
	x.result.Outputs = append(x.result.Outputs, Output{x.outputs, x.outBytes, p.id, p.step, int(op.N), op.Value.Data})
	x.outBytes += uint64(len(op.Value.Data))
	return ""
}

// misuse ends the run because p has broken the protocol.
func (x *Exchange) misuse(p *process, text string) {
	x.end(&Exit{Status: 2, Text: fmt.Sprintf("fatal error: harkgen: process %d, step %d: %s", p.id, p.step, text)})
}

// fatal ends the run as Go does for an error that cannot be recovered. It returns "", as the operation is a possible one.
func (x *Exchange) fatal(text string) string {
	x.end(&Exit{Status: 2, Text: text})
	return ""
}

// end ends the run.
func (x *Exchange) end(e *Exit) {
	x.exit, x.result.Exit = e, e
	x.objects, x.waits = map[ObjectID]object{}, map[waitKey]*waiter{}
	x.garbage = collector{}
	for p := range x.processes.all { // rule: kill-once
		p.waiting, p.knows, p.stale = 0, knownSet{}, nil
		x.reply(p, Reply{Kind: ReplyKill})
	}
}

// Exit returns how the run has ended, nil if it has not.
func (x *Exchange) Exit() *Exit { return x.exit }

// Outputs returns the number of the last output.
func (x *Exchange) Outputs() uint64 { return x.outputs }
