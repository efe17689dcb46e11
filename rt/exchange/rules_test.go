package exchange

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// This file has a test for each rule of docs/processes.md. What it expects is what Go does; differential_test.go compares with Go itself.

func TestChannelRules(t *testing.T) {
	t.Run("rendezvous", func(t *testing.T) {
		m := newMachine(t)
		c := m.channel(0)
		m.want(nil, m.do(send(1, c, "a")))
		m.want(list("0/1 done", "0/2 done a ok"), m.do(recv(2, c)))
		m.want(nil, m.do(recv(1, c)))
		m.want(list("0/1 done b ok", "0/2 done"), m.do(send(2, c, "b")))
	})
	t.Run("buffer", func(t *testing.T) {
		m := newMachine(t)
		c := m.channel(2)
		m.want(list("0/1 done", "0/1 done"), m.do(send(1, c, "a"), send(1, c, "b"), send(1, c, "c"), send(2, c, "d"), on(OpCancel, 9, 0)))
		m.want(list("0/4 done 2"), m.do(on(OpLen, 4, c)))
		m.want(list("0/1 done", "0/3 done a ok", "0/2 done", "0/3 done b ok", "0/3 done c ok", "0/3 done d ok"),
			m.do(recv(3, c), recv(3, c), recv(3, c), recv(3, c)))
	})
	t.Run("buffer that is shared full", func(t *testing.T) {
		m := newMachine(t)
		c := m.share(Share{Kind: KindChannel, Capacity: 2, Buffer: []Value{value("a")}, Closed: true})
		m.want(list("0/1 done a ok", "0/1 done"), m.do(recv(1, c), recv(1, c)))
	})
	t.Run("close", func(t *testing.T) {
		m := newMachine(t)
		c := m.channel(1)
		m.want(list("0/1 done"), m.do(send(1, c, "a")))
		m.want(nil, m.do(send(1, c, "b"), choose(2, Case{}, Case{Channel: c, Send: true})))
		m.want(list("0/1 panic send on closed channel", "0/2 panic send on closed channel", "0/3 done"), m.do(on(OpClose, 3, c)))
		m.want(list("0/1 done a ok", "0/1 done", "0/1 done"), m.do(recv(1, c), recv(1, c), recv(1, c)))
		m.want(list("0/1 panic send on closed channel", "0/2 panic close of closed channel"), m.do(send(1, c, "a"), on(OpClose, 2, c)))
		m.want(list("0/2 panic close of nil channel"), m.do(on(OpClose, 2, 0)))
	})
	t.Run("close wakes receivers in order", func(t *testing.T) {
		m := newMachine(t)
		c := m.channel(1)
		m.want(nil, m.do(recv(3, c), recv(1, c), recv(2, c)))
		m.want(list("0/3 done", "0/1 done", "0/2 done", "0/4 done"), m.do(on(OpClose, 4, c)))
	})
	t.Run("nil", func(t *testing.T) {
		m := newMachine(t)
		c := m.channel(1)
		m.want(nil, m.do(recv(1, 0), send(2, 0, "a"), choose(3)))
		m.want(list("0/4 done case 1"), m.do(choose(4, Case{}, Case{Channel: c, Send: true})))
		m.want(list("0/5 done case -1", "0/6 done"), m.do(Op{Kind: OpSelect, G: 5, Default: true, Cases: []Case{{}}}, on(OpLen, 6, 0)))
		m.want(nil, m.x.waitsTexts("0/1 chan receive (nil chan)", "0/2 chan send (nil chan)", "0/3 select (no cases)"))
	})
	t.Run("fifo", func(t *testing.T) {
		m := newMachine(t)
		c := m.channel(0)
		var want []string
		for g := GID(1); g < 100; g++ {
			m.want(nil, m.do(recv(g, c)))
			want = append(want, fmt.Sprintf("0/%d done v%d ok", g, g), "0/100 done")
		}
		for g := GID(1); g < 100; g++ {
			m.want(want[2*g-2:2*g], m.do(send(100, c, fmt.Sprintf("v%d", g))))
		}
	})
}

func (x *Exchange) waitsTexts(want ...string) (diff []string) {
	var got []string
	for _, w := range x.Waits() {
		got = append(got, fmt.Sprintf("%d/%d %s", w.Process, w.G, w.Reason))
	}
	if strings.Join(got, ";") != strings.Join(want, ";") {
		return got
	}
	return nil
}

func TestSelectRules(t *testing.T) {
	t.Run("one case", func(t *testing.T) {
		m := newMachine(t)
		a, b := m.channel(0), m.channel(0)
		m.want(nil, m.do(choose(1, Case{Channel: a}, Case{Channel: b, Send: true, Value: value("x")})))
		m.want(list("0/1 done case 1", "0/2 done x ok"), m.do(recv(2, b)))
		m.want(nil, m.do(send(3, a, "y"))) // the other case is gone
		m.want(nil, m.x.waitsTexts("0/3 chan send"))
	})
	t.Run("both sides of one channel", func(t *testing.T) {
		m := newMachine(t)
		c := m.channel(0)
		both := []Case{{Channel: c}, {Channel: c, Send: true, Value: value("x")}}
		m.want(nil, m.do(choose(1, both...)))
		got := m.do(choose(2, both...))
		if len(got) != 2 {
			t.Fatalf("they did not meet: %q", got)
		}
	})
	t.Run("one channel twice", func(t *testing.T) {
		m := newMachine(t)
		c := m.channel(0)
		m.want(nil, m.do(choose(1, Case{Channel: c}, Case{Channel: c}), recv(2, c)))
		m.want(list("0/1 done a ok", "0/3 done", "0/2 done b ok", "0/3 done"), m.do(send(3, c, "a"), send(3, c, "b")))
	})
	t.Run("default", func(t *testing.T) {
		m := newMachine(t)
		c := m.channel(0)
		try := Op{Kind: OpSelect, G: 1, Default: true, Cases: []Case{{Channel: c}}}
		m.want(list("0/1 done case -1"), m.do(try))
		m.want(nil, m.do(send(2, c, "a")))
		m.want(list("0/2 done", "0/1 done a ok"), m.do(try))
	})
	t.Run("no starvation", func(t *testing.T) {
		m := newMachine(t)
		m.slow = true
		a, b := m.channel(0), m.channel(0)
		m.do(on(OpClose, 1, a), on(OpClose, 1, b))
		count := map[int]int{}
		for range 1000 {
			for _, y := range m.send(0, nil, choose(1, Case{Channel: a}, Case{}, Case{Channel: b})).Replies {
				count[y.Case]++
			}
		}
		if len(count) != 2 || count[0] < 400 || count[2] < 400 {
			t.Errorf("cases were chosen %v times", count)
		}
	})
	t.Run("closed", func(t *testing.T) {
		m := newMachine(t)
		a, b := m.channel(0), m.channel(0)
		m.want(nil, m.do(choose(1, Case{Channel: a}, Case{Channel: b})))
		m.want(list("0/1 done case 1", "0/2 done"), m.do(on(OpClose, 2, b)))
		m.want(list("0/1 panic send on closed channel"), m.do(choose(1, Case{Channel: a}, Case{Channel: b, Send: true})))
	})
	t.Run("cancel", func(t *testing.T) {
		m := newMachine(t)
		a, b := m.channel(0), m.channel(1)
		m.want(nil, m.do(choose(1, Case{Channel: a}, Case{Channel: b})))
		m.want(list("0/1 cancelled"), m.do(on(OpCancel, 1, 0)))
		m.want(list("0/2 done"), m.do(send(2, b, "a"))) // to the buffer
		m.want(list("0/1 done case 1 a ok"), m.do(choose(1, Case{Channel: a}, Case{Channel: b}), on(OpCancel, 1, 0)))
	})
}

func TestLockRules(t *testing.T) {
	lock, unlock := func(g GID, o ObjectID) Op { return on(OpLock, g, o) }, func(o ObjectID) Op { return on(OpUnlock, 0, o) }
	t.Run("mutex", func(t *testing.T) {
		m := newMachine(t)
		l := m.share(Share{Kind: KindMutex})
		m.want(list("0/1 done ok"), m.do(lock(1, l), lock(3, l), lock(2, l)))
		m.want(list("0/4 done"), m.do(on(OpTryLock, 4, l)))
		m.want(list("0/3 done"), m.do(unlock(l)))
		m.want(list("0/2 done"), m.do(unlock(l)))
		m.want(list("0/4 done ok"), m.do(unlock(l), on(OpTryLock, 4, l)))
		m.want(list("0 kill", "exit 2 fatal error: sync: unlock of unlocked mutex"), m.do(unlock(l), unlock(l), on(OpLen, 1, 0)))
	})
	t.Run("mutex that is shared locked", func(t *testing.T) {
		m := newMachine(t)
		l := m.share(Share{Kind: KindMutex, Count: 1})
		m.want(nil, m.do(lock(1, l)))
		m.want(list("0/1 done"), m.do(unlock(l)))
	})
	t.Run("a waiting writer goes before new readers", func(t *testing.T) {
		m := newMachine(t)
		l := m.share(Share{Kind: KindRWMutex, Count: -1})
		m.want(list("0/1 done ok"), m.do(reading(lock(1, l)), lock(2, l), reading(lock(3, l)), reading(lock(4, l)), lock(5, l)))
		m.want(list("0/6 done"), m.do(reading(on(OpTryLock, 6, l))))
		m.want(nil, m.do(reading(unlock(l))))
		m.want(list("0/2 done"), m.do(reading(unlock(l))))
		m.want(list("0/3 done", "0/4 done"), m.do(unlock(l))) // and not 5
		m.want(nil, m.do(reading(unlock(l))))
		m.want(list("0/5 done"), m.do(reading(unlock(l))))
	})
	t.Run("readers go on when the writer gives up", func(t *testing.T) {
		m := newMachine(t)
		l := m.share(Share{Kind: KindRWMutex, Count: -1})
		m.want(nil, m.do(lock(2, l), reading(lock(3, l))))
		m.want(list("0/2 cancelled", "0/3 done"), m.do(on(OpCancel, 2, 0)))
	})
	for _, test := range []struct {
		kind  ObjectKind
		mode  Mode
		count int64
		text  string
	}{
		{KindMutex, Exclusive, 0, "fatal error: sync: unlock of unlocked mutex"},
		{KindRWMutex, Exclusive, 0, "fatal error: sync: Unlock of unlocked RWMutex"},
		{KindRWMutex, Exclusive, -1, "fatal error: sync: Unlock of unlocked RWMutex"},
		{KindRWMutex, Reading, 0, "fatal error: sync: RUnlock of unlocked RWMutex"},
		{KindRWMutex, Reading, 1, "fatal error: sync: RUnlock of unlocked RWMutex"},
	} {
		m := newMachine(t)
		l := m.share(Share{Kind: test.kind, Count: test.count})
		m.want(list("0 kill", "exit 2 "+test.text), m.do(Op{Kind: OpUnlock, Object: l, Mode: test.mode}))
	}
	t.Run("cond", func(t *testing.T) {
		m := newMachine(t)
		l, c := m.share(Share{Kind: KindMutex}), m.share(Share{Kind: KindCond})
		wait := func(g GID) Op { return Op{Kind: OpCond, G: g, Object: c, Lock: l} }
		for g := GID(1); g <= 4; g++ {
			m.want(list(fmt.Sprintf("0/%d done ok", g)), m.do(lock(g, l), wait(g)))
		}
		m.want(list("0/1 done"), m.do(on(OpSignal, 0, c)))
		m.want(nil, m.do(on(OpCancel, 2, 0), on(OpSignal, 0, c))) // 2 has to lock
		m.want(nil, m.do(lock(9, l)))
		m.want(list("0/2 done"), m.do(unlock(l)))
		m.want(nil, m.do(on(OpBroadcast, 0, c)))
		m.want(nil, m.x.waitsTexts("0/3 sync.Cond.Wait", "0/4 sync.Cond.Wait", "0/9 sync.Mutex.Lock"))
		m.want(list("0/9 done"), m.do(unlock(l)))
		m.want(list("0/3 done"), m.do(unlock(l)))
		m.want(list("0/4 done"), m.do(unlock(l)))
		m.want(nil, m.do(on(OpSignal, 0, c), on(OpBroadcast, 0, c))) // nobody: it is lost
		m.want(list("0/1 done"), m.do(Op{Kind: OpCond, G: 1, Object: c}, on(OpSignal, 0, c)))
		m.do(unlock(l))
		m.want(list("0 kill", "exit 2 fatal error: sync: unlock of unlocked mutex"), m.do(wait(1)))
	})
	t.Run("cond with the lock of readers", func(t *testing.T) {
		m := newMachine(t)
		l, c := m.share(Share{Kind: KindRWMutex, Count: -2}), m.share(Share{Kind: KindCond})
		m.want(nil, m.do(reading(Op{Kind: OpCond, G: 1, Object: c, Lock: l}), lock(2, l)))
		m.want(list("0/2 done"), m.do(reading(unlock(l))))
		m.want(nil, m.do(on(OpSignal, 0, c)))
		m.want(list("0/1 done"), m.do(unlock(l)))
	})
}

func TestWaitGroupRules(t *testing.T) {
	add := func(o ObjectID, n int64) Op { return Op{Kind: OpAdd, Object: o, N: n} }
	m := newMachine(t)
	wg := m.share(Share{Kind: KindWaitGroup})
	m.want(list("0/1 done"), m.do(on(OpWait, 1, wg)))
	for range 2 { // it can be used again
		m.want(nil, m.do(add(wg, 2), on(OpWait, 1, wg), on(OpWait, 2, wg), add(wg, -1)))
		m.want(list("0/1 done", "0/2 done"), m.do(add(wg, -1)))
	}
	m.want(list("0 kill", "exit 2 panic: sync: negative WaitGroup counter"), m.do(add(wg, -1)))

	m = newMachine(t)
	wg = m.share(Share{Kind: KindWaitGroup, Count: math.MaxInt64})
	m.want(list("0 kill", "exit 2 panic: sync: negative WaitGroup counter"), m.do(add(wg, 1)))
}

func TestRegionRules(t *testing.T) {
	patch := func(o ObjectID, at uint32, s string) Op {
		return Op{Kind: OpPatch, Object: o, Offset: at, Value: value(s)}
	}
	t.Run("merge", func(t *testing.T) { // results[i] = f(i), in processes
		m := newMachine(t)
		r, wg := m.share(Share{Kind: KindRegion, Content: value("zeros")}), m.share(Share{Kind: KindWaitGroup, Count: 2})
		for p := 1; p <= 2; p++ {
			m.want(list(fmt.Sprintf("%d start f [0.1=zeros]", p)), m.do(Op{Kind: OpSpawn, Value: value("f", r, wg)}))
		}
		m.want(nil, m.do(on(OpWait, 1, wg)))
		m.want(nil, texts(m.send(2, ended, patch(r, 8, "two"), Op{Kind: OpAdd, Object: wg, N: -1})))
		m.want(list("0/1 done [0.1+8=two] [0.1+0=one]"), texts(m.send(1, ended, patch(r, 0, "one"), Op{Kind: OpAdd, Object: wg, N: -1})))
		m.want(list("0/1 done"), m.do(on(OpWait, 1, wg))) // told once
	})
	t.Run("bytes of the content", func(t *testing.T) { // who comes later gets one content, and who was there the pieces
		m := newMachine(t)
		bytes := func(o ObjectID, at uint32, s string) Op {
			return Op{Kind: OpPatch, Object: o, Offset: at, Value: value(s), Bytes: true}
		}
		r := m.share(Share{Kind: KindRegion, Content: value("zeros")})
		p := m.spawn(r)
		m.want(nil, m.do(bytes(r, 0, "Z"), patch(r, 8, "slot"), bytes(r, 3, "OS"), bytes(r, 4, "out of it")))
		m.want(list("2 start f [0.1=ZerOS] [0.1+8=slot] [0.1+4=out of it]"), m.do(Op{Kind: OpSpawn, Value: value("f", r)}))
		m.want(list("1/1 done [0.1+0=Z] [0.1+8=slot] [0.1+3=OS] [0.1+4=out of it]"), m.by(p, on(OpLen, 1, 0)))
		m.want(list("3 start f [0.1=ZErOS] [0.1+8=slot] [0.1+4=out of it]"), m.do(bytes(r, 1, "E"), Op{Kind: OpSpawn, Value: value("f", r)}))
	})
	t.Run("handed over", func(t *testing.T) {
		m := newMachine(t)
		c, r := m.channel(1), m.share(Share{Kind: KindRegion, Content: value("old")})
		p, q := m.spawn(c, r), m.spawn(c)
		m.want(list("1/1 done"), m.by(p, Op{Kind: OpStore, Object: r, Value: value("new")}, Op{Kind: OpSelect, G: 1, Cases: []Case{{Channel: c, Send: true, Value: value("v", r)}}}))
		m.want(list("2/1 done v ok [0.1=new]"), fix(m.by(q, recv(1, c)), r)) // did not know it
		m.want(list("0/1 done [0.1=new]"), fix(m.do(on(OpLen, 1, c)), r))
		m.want(list("1/1 done"), m.by(p, on(OpLen, 1, c))) // has written it itself
	})
	t.Run("not what it has written itself", func(t *testing.T) { // it may have written over it since
		m := newMachine(t)
		r := m.share(Share{Kind: KindRegion})
		p := m.spawn(r)
		m.want(nil, m.by(p, patch(r, 1, "theirs")))
		m.want(list("0/1 done [0.1+1=theirs]"), m.do(patch(r, 2, "mine"), on(OpLen, 1, 0)))
		m.want(list("1/1 done"), m.by(p, Op{Kind: OpStore, Object: r, Value: value("all")}, on(OpLen, 1, 0)))
	})
	t.Run("what a region leads to", func(t *testing.T) {
		m := newMachine(t)
		a, b := NewObjectID(0, 1), NewObjectID(0, 2)
		m.want(nil, m.do( // a cycle
			Op{Kind: OpShare, Object: a, Share: &Share{Kind: KindRegion, Content: value("A", b)}},
			Op{Kind: OpShare, Object: b, Share: &Share{Kind: KindRegion, Content: value("B", a)}}))
		m.want(list("1 start f [0.1=A] [0.2=B]"), m.do(Op{Kind: OpSpawn, Value: value("f", a)}))
		d := NewObjectID(1, 1)
		m.want(list("1/1 done"), m.by(1,
			Op{Kind: OpShare, Object: d, Share: &Share{Kind: KindRegion, Content: value("D")}},
			Op{Kind: OpPatch, Object: b, Offset: 3, Value: value("b", d)}, on(OpLen, 1, 0)))
		m.want(list("0/1 done [0.2+3=b] [1.1=D]"), m.do(on(OpLen, 1, 0)))
	})
	t.Run("a store replaces the slots", func(t *testing.T) {
		m := newMachine(t)
		r := m.share(Share{Kind: KindRegion, Content: value("old")})
		m.want(nil, m.do(patch(r, 1, "x"), Op{Kind: OpStore, Object: r, Value: value("new")}, patch(r, 2, "y"), patch(r, 1, "z"), patch(r, 2, "w")))
		m.want(list("1 start f [0.1=new] [0.1+1=z] [0.1+2=w]"), m.do(Op{Kind: OpSpawn, Value: value("f", r)}))
	})
	t.Run("forgotten", func(t *testing.T) {
		m := newMachine(t)
		c, r := m.channel(0), m.share(Share{Kind: KindRegion, Content: value("R")})
		p := m.spawn(c, r)
		m.want(list("1/1 done"), m.by(p, on(OpLen, 1, 0)))
		give := Op{Kind: OpSelect, G: 2, Cases: []Case{{Channel: c, Send: true, Value: value("v", r)}}}
		m.want(nil, m.by(p, on(OpForget, 0, r), recv(1, c)))
		m.want(list("0/1 done"), m.do(patch(r, 1, "x"), on(OpLen, 1, 0)))
		m.want(list("1/1 done v ok [0.2=R] [0.2+1=x]", "0/2 done"), m.do(give)) // all of it again
		m.step[p]++
		m.apply(&Batch{From: p, Step: m.step[p], Consumed: m.seen[p], Ops: []Op{on(OpForget, 0, r)}}) // the reply is on its way
		m.do(patch(r, 2, "y"))
		m.want(list("1/1 done [0.2+2=y]"), m.by(p, on(OpLen, 1, 0)))
	})
}

// fix calls r 0.1, so that tests that make other objects first are easy to read.
func fix(list []string, r ObjectID) []string {
	for i := range list {
		list[i] = strings.ReplaceAll(list[i], fmt.Sprintf("[0.%d", uint32(r)), "[0.1")
	}
	return list
}

func TestAtomicRules(t *testing.T) {
	m := newMachine(t)
	content := append(make([]byte, 24), "\x02\x00\x00\x00\x00\x00\x00\x00tail"...)
	r := m.share(Share{Kind: KindRegion, Content: Value{Data: content}})
	m.want(nil, m.do(
		Op{Kind: OpPatch, Object: r, Offset: 0, Value: value("\x05\x00\x00\x00\x00\x00\x00\x00")},
		Op{Kind: OpPatch, Object: r, Offset: 8, Value: value("\xff\xff\xff\x7f")},
		Op{Kind: OpPatch, Object: r, Offset: 16, Value: value("nil")}))
	at := func(a AtomicOp, offset uint32, n, old int64) Op {
		return Op{Kind: OpAtomic, G: 1, Object: r, Offset: offset, Atomic: a, N: n, Old: old}
	}
	for i, test := range []struct {
		op   Op
		want string
	}{
		{at(AtomicLoad, 0, 0, 0), "0/1 done 5"},
		{at(AtomicAdd, 0, -7, 0), "0/1 done -2 [0.1+0=\xfe\xff\xff\xff\xff\xff\xff\xff]"},
		{at(AtomicSwap, 0, 12, 0), "0/1 done -2 [0.1+0=\f\x00\x00\x00\x00\x00\x00\x00]"},
		{at(AtomicAnd, 0, 10, 0), "0/1 done 12 [0.1+0=\b\x00\x00\x00\x00\x00\x00\x00]"},
		{at(AtomicOr, 0, 1, 0), "0/1 done 8 [0.1+0=\t\x00\x00\x00\x00\x00\x00\x00]"},
		{at(AtomicCompareAndSwap, 0, 1, 8), "0/1 done"},
		{at(AtomicCompareAndSwap, 0, 3, 9), "0/1 done ok [0.1+0=\x03\x00\x00\x00\x00\x00\x00\x00]"},
		{at(AtomicLoad, 0, 0, 0), "0/1 done 3"},
		{at(AtomicStore, 0, -1, 0), "0/1 done [0.1+0=\xff\xff\xff\xff\xff\xff\xff\xff]"},
		{at(AtomicLoad, 0, 0, 0), "0/1 done -1"},
		{at(AtomicAdd, 8, 1, 0), fmt.Sprintf("0/1 done %d [0.1+8=\x00\x00\x00\x80]", math.MinInt32)}, // of 4 bytes
		{at(AtomicCompareAndSwap, 8, 7, 1<<31), "0/1 done ok [0.1+8=\a\x00\x00\x00]"},                // as a uint32
		{at(AtomicLoadValue, 16, 0, 0), "0/1 done nil"},
		{Op{Kind: OpAtomic, G: 1, Object: r, Offset: 16, Atomic: AtomicSwapValue, Value: value("p")}, "0/1 done nil [0.1+16=p]"},
		{Op{Kind: OpAtomic, G: 1, Object: r, Offset: 16, Atomic: AtomicCompareAndSwapValue, OldValue: value("nil"), Value: value("q")}, "0/1 done"},
		{Op{Kind: OpAtomic, G: 1, Object: r, Offset: 16, Atomic: AtomicCompareAndSwapValue, OldValue: value("p"), Value: value("q")}, "0/1 done ok [0.1+16=q]"},
		{Op{Kind: OpAtomic, G: 1, Object: r, Offset: 16, Atomic: AtomicStoreValue, Value: value("s")}, "0/1 done [0.1+16=s]"},
		{at(AtomicLoadValue, 16, 0, 0), "0/1 done s"},
	} {
		if got := m.do(test.op); len(got) != 1 || got[0] != test.want {
			t.Errorf("%d: got %q, want %q", i, got, test.want)
		}
	}
	// A word that no slot has is in the content.
	sized := at(AtomicLoad, 24, 0, 0)
	sized.Size = 8
	m.want(list("0/1 done 2"), m.do(sized))
	sized.Atomic, sized.N = AtomicAdd, 1
	m.want(list("0/1 done 3 [0.1+24=\x03\x00\x00\x00\x00\x00\x00\x00]"), m.do(sized))
	m.want(list("0/1 done 3"), m.do(at(AtomicLoad, 24, 0, 0)))

	// What another has written is told with an atomic of the same slot, before that.
	q := m.spawn(r)
	m.by(q, at(AtomicAdd, 24, 1, 0))
	m.want(list("0/1 done 5 [0.1+24=\x05\x00\x00\x00\x00\x00\x00\x00]"), m.do(at(AtomicAdd, 24, 1, 0)))

	// An atomic is an acquire, and what it has written is there for others.
	p := m.spawn(r)
	m.do(at(AtomicAdd, 0, 2, 0))
	got := m.by(p, at(AtomicLoad, 0, 0, 0))
	m.want(list("2/1 done 1 [0.1+0=\x01\x00\x00\x00\x00\x00\x00\x00]"), got)
}

func TestProcessRules(t *testing.T) {
	t.Run("steps", func(t *testing.T) {
		m := newMachine(t)
		c := m.channel(4)
		b := &Batch{From: 0, Step: 2, Ops: []Op{send(1, c, "a")}}
		if !m.apply(b).Taken || m.apply(b).Taken {
			t.Error("a batch was not taken once")
		}
		for _, step := range []uint64{0, 1, 2, 4} {
			if m.apply(&Batch{From: 0, Step: step}).Taken {
				t.Errorf("step %d was taken after 2", step)
			}
		}
		if m.apply(&Batch{From: 7, Step: 1}).Taken {
			t.Error("a batch of nobody was taken")
		}
	})
	t.Run("spawn and end", func(t *testing.T) {
		m := newMachine(t)
		m.want(list("1 start a", "2 start b"), m.do(Op{Kind: OpSpawn, Value: value("a")}, Op{Kind: OpSpawn, Value: value("b")}))
		m.want(list("3 start c"), texts(m.send(2, ended, Op{Kind: OpSpawn, Value: value("c")})))
		if m.send(2, nil).Taken {
			t.Error("a process that has ended goes on")
		}
		if _, ok := m.x.Status(2); ok || m.x.Len() != 3 {
			t.Error("a process that has ended is live")
		}
	})
	t.Run("acknowledge", func(t *testing.T) {
		m := newMachine(t)
		for step := uint64(1); step <= 3; step++ {
			m.apply(&Batch{From: 0, Step: step, Ops: []Op{on(OpLen, 1, 0), on(OpLen, 2, 0)}})
		}
		for after, want := range []int{6, 5, 4, 3, 2, 1, 0, 0} {
			if got := m.x.Replies(0, uint64(after)); len(got) != want || want > 0 && got[0].Seq != uint64(after+1) {
				t.Errorf("after %d: %v", after, got)
			}
		}
		m.apply(&Batch{From: 0, Step: 4, Consumed: 4})
		m.apply(&Batch{From: 0, Step: 5, Consumed: 2}) // less than before: no matter
		if got := m.x.Replies(0, 0); len(got) != 2 || got[0].Seq != 5 {
			t.Errorf("after 4 were consumed: %v", got)
		}
		s, _ := m.x.Status(0)
		if want := (Status{Step: 5, Sent: 6, Acked: 4}); s != want {
			t.Errorf("%+v, want %+v", s, want)
		}
	})
	t.Run("exit", func(t *testing.T) {
		m := newMachine(t)
		m.spawn()
		m.spawn()
		m.send(2, ended)
		r := m.send(0, func(b *Batch) { b.Ended, b.Exit = true, &Exit{Status: 3, Text: "x"} }, Op{Kind: OpOutput, N: 1, Value: value("last")})
		m.want(list("1 kill", "exit 3 x"), texts(r))
		if len(r.Outputs) != 1 || m.send(1, nil).Taken || m.x.Exit().Status != 3 {
			t.Error("the run goes on after its end")
		}
		if got := m.x.Replies(1, 1); len(got) != 1 || got[0].Kind != ReplyKill {
			t.Errorf("process 1 is told %v", got)
		}
	})
	t.Run("output", func(t *testing.T) {
		m := newMachine(t)
		p := m.spawn()
		m.do(Op{Kind: OpOutput, N: 1, Value: value("a")}, Op{Kind: OpOutput, N: 2, Value: value("b")})
		m.by(p, Op{Kind: OpOutput, N: 1, Value: value("c")})
		s := ""
		for i, o := range m.out {
			if o.Seq != uint64(i+1) {
				t.Errorf("output %d has number %d", i+1, o.Seq)
			}
			s += fmt.Sprint(o.FD) + string(o.Data)
		}
		if s != "1a2b1c" || m.x.Outputs() != 3 {
			t.Errorf("got %q", s)
		}
	})
}

func TestDeadlockRules(t *testing.T) {
	t.Run("all wait", func(t *testing.T) {
		m := newMachine(t)
		c, l := m.channel(0), m.share(Share{Kind: KindRWMutex, Count: 1})
		p := m.spawn(c, l)
		m.want(nil, texts(m.send(0, idle, recv(1, c))))
		r := m.send(p, idle, on(OpLock, 1, l), reading(on(OpLock, 2, l)))
		m.want(list("0 kill", "1 kill", "exit 2 fatal error: all goroutines are asleep - deadlock!"), texts(r))
		if got := fmt.Sprint(r.Exit.Waits); got != "[{0 1 chan receive} {1 1 sync.RWMutex.Lock} {1 2 sync.RWMutex.RLock}]" {
			t.Errorf("they wait: %s", got)
		}
	})
	t.Run("a timer", func(t *testing.T) {
		m := newMachine(t)
		m.want(nil, texts(m.send(0, func(b *Batch) { b.Idle, b.Wake = true, 1 }, recv(1, 0))))
		m.want(list("0 kill", "exit 2 fatal error: all goroutines are asleep - deadlock!"), texts(m.send(0, idle)))
	})
	t.Run("a reply on its way", func(t *testing.T) {
		m := newMachine(t)
		c := m.channel(1)
		m.want(list("0/1 done"), texts(m.send(0, idle, send(1, c, "a"))))
		m.want(nil, texts(m.apply2(idle, 0))) // it has not consumed it
		m.want(list("0 kill", "exit 2 fatal error: all goroutines are asleep - deadlock!"), texts(m.send(0, idle)))
	})
	t.Run("a process that has not begun", func(t *testing.T) {
		m := newMachine(t)
		m.want(list("1 start "), texts(m.send(0, idle, Op{Kind: OpSpawn}, recv(1, 0))))
		m.want(list("0 kill", "exit 2 fatal error: all goroutines are asleep - deadlock!"), texts(m.send(1, ended)))
	})
	t.Run("main has called Goexit", func(t *testing.T) {
		m := newMachine(t)
		m.spawn()
		m.want(nil, texts(m.send(0, ended)))
		m.want(list("exit 2 fatal error: no goroutines (main called runtime.Goexit) - deadlock!"), texts(m.send(1, ended)))
	})
}

// apply2 sends a batch of process 0 that has consumed n replies.
func (m *machine) apply2(change func(*Batch), n uint64) Result {
	m.step[0]++
	b := &Batch{Step: m.step[0], Consumed: n}
	change(b)
	return m.apply(b)
}

// TestMisuse: what the protocol does not allow ends the run, with a text that says what was wrong.
func TestMisuse(t *testing.T) {
	region := func(m *machine) ObjectID { return m.share(Share{Kind: KindRegion}) }
	for _, test := range []struct {
		want string
		op   func(m *machine) Op
	}{
		{"no such object", func(m *machine) Op { return recv(1, 77) }},
		{"no such object", func(m *machine) Op { return recv(1, region(m)) }},
		{"no such object", func(m *machine) Op { return on(OpClose, 1, 77) }},
		{"no such object", func(m *machine) Op { return on(OpWait, 1, region(m)) }},
		{"no such object", func(m *machine) Op { return on(OpAdd, 1, region(m)) }},
		{"no such object", func(m *machine) Op { return on(OpStore, 1, m.channel(0)) }},
		{"no such object", func(m *machine) Op { return Op{Kind: OpCond, Object: m.share(Share{Kind: KindCond}), Lock: region(m)} }},
		{"no such mode", func(m *machine) Op { return reading(on(OpLock, 1, m.share(Share{Kind: KindMutex}))) }},
		{"not a word", func(m *machine) Op { return on(OpAtomic, 1, region(m)) }},
		{"no such slot", func(m *machine) Op { o := on(OpAtomic, 1, region(m)); o.Atomic = AtomicLoadValue; return o }},
		{"its goroutine waits already", func(m *machine) Op { m.do(recv(1, 0)); return recv(1, 0) }},
		{"unknown kind", func(m *machine) Op { return Op{Kind: 99} }},
		{"not a number of this process", func(m *machine) Op {
			return Op{Kind: OpShare, Object: NewObjectID(1, 1), Share: &Share{Kind: KindCond}}
		}},
		{"shared already", func(m *machine) Op { return Op{Kind: OpShare, Object: region(m), Share: &Share{Kind: KindCond}} }},
		{"the buffer does not fit", func(m *machine) Op {
			return Op{Kind: OpShare, Object: 1, Share: &Share{Kind: KindChannel, Buffer: []Value{{}}}}
		}},
		{"not standard output, error or a response", func(m *machine) Op { return Op{Kind: OpOutput} }},
	} {
		m := newMachine(t)
		op := test.op(m)
		r := m.send(0, nil, op)
		if r.Exit == nil || !strings.Contains(r.Exit.Text, test.want) || !strings.HasPrefix(r.Exit.Text, "fatal error: harkgen: process 0, step ") {
			t.Errorf("%+v: got %v, want %q", op, texts(r), test.want)
		}
	}
	m := newMachine(t)
	if r := m.apply(&Batch{Step: 1, Consumed: 1}); r.Exit == nil {
		t.Error("a reply was consumed that was never sent")
	}
	m = newMachine(t)
	if r := m.send(0, ended, recv(1, 0)); r.Exit == nil {
		t.Error("a process has ended that waits")
	}
}

// TestGarbage: objects go when nobody can reach them, and not before.
func TestGarbage(t *testing.T) {
	m := newMachine(t)
	m.slow = true
	c := m.channel(1)
	var inBuffer, lost ObjectID
	p := m.spawn(c)
	share := func(n uint32) ObjectID {
		id := NewObjectID(p, n)
		m.by(p, Op{Kind: OpShare, Object: id, Share: &Share{Kind: KindRegion}})
		return id
	}
	inBuffer, lost = share(1), share(2)
	m.by(p, Op{Kind: OpSelect, G: 1, Cases: []Case{{Channel: c, Send: true, Value: value("v", inBuffer)}}})
	m.send(p, ended)
	// Only a value that waits to be sent leads to it: its sender has forgotten it.
	sender, full := m.spawn(c), m.channel(0)
	waits := NewObjectID(sender, 1)
	m.by(sender, Op{Kind: OpShare, Object: waits, Share: &Share{Kind: KindRegion}})
	m.by(sender, Op{Kind: OpSelect, G: 1, Cases: []Case{{Channel: full, Send: true, Value: value("w", waits)}}}, on(OpForget, 0, waits), on(OpForget, 0, full))
	for n := uint32(100); n < 100+10*collectAfter; n++ {
		m.do(Op{Kind: OpShare, Object: NewObjectID(0, n), Share: &Share{Kind: KindMutex}}, on(OpForget, 0, NewObjectID(0, n)))
	}
	if err := m.x.Check(); err != nil {
		t.Fatal(err)
	}
	if m.x.objects[lost] != nil || len(m.x.objects) > 2*collectAfter {
		t.Errorf("%d objects are left", len(m.x.objects))
	}
	m.want(list("0/1 done v ok [1.1=]"), m.do(recv(1, c)))
	m.want(list("2/1 done", "0/1 done w ok [2.1=]"), m.do(recv(1, full)))
}
