package rt

import (
	"os"
	"reflect"
	"sync"
	"unsafe"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/snap"
)

// This file defines the operations on what is shared.

// A spawned is what a process begins with.
type spawned struct {
	Thunk Thunk
	Vars  []any // pointers to the package variables that it may use

	Settings []savedSetting // as they are at the go statement
}

// GoRemote is a go statement whose goroutine begins in a process of its own; class is that of a function with resources of its own, or "", and vars names the registered variables that it may use.
// If g cannot be saved it begins in this process: others could not be told, and g may wait for it before it can be saved.
func GoRemote(g *G, t Thunk, class string, vars ...string) {
	p := cur // of package initialisation
	if g != nil {
		p = g.p
		if g.Pinned() {
			p.spawn(t)
			return
		}
	}
	x := &spawned{Thunk: t, Settings: changedSettings()}
	for _, name := range vars {
		x.Vars = append(x.Vars, snap.Var(name))
	}
	p.put(&ask{op: exchange.Op{Kind: exchange.OpSpawn, Text: p.lineage(g), Class: class}, value: x})
}

// WaitGroupGoRemote is wg.Go(f), where t calls f in a process of its own.
func WaitGroupGoRemote(g *G, wg *sync.WaitGroup, t Thunk, class string, vars ...string) {
	WaitGroupAdd(wg, 1)
	GoRemote(g, &groupThunk{wg, t}, class, vars...)
}

// WaitGroupGoFuncRemote is WaitGroupGoFunc whose goroutine begins in a process of its own.
func WaitGroupGoFuncRemote(g *G, wg *sync.WaitGroup, f func(), class string, vars ...string) {
	WaitGroupGoRemote(g, wg, &funcThunk{f}, class, vars...)
}

// recvShared is v, ok := <-ch of a shared channel.
func recvShared[T any](g *G, t *snap.Thing) (v T, ok bool) {
	r := g.ask("chan receive", func() *ask {
		return &ask{op: exchange.Op{Kind: exchange.OpSelect, Cases: []exchange.Case{{Channel: exchange.ObjectID(t.ID)}}}, values: []any{nil}}
	})
	if r != nil && r.OK {
		g.arrive(r, &v)
		ok = true
	}
	return v, ok
}

// sendShared is ch <- v of a shared channel.
func sendShared[T any](g *G, t *snap.Thing, v T) {
	r := g.ask("chan send", func() *ask {
		return &ask{op: exchange.Op{Kind: exchange.OpSelect, Cases: []exchange.Case{{Channel: exchange.ObjectID(t.ID), Send: true}}}, values: []any{&v}}
	})
	if r != nil {
		g.panics(r)
	}
}

// panics panics as Go does, if the reply says so.
func (g *G) panics(r *exchange.Reply) {
	if r.Kind != exchange.ReplyPanic {
		return
	}
	closed := make(chan int)
	close(closed)
	switch r.Text {
	case "send on closed channel":
		closed <- 1
	case "close of closed channel":
		close(closed)
	}
	panic(r.Text)
}

// Close is close(ch) in a function that may suspend.
func Close[T any](g *G, ch chan<- T) {
	t := g.chanThing(ch)
	if t == nil {
		close(ch)
		return
	}
	if g.pins != 0 { // it is closed with the next commit; see unheard
		g.tell(t, exchange.Op{Kind: exchange.OpClose})
		return
	}
	r := g.ask("close", func() *ask { return &ask{op: exchange.Op{Kind: exchange.OpClose, Object: exchange.ObjectID(t.ID)}} })
	if r != nil {
		g.panics(r)
	}
}

// unheard takes a reply that no goroutine waits for: to what one has done that could not wait.
func (p *process) unheard(r *exchange.Reply) {
	if r.Kind == exchange.ReplyPanic {
		os.Stderr.WriteString("panic: " + r.Text + ", by a goroutine that was panicking already\n")
		p.exit(2)
	}
}

// Len is len(ch).
func Len[T any](g *G, ch <-chan T) int {
	if t := g.chanThing(ch); t != nil {
		return g.lenShared(t)
	}
	if g != nil && g.Before() { // a loop may do nothing but this
		g.Concede(Ready())
	}
	return len(ch)
}

// LenSend is Len of a channel that is only sent on.
func LenSend[T any](g *G, ch chan<- T) int {
	if t := g.chanThing(ch); t != nil {
		return g.lenShared(t)
	}
	if g != nil && g.Before() {
		g.Concede(Ready())
	}
	return len(ch)
}

func (g *G) lenShared(t *snap.Thing) int {
	r := g.ask("len", func() *ask { return &ask{op: exchange.Op{Kind: exchange.OpLen, Object: exchange.ObjectID(t.ID)}} })
	if r == nil {
		return 0
	}
	return int(r.N)
}

// tell puts an operation that nobody waits for into the next batch.
func (g *G) tell(t *snap.Thing, op exchange.Op) {
	op.Object = exchange.ObjectID(t.ID)
	g.p.put(&ask{op: op})
}

// lockShared locks a shared lock, natively w.
func (g *G) lockShared(t *snap.Thing, w Wait, mode exchange.Mode) {
	r := g.ask(w.reason(), func() *ask {
		return &ask{op: exchange.Op{Kind: exchange.OpLock, Object: exchange.ObjectID(t.ID), Mode: mode}}
	})
	if r != nil {
		g.holds(w.op, dataOf(w.on))
	}
}

// waitShared is wg.Wait() of a shared WaitGroup.
func (g *G) waitShared(t *snap.Thing) {
	g.ask("sync.WaitGroup.Wait", func() *ask {
		return &ask{op: exchange.Op{Kind: exchange.OpWait, Object: exchange.ObjectID(t.ID)}}
	})
}

// tellCond signals a shared Cond; it reports false if c is not shared.
func tellCond(c *sync.Cond, kind exchange.OpKind) bool {
	if word.Load()&bitShare == 0 {
		return false
	}
	g := current()
	t := g.lockThing(unsafe.Pointer(c))
	if t == nil {
		return false
	}
	g.tell(t, exchange.Op{Kind: kind})
	return true
}

// condShared is c.Wait() of a shared Cond. A goroutine that has begun to wait before it was shared has unlocked already.
func (g *G) condShared(t *snap.Thing, c *sync.Cond) {
	if g.restoring() { // see CondWait
		relock(g, c)
		return
	}
	if g.turn == turnLocking {
		g.turn = turnNone
		relock(g, c)
		return
	}
	r := g.ask("sync.Cond.Wait", func() *ask {
		a := &ask{op: exchange.Op{Kind: exchange.OpCond, Object: exchange.ObjectID(t.ID)}}
		if g.turn == turnNone {
			a.op.Lock, a.op.Mode = g.lockerThing(c.L)
		}
		return a
	})
	if r == nil {
		return
	}
	if g.turn == turnWaiting {
		g.turn = turnNone
		relock(g, c)
	}
}

// lockerThing returns the shared lock that l is.
func (g *G) lockerThing(l sync.Locker) (exchange.ObjectID, exchange.Mode) {
	mode := exchange.Exclusive
	if reflect.TypeOf(l) == readLocker {
		mode = exchange.Reading
	}
	t := g.lockThing(dataOf(l))
	if t == nil {
		fatalShared("a sync.Cond that processes share has a Locker that they do not share")
	}
	return exchange.ObjectID(t.ID), mode
}

func fatalShared(text string) {
	os.Stderr.WriteString("harkgen: " + text + "\n")
	os.Exit(2)
}
