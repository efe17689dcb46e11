// Races, or what may be one for all that is known.
package main

import (
	"fmt"
	"sync"
	"time"
)

func main() {
	counter()
	shared()
	after()
	spin()
	overlap([]int{1, 2, 3, 4})
	twoLocks()
	early(3)
	doneFirst(3)
	sent()
	addInside()
	reuse(3)
	sameElement(3)
	loopTwice(3)
	readers()
	global()
	kept()
	lateChannel()
	oldOne()
	stored()
	deferred()
	conditional(true)
	recovered(3)
	more()
}

func counter() {
	n := 0
	var wg sync.WaitGroup
	for range 2 {
		wg.Add(1)
		go func() { // local: variable n made at 37: 43 is (read|assigned), 43 is (read|assigned)
			defer wg.Done()
			n++
		}()
	}
	wg.Wait()
	fmt.Println(n)
}

func shared() {
	m := map[string]int{}
	go func() { m["a"] = 1 }() // local: a map made at 51: 52 is written, 53 is written
	m["b"] = 2
}

func after() {
	x, done := 1, make(chan bool)
	go func() { // local: variable x made at 57: 59 is read, 62 is assigned
		fmt.Println(x)
		done <- true
	}()
	x = 2
	<-done
}

func spin() {
	var stop bool
	go func() { // local: variable stop made at 67: 69 is assigned, 71 is read
		stop = true
	}()
	for !stop {
		time.Sleep(1)
	}
}

func overlap(xs []int) {
	var wg sync.WaitGroup
	for i := 1; i < len(xs); i++ {
		wg.Go(func() { xs[i-1] = xs[i] }) // local: a slice made at 15: 79 is (read|assigned), 79 is (read|assigned)
	}
	wg.Wait()
}

func twoLocks() {
	var a, b sync.Mutex
	n := 0
	go func() { // local: variable n made at 86: 89 is assigned, 93 is read
		a.Lock()
		n = 1
		a.Unlock()
	}()
	b.Lock()
	fmt.Println(n)
	b.Unlock()
}

func early(n int) {
	results := make([]int, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		go func() { // local: a slice made at 98: 104 is assigned, 107 is read
			defer wg.Done()
			results[i] = i
		}()
	}
	fmt.Println(results[0])
	wg.Wait()
}

func doneFirst(n int) {
	results := make([]int, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		go func() { // local: a slice made at 112: 118 is assigned, 122 is read
			wg.Done()
			results[i] = i
		}()
	}
	wg.Wait()
	fmt.Println(results[0])
}

type job struct{ n int }

func sent() {
	jobs := make(chan *job)
	go func() { // local: a value of type job made at 135: 131 is (read|assigned), 137 is assigned
		for j := range jobs {
			j.n++
		}
	}()
	for range 3 {
		j := &job{1}
		jobs <- j
		j.n = 2
	}
}

func addInside() {
	n := 0
	var wg sync.WaitGroup
	go func() { // local: variable n made at 142: 147 is assigned, 150 is read
		wg.Add(1)
		defer wg.Done()
		n = 1
	}()
	wg.Wait()
	fmt.Println(n)
}

func reuse(n int) {
	results := make([]int, n)
	for range 2 {
		for i := range n {
			go func() { results[i]++ }() // local: a slice made at 154: 157 is (read|assigned), 157 is (read|assigned)
		}
	}
}

func sameElement(n int) {
	results := make([]int, n)
	k := n - 1
	for range n {
		go func() { results[k]++ }() // local: a slice made at 163: 166 is (read|assigned), 166 is (read|assigned)
	}
}

func loopTwice(n int) {
	results := make([]int, n)
	i := 0
	for range n {
		for range 2 {
			go func(i int) { results[i]++ }(i) // local: a slice made at 171: 175 is (read|assigned), 175 is (read|assigned)
		}
		i++
	}
}

func readers() {
	var mu sync.RWMutex
	n := 0
	for range 2 {
		go func() { // local: variable n made at 183: 187 is (read|assigned), 187 is (read|assigned)
			mu.RLock()
			n++
			mu.RUnlock()
		}()
	}
}

var total int

func global() {
	go func() { total++ }() // local: variable total made at 193: 196 is (read|assigned), 197 is read
	fmt.Println(total)
}

var last *job

func kept() {
	j := &job{1}
	last = j
	go func() { fmt.Println(j.n) }() // local: a value of type job made at 203: 205 is read, 206 is (read|assigned)
	last.n++
}

func lateChannel() {
	n, done := 0, make(chan bool)
	go func() { // local: variable n made at 210: 213 is assigned, 216 is read
		close(done)
		n = 1
	}()
	<-done
	fmt.Println(n)
}

func oldOne() {
	var all []*job
	for range 3 {
		j := &job{1}
		all = append(all, j)
		go func() { j.n++ }() // local: a value of type job made at 222: 224 is (read|assigned), 225 is (read|assigned)
		all[0].n++
	}
}

func stored() {
	var fns []func()
	n := 0
	fns = append(fns, func() { n++ })
	go fns[0]() // local: variable n made at 231: 232 is (read|assigned), 234 is (read|assigned)
	n++
}

func deferred() {
	n := 0
	var wg sync.WaitGroup
	wg.Add(1)
	go func() { // local: variable n made at 238: 242 is (read|assigned), 246 is read
		defer func() { n++ }()
		defer wg.Done()
	}()
	wg.Wait()
	fmt.Println(n)
}

func conditional(wait bool) {
	n := 0
	var wg sync.WaitGroup
	wg.Add(1)
	go func() { // local: variable n made at 250: 255 is (read|assigned), 260 is read
		defer wg.Done()
		n++
	}()
	if wait {
		wg.Wait()
	}
	fmt.Println(n)
}

func recovered(k int) {
	n := make([]int, 1)
	func() {
		defer func() { recover() }()
		var wg sync.WaitGroup
		wg.Add(1)
		go func() { // local: a slice made at 264: 271 is (read|assigned), 276 is read
			defer wg.Done()
			n[0]++
		}()
		fmt.Println(1 / k)
		wg.Wait()
	}()
	fmt.Println(n[0])
}

func aliased() {
	n := 0
	var a, b sync.Mutex
	mu := &a
	go func() { // local: variable n made at 280: 285 is (read|assigned), 290 is (read|assigned)
		mu.Lock()
		n++
		mu.Unlock()
	}()
	mu = &b
	mu.Lock()
	n++
	mu.Unlock()
}

type table struct {
	mu sync.Mutex
	m  map[int]string
}

func newTable() *table { return &table{m: map[int]string{}} }

func (t *table) set() {
	t.mu.Lock()
	t.m[0] = ""
	t.mu.Unlock()
}

func copied() {
	a, b := newTable(), newTable()
	b.m = a.m
	go a.set() // local: a map made at 299: 303 is written, 303 is written
	b.set()
}

func published() {
	var mu sync.Mutex
	var p *job
	go func() { // local: a value of type job made at 326: 322 is assigned, 328 is assigned
		mu.Lock()
		q := p
		mu.Unlock()
		if q != nil {
			q.n++ // here
		}
	}()
	mu.Lock()
	p = &job{}
	mu.Unlock()
	p.n = 1
}

type holder struct{ j *job }

func filledLate() {
	h, ch := &holder{}, make(chan *holder, 1)
	var mu sync.Mutex
	go func() { // local: a value of type job made at 347: 342 is assigned, 349 is assigned
		x := <-ch
		mu.Lock()
		j := x.j
		mu.Unlock()
		if j != nil {
			j.n++ // late
		}
	}()
	ch <- h
	mu.Lock()
	h.j = &job{n: 1}
	mu.Unlock()
	h.j.n = 2
}

func more() {
	aliased()
	copied()
	published()
	filledLate()
	twoSenders()
	senderHere()
	oneSends()
	tooFew(3)
	notEach(3)
	another(3)
	takenAway(3)
}

var level = 1

func look(done chan int) {
	fmt.Println(level)
	done <- 0
}

func twoSenders() {
	done := make(chan int, 2)
	go look(done) // local: variable level made at 366: 369 is read, 378 is assigned
	go look(done) // local: variable level made at 366: 369 is read, 378 is assigned
	<-done
	level = 2
}

func senderHere() {
	done := make(chan int, 2)
	go look(done) // local: variable level made at 366: 369 is read, 386 is assigned
	look(done)
	<-done
	level = 2
}

func oneSends() {
	done := make(chan int, 2)
	f := func() {
		fmt.Println(level)
		done <- 0
	}
	go f() // local: variable level made at 366: 392 is read, 398 is assigned
	f()
	<-done
	level = 2
}

func tooFew(n int) {
	sums, done := make([]int, n), make(chan bool, n)
	for i := range n {
		go func() { // local: a slice made at 402: 405 is assigned, 412 is read
			sums[i] = i
			done <- true
		}()
	}
	for range n - 1 {
		<-done
	}
	fmt.Println(sums[0])
}

func notEach(n int) {
	sums, done := make([]int, n), make(chan bool, n)
	for i := range n {
		go func() { // local: a slice made at 416: 419 is assigned, 428 is read
			sums[i] = i
			done <- true
		}()
	}
	for i := range n {
		if i > 0 {
			<-done
		}
	}
	fmt.Println(sums[0])
}

func another(n int) {
	sums, done := make([]int, n), make(chan bool, 2*n)
	for i := range n {
		go func() { // local: a slice made at 432: 435 is assigned, 443 is read
			sums[i] = i
			done <- true
			done <- false
		}()
	}
	for range n {
		<-done
	}
	fmt.Println(sums[0])
}

func takenAway(n int) {
	sums, done := make([]int, n), make(chan bool, n)
	for i := range n {
		go func() { // local: a slice made at 447: 450 is assigned, 457 is read
			sums[i] = i
			done <- true
		}()
	}
	for n = 1; n > 0; n-- {
		<-done
	}
	fmt.Println(sums[0])
}
