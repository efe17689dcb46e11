package snap

// This file defines what snap knows about channels. Their elements are read from the buffer, not received.

import (
	"reflect"
	"runtime"
	"unsafe"
)

// hchan mirrors runtime.hchan (runtime/chan.go) up to the wait queues.
type hchan struct {
	qcount   uint
	dataqsiz uint
	buf      unsafe.Pointer
	elemsize uint16
	closed   uint32
	timer    unsafe.Pointer
	elemtype unsafe.Pointer
	sendx    uint
	recvx    uint
	recvq    [2]unsafe.Pointer
	sendq    [2]unsafe.Pointer
	bubble   unsafe.Pointer
}

func init() {
	type sample struct {
		a int64
		p *int
	}
	ch := make(chan sample, 3)
	x := new(int)
	for range 3 {
		ch <- sample{7, x}
		<-ch
	}
	ch <- sample{1, nil}
	ch <- sample{2, x}
	close(ch)
	c := *(**hchan)(unsafe.Pointer(&ch))
	second := (*sample)(c.slot(1))
	ok := c.qcount == 2 && c.dataqsiz == 3 && c.elemsize == uint16(unsafe.Sizeof(sample{})) && c.closed == 1 &&
		c.timer == nil && c.elemtype == descOf(reflect.TypeFor[sample]()) && c.recvx == 0 && c.sendx == 2 &&
		c.recvq[0] == nil && c.sendq[0] == nil && c.bubble == nil && second.a == 2 && second.p == x
	if !ok {
		panic("snap: this Go runtime (" + runtime.Version() + ") lays out channels in an unknown way")
	}
}

// slot returns the address of the i-th element to be received.
func (c *hchan) slot(i int) unsafe.Pointer {
	return unsafe.Add(c.buf, uintptr((c.recvx+uint(i))%c.dataqsiz)*uintptr(c.elemsize))
}

// chanNode records the channel q, found at a reference o.
func (s *scanner) chanNode(q unsafe.Pointer, o *op) {
	elem, n := o.target()
	if h := s.heapHead(q); h != nil {
		if i := s.find(*h, uintptr(q), uintptr(q)+1); i != 0 {
			return
		}
	}
	c := (*hchan)(q)
	switch {
	case c.recvq[0] != nil || c.sendq[0] != nil:
		s.bailTo(q, o.typ, "a goroutine that is not compiled waits on this channel")
	case c.bubble != nil:
		s.bailTo(q, o.typ, "the channel belongs to a testing/synctest bubble")
	}
	if c.timer != nil {
		s.timerNode(unsafe.Pointer(timerOf(c)))
	}
	s.node(q, channel, elem, 0)
	// A channel of arrays: count tells how many elements of prog are sent at once.
	if h := s.heapHead(q); h != nil && n != 1 {
		s.regs.at(s.find(*h, uintptr(q), uintptr(q)+1)).count = n
	}
}

func (s *scanner) scanChan(r *region) {
	if len(r.prog().refs) == 0 {
		return
	}
	c := (*hchan)(r.ptr())
	for s.element = range int(c.qcount) {
		s.refs(c.slot(s.element), r.prog(), r.count)
	}
}
