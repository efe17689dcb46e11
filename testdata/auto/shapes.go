// Covers: The shapes that come most often, as they are written most often, are distributed by -placement auto.
package main

import (
	"bufio"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"
)

func main() {
	pool()
	fmt.Println(results(3), groupGo(3), semaphore(3))
	total := 0
	for n := range merge(square(generate(2, 3)), square(generate(4))) {
		total += n
	}
	fmt.Println(total)
	fan()
	guarded()
	counting()
	sieve(5)
	pointers()
	fmt.Println(configured(), labels(), several())
	fmt.Println(inTwoPhases(4), tree(3))
	xs := make([]int, 16)
	for i := range xs {
		xs[i] = i
	}
	fmt.Println(counted(3), countedEach([]string{"a", "bc"}), countedFor(4))
	fmt.Println(parts(3), strides(make([]int, 10), 4), sorted([]string{"d", "c", "b", "a", "f", "e"}), halves(4), thirds([]int{3, 2, 1, 6, 5, 4}))
	out := make(chan int)
	go sum(xs, out) // remote
	fmt.Println(<-out, mergeSort([]int{3, 1, 2}), frequencies("a b a"), lists(3), lasting(2))
}

func work(id int, jobs <-chan int, results chan<- int) {
	for j := range jobs {
		results <- j * id
	}
}

func pool() {
	jobs, results := make(chan int, 10), make(chan int, 10)
	for w := range 3 {
		go work(w, jobs, results) // remote
	}
	for j := range 5 {
		jobs <- j
	}
	close(jobs)
	sum := 0
	for range 5 {
		sum += <-results % 2
	}
	fmt.Println(sum <= 5)
}

func f(i int) int { return i * i }

func results(n int) []int {
	results := make([]int, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		go func() { // remote
			defer wg.Done()
			results[i] = f(i)
		}()
	}
	wg.Wait()
	return results
}

func groupGo(n int) (out []string) {
	out = make([]string, n)
	var wg sync.WaitGroup
	for i := 0; i < n; i++ {
		wg.Go(func() { out[i] = fmt.Sprint(i) }) // remote
	}
	wg.Wait()
	return out
}

func semaphore(n int) []int {
	sem, results := make(chan struct{}, 2), make([]int, n)
	var wg sync.WaitGroup
	for i := 0; i < n; i++ {
		wg.Add(1)
		sem <- struct{}{}
		go func(i int) { // remote
			defer wg.Done()
			defer func() { <-sem }()
			results[i] = f(i)
		}(i)
	}
	wg.Wait()
	return results
}

func generate(nums ...int) <-chan int {
	out := make(chan int)
	go func() { // remote
		for _, n := range nums {
			out <- n
		}
		close(out)
	}()
	return out
}

func square(in <-chan int) <-chan int {
	out := make(chan int)
	go func() { // remote
		for n := range in {
			out <- n * n
		}
		close(out)
	}()
	return out
}

func merge(cs ...<-chan int) <-chan int {
	var wg sync.WaitGroup
	out := make(chan int)
	output := func(c <-chan int) {
		for n := range c {
			out <- n
		}
		wg.Done()
	}
	wg.Add(len(cs))
	for _, c := range cs {
		go output(c) // remote
	}
	go func() { // remote
		wg.Wait()
		close(out)
	}()
	return out
}

func fan() {
	a, b, quit := make(chan int), make(chan string), make(chan struct{})
	to := b
	go func() { // remote
		for i := 0; ; i++ {
			select {
			case a <- i:
			case <-quit:
				return
			}
		}
	}()
	go func() { // remote
		select {
		case to <- "b":
		case <-quit:
		}
	}()
	for next := 0; next < 3 || b != nil; {
		select {
		case v := <-a:
			if v != next {
				fmt.Println(v, next)
			}
			next++
		case v := <-b:
			fmt.Println(v)
			b = nil
		}
	}
	close(quit)
}

func guarded() {
	var mu sync.Mutex
	m := map[string]int{}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Add(1)
		go func() { // remote
			defer wg.Done()
			mu.Lock()
			defer mu.Unlock()
			m[fmt.Sprint(w)]++
		}()
	}
	wg.Wait()
	fmt.Println(m)
}

type counts struct {
	mu sync.Mutex
	m  map[string]int
	by []*entry
}

type entry struct{ who, n int }

func (c *counts) add(who int, key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m[key]++
	for _, e := range c.by {
		if e.who == who {
			e.n++
			return
		}
	}
	c.by = append(c.by, &entry{who, 1})
}

func counting() {
	c := &counts{m: map[string]int{}}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Add(1)
		go func() { // remote
			defer wg.Done()
			c.add(w, "key")
		}()
	}
	wg.Wait()
	fmt.Println(c.m, len(c.by), c.by[0].n)
}

func naturals(ch chan<- int) {
	for i := 2; ; i++ {
		ch <- i
	}
}

func filter(in <-chan int, out chan<- int, prime int) {
	for {
		if i := <-in; i%prime != 0 {
			out <- i
		}
	}
}

func sieve(n int) {
	ch := make(chan int)
	go naturals(ch) // remote
	for range n {
		prime := <-ch
		fmt.Println(prime)
		next := make(chan int)
		go filter(ch, next, prime) // remote
		ch = next
	}
}

func sum(xs []int, out chan<- int) {
	if len(xs) < 3 {
		s := 0
		for _, x := range xs {
			s += x
		}
		out <- s
		return
	}
	left, right := make(chan int), make(chan int)
	go sum(xs[:len(xs)/2], left)  // remote
	go sum(xs[len(xs)/2:], right) // remote
	out <- <-left + <-right
}

func mergeSort(xs []int) []int {
	if len(xs) < 2 {
		return xs
	}
	left := make(chan []int)
	go func() { left <- mergeSort(xs[:len(xs)/2]) }() // remote
	b := mergeSort(xs[len(xs)/2:])
	a, out := <-left, make([]int, 0, len(xs))
	for len(a) > 0 && len(b) > 0 {
		if a[0] < b[0] {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

type job struct{ in, out int }

func calculate(j *job) { j.out = j.in * j.in }

// pointers go from one goroutine to the next and back.
func pointers() {
	jobs, results := make(chan *job), make(chan *job)
	for range 2 {
		go func() { // remote
			for j := range jobs {
				calculate(j)
				results <- j
			}
		}()
	}
	go func() { // remote
		for i := range 4 {
			j := &job{in: i}
			jobs <- j
		}
		close(jobs)
	}()
	sum := 0
	for range 4 {
		j := <-results
		sum += j.out
	}
	fmt.Println("sum", sum)
}

// inTwoPhases waits for the first goroutines before the second ones read what they have written.
func inTwoPhases(n int) int {
	squares, sums := make([]int, n), make([]int, n)
	var wg sync.WaitGroup
	for i := range squares {
		wg.Add(1)
		go func() { // remote
			defer wg.Done()
			squares[i] = i * i
		}()
	}
	wg.Wait()
	for i := range sums {
		wg.Go(func() { // remote
			for _, x := range squares[:i+1] {
				sums[i] += x
			}
		})
	}
	wg.Wait()
	return sums[n-1]
}

type node struct {
	left, right *node
	size        int
}

// tree is built by goroutines that build subtrees, and waits for each.
func tree(depth int) int {
	var build func(depth int) *node
	build = func(depth int) *node {
		n := &node{size: 1}
		if depth == 0 {
			return n
		}
		done := make(chan *node)
		go func() { done <- build(depth - 1) }() // remote
		n.left = build(depth - 1)
		n.right = <-done
		n.size += n.left.size + n.right.size
		return n
	}
	return build(depth).size
}

type config struct{ n int }

func (c *config) set(n int) { c.n = n }

// configured changes memory before it starts the goroutine that reads it.
func configured() int {
	c := &config{}
	c.set(3)
	out := make(chan int)
	go func() { out <- c.n }() // remote
	return <-out
}

func double(n *int) { *n *= 2 }

func label(n int) string {
	var size int
	fmt.Sscan(fmt.Sprint(n), &size)
	double(&size)
	size /= 2
	var b strings.Builder
	for range size {
		b.WriteByte('x')
	}
	return b.String()
}

// labels uses a function in two goroutines that has memory of its own each time.
func labels() string {
	out := make(chan string)
	go func() { // remote
		words := bufio.NewScanner(strings.NewReader("a b c"))
		words.Split(bufio.ScanWords)
		n := 0
		for words.Scan() {
			n++
		}
		out <- label(n)
	}()
	return label(2) + <-out
}

type table struct {
	mu sync.RWMutex
	m  map[int]string
}

func newTable() *table { return &table{m: map[int]string{}} }

func (t *table) set(k int, v string) {
	t.mu.Lock()
	t.m[k] = v
	t.mu.Unlock()
}

func (t *table) len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.m)
}

// several has several structs with a lock each.
func several() int {
	var wg sync.WaitGroup
	a, b := newTable(), newTable()
	for i := range 3 {
		wg.Add(2)
		go func() { // remote
			defer wg.Done()
			a.set(i, "a")
		}()
		go func() { // remote
			defer wg.Done()
			b.set(a.len(), "b")
		}()
	}
	for a.len() < 3 {
		time.Sleep(time.Millisecond)
	}
	wg.Wait()
	return a.len()
}

func counted(n int) []int {
	squares, done := make([]int, n), make(chan bool)
	for i := range n {
		go func() { // remote
			squares[i] = f(i)
			done <- true
		}()
	}
	for range n {
		<-done
	}
	return squares
}

func countedEach(words []string) (total int) {
	lengths, errs := make([]int, len(words)), make(chan error, len(words))
	for i, w := range words {
		go func() { // remote
			lengths[i] = len(w)
			errs <- nil
		}()
	}
	for range lengths {
		if err := <-errs; err != nil {
			fmt.Println(err)
		}
	}
	for _, n := range lengths {
		total += n
	}
	return total
}

func countedFor(n int) (total int) {
	sums, done := make([]int, n), make(chan int)
	for i := 0; i < n; i++ {
		go func() { // remote
			sums[i] = f(i)
			done <- i
		}()
	}
	for i := 0; i < n; i++ {
		total += <-done
	}
	return total + sums[n-1]
}

func parts(n int) []int {
	all := make([]int, 4*n)
	size := len(all) / n
	done := make(chan bool)
	for i := range n {
		go fillPart(all[i*size:(i+1)*size], i, done) // remote
	}
	for range n {
		<-done
	}
	return all
}

func fillPart(part []int, with int, done chan<- bool) {
	for j := range part {
		part[j] = with * j
	}
	done <- true
}

func strides(all []int, size int) []int {
	var wg sync.WaitGroup
	for lo := 0; lo < len(all); lo += size {
		wg.Go(func() { // remote
			part := all[lo:min(lo+size, len(all))]
			for j := range part {
				part[j] += lo
			}
			copy(part, part[1:])
		})
	}
	wg.Wait()
	return all
}

func sorted(all []string) []string {
	var wg sync.WaitGroup
	for i := 0; i < 2; i++ {
		lo, hi := i*3, min((i+1)*3, len(all))
		part := all[lo:hi]
		wg.Add(1)
		go func() { // remote
			defer wg.Done()
			sort.Strings(part)
		}()
	}
	wg.Wait()
	return all
}

func halves(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = n - i
	}
	m, done := n/2, make(chan bool)
	go func() { // remote
		sort.Ints(all[:m])
		close(done)
	}()
	sort.Ints(all[m:])
	<-done
	return all
}

func thirds(all []int) []int {
	var wg sync.WaitGroup
	a, b := len(all)/3, 2*len(all)/3
	wg.Go(func() { sort.Ints(all[:a]) })  // remote
	wg.Go(func() { sort.Ints(all[a:b]) }) // remote
	wg.Wait()
	return all
}

// frequencies hands maps over.
func frequencies(text string) int {
	counts := make(chan map[string]int)
	for range 2 {
		go func() { counts <- frequency(text) }() // remote
	}
	sum := map[string]int{}
	for range 2 {
		m := <-counts
		delete(m, "b")
		for w, n := range m {
			sum[w] += n
		}
	}
	return sum["a"] + sum["b"]
}

func frequency(text string) map[string]int {
	freq := map[string]int{}
	for _, w := range strings.Fields(text) {
		freq[w]++
	}
	return freq
}

type link struct {
	n     int
	links []*link
}

// lists makes memory in each goroutine that is reached by other memory only.
func lists(n int) (sum int) {
	out := make(chan int)
	for i := range n {
		go func() { out <- measure(i) }() // remote
	}
	for range n {
		sum += <-out
	}
	return sum
}

func measure(n int) (length int) {
	var links []*link
	for i := range n {
		links = append(links, &link{i, links})
	}
	for range 2 {
		for _, at := range links {
			for _, before := range at.links {
				before.n++
			}
			length += at.n
		}
	}
	return length
}

// A holder knows a slice that somebody has made, but not who uses its elements.
type holder struct {
	mu   sync.Mutex
	last []int
}

func lasting(n int) int {
	h, out := &holder{}, make(chan int)
	go func() { out <- h.count(n) }() // remote
	sum := h.count(n) + <-out
	h.mu.Lock()
	defer h.mu.Unlock()
	return sum + len(h.last)
}

func (h *holder) count(n int) (sum int) {
	xs := make([]int, n)
	h.mu.Lock()
	h.last = xs
	h.mu.Unlock()
	for i := range xs {
		xs[i]++
		sum += xs[i]
	}
	return sum
}
