package b

import "time"

// A Queue waits.
type Queue struct{ c chan int }

func (q *Queue) Take() int { return <-q.c }

func Pause() { time.Sleep(1) }

func Plain() int { return 1 }

// Each calls f.
func Each[T any](xs []T, f func(T)) {
	for _, x := range xs {
		f(x)
	}
}

// A Taker may wait.
type Taker interface{ Take() int }

func Two(t Taker) int { return t.Take() + t.Take() }

type plain struct{}

func (plain) Take() int { return 1 }

// New never waits.
func New() Taker { return plain{} }

// Handler is called by others only.
func Call(f func()) { f() }
