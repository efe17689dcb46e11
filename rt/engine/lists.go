// This file defines the lists of the scheduler.

package engine

import (
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
)

// A fifo is a queue of processes.
type fifo struct {
	list []exchange.ProcessID
	head int
}

func (q *fifo) len() int { return len(q.list) - q.head }

func (q *fifo) push(p exchange.ProcessID) { q.list = append(q.list, p) }

func (q *fifo) pop() exchange.ProcessID {
	p := q.list[q.head]
	q.head++
	if q.head > 1024 && q.head > len(q.list)/2 {
		q.list = append(q.list[:0:0], q.list[q.head:]...)
		q.head = 0
	}
	return p
}

// An idleList has the loaded processes that have nothing to do, those first that were idle first.
type idleList struct {
	first, last *Task
	leaving     int // tasks that were told to unload, and have not stopped yet
}

func (l *idleList) add(t *Task) {
	if t.idle || t.unload {
		return
	}
	t.idle, t.since = true, time.Now()
	t.next, t.prev = nil, l.last
	if l.last != nil {
		l.last.next = t
	} else {
		l.first = t
	}
	l.last = t
}

func (l *idleList) remove(t *Task) {
	if !t.idle {
		return
	}
	t.idle = false
	if t.prev != nil {
		t.prev.next = t.next
	} else {
		l.first = t.next
	}
	if t.next != nil {
		t.next.prev = t.prev
	} else {
		l.last = t.prev
	}
}

// drop takes t out, and reports whether it was told to unload. That does not hold any more.
func (l *idleList) drop(t *Task) (told bool) {
	l.remove(t)
	if told = t.unload; told {
		t.unload = false
		l.leaving--
	}
	return told
}

// unload tells t to go.
func (l *idleList) unload(t *Task) {
	l.remove(t)
	t.unload = true
	l.leaving++
	t.signal()
}
