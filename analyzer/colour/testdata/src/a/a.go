package a

import (
	"b"
	"iter"
	"sort"
	"sync"
)

func static() { // want `calls b.Pause \(a.go:11:9\), which waits: sleep \(b/b.go:10:26\)`
	b.Pause() // want `may suspend`
}

func method(q *b.Queue) int { // want `calls \(\*b.Queue\).Take \(a.go:15:15\), which waits: chan receive \(b/b.go:8:37\)`
	return q.Take() // want `may suspend`
}

type embeds struct{ *b.Queue }

func promoted(e embeds) int { // want `calls b.Two`
	return b.Two(e) // want `may suspend`
}

func plain() int { return b.Plain() }

func instances(c chan int) {
	b.Each([]int{1}, func(int) {})
}

func suspending(c chan string) { // want `calls b.Each .*, which calls a.suspending\$1 \(b/b.go:17:4\), which waits: chan send`
	b.Each([]string{""}, func(s string) { c <- s }) // want `may suspend` `waits: chan send`
}

func unknown(f func(), t b.Taker) { // only callers tell
	f()
}

func notOurs() int {
	t := b.New()
	return t.Take()
}

func library(c chan int, xs []int) { // want `calls sort.Slice .*, which calls a.library\$1`
	sort.Slice(xs, func(i, j int) bool { return <-c > 0 }) // want `may suspend` `waits: chan receive`
}

func plainLibrary(xs []int) {
	sort.Ints(xs)
}

func once(o *sync.Once, c chan int) { // want `calls \(\*sync.Once\).Do`
	o.Do(func() { <-c }) // want `may suspend` `waits: chan receive`
}

func pull(s iter.Seq[int]) { // want `calls iter.Pull`
	next, stop := iter.Pull(s)
	next() // want `may suspend`
	stop() // want `may suspend`
}

func starts(c chan int) {
	go static() // want `may suspend`
}

func locks(m *sync.Mutex) { // want `waits: sync.Mutex.Lock`
	m.Lock() // want `may suspend`
}

var value = func(c chan int) { <-c } // want `waits: chan receive`

func generic[T any](c chan T) T { // want `waits: chan receive`
	return <-c
}

func usesGeneric() int { // want `calls a.generic`
	return generic(make(chan int)) // want `may suspend`
}
