package exchange

// This file drops objects that no process can use any more.

// A collector says when to look for garbage. What it counts is part of the state, so that all copies look at the same time.
type collector struct {
	events uint64 // objects made and references lost, since the last time
	cost   uint64 // what the last time has cost, in objects and values visited
}

// collectAfter is the least number of events between two looks.
const collectAfter = 256

// collect drops objects that no live process knows and that no value leads to. Its cost is spread over the events since the last time.
func (x *Exchange) collect() { // rule: garbage
	if x.garbage.events < collectAfter+x.garbage.cost {
		return
	}
	m := marker{x: x}
	for _, o := range x.objects {
		if o.head().knower > 0 {
			m.mark(o)
		}
	}
	for _, w := range x.waits {
		m.waiter(w)
	}
	for len(m.todo) > 0 {
		o := m.todo[len(m.todo)-1]
		m.todo = m.todo[:len(m.todo)-1]
		o.refs(m.value)
	}
	for id, o := range x.objects {
		m.cost++
		if !o.head().marked {
			if c, ok := o.(*context); ok {
				x.dropContext(c)
			}
			delete(x.objects, id)
		}
		o.head().marked = false
	}
	x.garbage = collector{cost: m.cost}
}

// A marker finds what is in use.
type marker struct {
	x    *Exchange
	todo []object
	cost uint64
}

func (m *marker) mark(o object) {
	if o != nil && !o.head().marked {
		o.head().marked = true
		m.todo = append(m.todo, o)
	}
}

func (m *marker) value(v *Value) {
	m.cost += 1 + uint64(len(v.Refs))
	for _, id := range v.Refs {
		m.mark(m.x.objects[id])
	}
}

// waiter marks what an operation that waits uses, and the values it sends.
func (m *marker) waiter(w *waiter) {
	m.cost++
	m.mark(m.x.objects[w.op.Object])
	m.mark(m.x.objects[w.op.Lock])
	for i := range w.op.Cases {
		m.mark(m.x.objects[w.op.Cases[i].Channel])
		m.value(&w.op.Cases[i].Value)
	}
}
