package rt

import "unsafe"

// This file defines the channel operations, and what the quiet point must know about a channel.
//
// Channels are Go's own. An operation tries without blocking, then parks in a native select that also listens to
// the goroutine's stop channel.

// Recv is <-ch.
func Recv[T any](g *G, ch <-chan T) T {
	v, _ := Recv2(g, ch)
	return v
}

// Recv2 is v, ok := <-ch.
func Recv2[T any](g *G, ch <-chan T) (v T, ok bool) {
	if w := word.Load(); w != 0 {
		if t := g.chanThing(ch); t != nil {
			return recvShared[T](g, t)
		}
		if g.before() {
			g.Concede(Recving(ch))
			return
		}
	}
	select {
	case v, ok = <-ch:
		return
	default:
	}
	g.Park()
	if g.Pinned() {
		g.Block(Recving(ch))
	}
	select {
	case v, ok = <-ch:
	case <-g.Stop():
		g.Concede(Recving(ch))
	}
	g.Unpark()
	return
}

// Send is ch <- v.
func Send[T any](g *G, ch chan<- T, v T) {
	if w := word.Load(); w != 0 {
		if t := g.chanThing(ch); t != nil {
			sendShared(g, t, v)
			return
		}
		if g.before() {
			g.Concede(Sending(ch))
			return
		}
	}
	select {
	case ch <- v:
		return
	default:
	}
	g.Park()
	if g.Pinned() {
		g.Block(Sending(ch))
	}
	select {
	case ch <- v:
	case <-g.Stop():
		g.Concede(Sending(ch))
	}
	g.Unpark()
}

// hchan mirrors the beginning of runtime.hchan. checkLayout (check.go) verifies it in this process.
type hchan struct {
	qcount   uint           // elements in the buffer
	dataqsiz uint           // capacity
	_        unsafe.Pointer // buffer
	_        uint16         // element size
	closed   uint32
	timer    unsafe.Pointer // native timer that feeds the channel
	_        unsafe.Pointer // element type
	_, _     uint           // indices in the buffer
	recvq    waitq
	sendq    waitq
}

// waitq mirrors runtime.waitq: the first and the last of the native goroutines that wait.
type waitq [2]unsafe.Pointer

// chanOf returns the channel in an interface value, which holds it as a pointer.
func chanOf(ch any) *hchan { return (*hchan)(dataOf(ch)) }

// dataOf returns the pointer in an interface value of a pointer-shaped type.
func dataOf(v any) unsafe.Pointer {
	return (*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1]
}
