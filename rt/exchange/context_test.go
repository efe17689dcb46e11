package exchange

import "testing"

func end(c ObjectID, why string, refs ...ObjectID) Op {
	return Op{Kind: OpEnd, Object: c, Value: value(why, refs...)}
}

func TestContextRules(t *testing.T) {
	derived := func(m *machine, parent ObjectID) ObjectID {
		return m.share(Share{Kind: KindContext, Parent: parent})
	}
	t.Run("the first reason counts", func(t *testing.T) {
		m := newMachine(t)
		c := derived(m, 0)
		p, q := m.spawn(c), m.spawn(c)
		m.want(list("0 news [0.1=a]", "1 news [0.1=a]", "2 news [0.1=a]"), m.by(p, end(c, "a"), end(c, "b")))
		m.want(nil, m.by(q, end(c, "c")))
	})
	t.Run("derived contexts", func(t *testing.T) {
		m := newMachine(t)
		root := derived(m, 0)
		left, right := derived(m, root), derived(m, root)
		leaf := derived(m, left)
		p := m.spawn(root, leaf) // it does not hear of left, which it does not know
		m.want(list("0 news [0.3=r]"), m.do(end(right, "r")))
		m.want(list("0 news [0.1=a] [0.2=a] [0.4=a]", "1 news [0.1=a] [0.4=a]"), m.by(p, end(root, "a")))
		m.want(nil, m.do(end(leaf, "b"), end(left, "b"), end(right, "b")))
	})
	t.Run("a parent is not cancelled", func(t *testing.T) {
		m := newMachine(t)
		root := derived(m, 0)
		leaf := derived(m, root)
		m.want(list("0 news [0.2=a]"), m.do(end(leaf, "a")))
		m.want(list("0 news [0.1=b]"), m.do(end(root, "b")))
	})
	t.Run("derived from one that has been cancelled elsewhere", func(t *testing.T) {
		m := newMachine(t)
		root := derived(m, 0)
		p := m.spawn(root)
		m.want(list("0 news [0.1=a]", "1 news [0.1=a]"), m.do(end(root, "a")))
		mine := NewObjectID(p, 1)
		m.want(list("1 news [1.1=a]"), m.by(p, Op{Kind: OpShare, Object: mine, Share: &Share{Kind: KindContext, Parent: root}}))
	})
	t.Run("shared when it is cancelled", func(t *testing.T) {
		m := newMachine(t)
		r := m.share(Share{Kind: KindRegion, Content: value("R")})
		c := m.share(Share{Kind: KindContext, Closed: true, Content: value("a", r)})
		m.want(list("1 start  [0.2=a] [0.1=R]"), m.do(Op{Kind: OpSpawn, Value: value("", c)}))
	})
	t.Run("who comes to know it later", func(t *testing.T) {
		m := newMachine(t)
		c, ch := derived(m, 0), m.channel(1)
		p := m.spawn(ch)
		m.want(list("0/1 done", "0 news [0.1=a]"), m.do(Op{Kind: OpSelect, G: 1, Cases: []Case{{Channel: ch, Send: true, Value: value("v", c)}}}, end(c, "a")))
		m.want(list("1/1 done v ok [0.1=a]"), m.by(p, recv(1, ch)))
		m.want(list("1/1 done"), m.by(p, on(OpLen, 1, 0)))
	})
	t.Run("before what follows", func(t *testing.T) {
		m := newMachine(t)
		c, ch := derived(m, 0), m.channel(0)
		p := m.spawn(c, ch)
		m.want(nil, m.by(p, recv(1, ch)))
		m.want(list("0 news [0.1=a]", "1 news [0.1=a]", "1/1 done v ok", "0/1 done"), m.do(end(c, "a"), send(1, ch, "v")))
	})
	t.Run("forgotten", func(t *testing.T) {
		m := newMachine(t)
		c := derived(m, 0)
		p := m.spawn(c)
		m.by(p, on(OpForget, 0, c))
		m.want(list("0 news [0.1=a]"), m.do(end(c, "a")))
	})
	t.Run("asleep", func(t *testing.T) {
		m := newMachine(t)
		c := derived(m, 0)
		p := m.spawn(c)
		m.want(nil, texts(m.send(0, idle)))
		m.want(list("0 news [0.1=a]", "1 news [0.1=a]"), texts(m.send(p, idle, end(c, "a")))) // not a deadlock: both have news
		m.want(nil, texts(m.send(0, idle)))
		m.want(list("0 kill", "1 kill", "exit 2 "+allAsleep), texts(m.send(p, idle)))
	})
	t.Run("garbage", func(t *testing.T) {
		m := newMachine(t)
		root := derived(m, 0)
		p := m.spawn(root)
		for n := uint32(1); n <= 2*collectAfter; n++ { // each is dropped by its only knower
			leaf := NewObjectID(p, n)
			m.by(p, Op{Kind: OpShare, Object: leaf, Share: &Share{Kind: KindContext, Parent: root}}, on(OpForget, 0, leaf))
		}
		if n := len(m.x.objects); n > collectAfter {
			t.Errorf("%d objects are left", n)
		}
		if c, _ := find[*context](m.x, root); len(c.children) >= len(m.x.objects) {
			t.Errorf("the root has %d children", len(c.children))
		}
		m.want(list("0 news [0.1=a]", "1 news [0.1=a]"), m.do(end(root, "a")))
	})
	t.Run("impossible", func(t *testing.T) {
		m := newMachine(t)
		ch := m.channel(0)
		m.want(list("exit 2 fatal error: harkgen: process 0, step 2: operation 0 (kind 11): no such object"), m.do(end(ch, "a"))[1:])
		m = newMachine(t)
		m.want(list("exit 2 fatal error: harkgen: process 0, step 1: operation 0 (kind 1): no such object"),
			m.do(Op{Kind: OpShare, Object: NewObjectID(0, 1), Share: &Share{Kind: KindContext, Parent: ch}})[1:])
	})
}
