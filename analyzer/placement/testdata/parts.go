// Parts of slices that may have elements in common.
package main

import (
	"sort"
	"sync"
)

func main() {
	overlapping(make([]int, 10))
	twoSizes(make([]int, 10))
	growing(make([]int, 10))
	appended(make([]int, 10))
	extended(make([]int, 10))
	beside(make([]int, 10))
	notWaited(make([]int, 10))
	twice(make([]int, 10))
	stillTooFar(make([]int, 10))
	changed(make([]int, 10))
	narrow(make([]int, 10))
	oneMore(make([]int, 10))
	moved(make([]int, 10))
	pastEnd(make([]int, 10))
	windows(make([]int, 10), 3)
	windows(make([]int, 10), 4)
}

const size = 2

func overlapping(xs []int) {
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() { sort.Ints(xs[i*size : (i+1)*size+1]) }) // local: 33 is passed .*, 33 is passed
	}
	wg.Wait()
}

func twoSizes(xs []int) {
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() { sort.Ints(xs[i*2 : (i+1)*3]) }) // local: 41 is passed .*, 41 is passed
	}
	wg.Wait()
}

func growing(xs []int) {
	var wg sync.WaitGroup
	n := 3
	for i := range 2 {
		part := xs[i*n : (i+1)*n]
		wg.Go(func() { sort.Ints(part) }) // local: 51 is passed .*, 51 is passed
		n--
	}
	wg.Wait()
}

func appended(xs []int) {
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() { _ = append(xs[i*size:(i+1)*size], 1) }) // local: 60 is appended to, 60 is appended to
	}
	wg.Wait()
}

func extended(xs []int) {
	var wg sync.WaitGroup
	for i := range 3 {
		part := xs[i*size : (i+1)*size]
		wg.Go(func() { part[:cap(part)][2] = 1 }) // local: 69 is assigned, 69 is assigned
	}
	wg.Wait()
}

func beside(xs []int) {
	var wg sync.WaitGroup
	for i := range 3 {
		part := xs[i*size : (i+1)*size]
		wg.Go(func() { part[0] = xs[2] }) // local: 78 is (read|assigned), 78 is (read|assigned)
	}
	wg.Wait()
}

func notWaited(xs []int) {
	for i := range 3 {
		go func() { sort.Ints(xs[i*size : (i+1)*size]) }() // local: 85 is passed .*, 87 is passed
	}
	sort.Ints(xs)
}

func twice(xs []int) {
	for range 2 {
		for i := range 3 {
			go func() { sort.Ints(xs[i*size : (i+1)*size]) }() // local: 93 is passed .*, 93 is passed
		}
	}
}

func stillTooFar(xs []int) {
	var wg sync.WaitGroup
	for lo := 0; lo < len(xs); lo += 2 {
		wg.Go(func() { sort.Ints(xs[lo:min(lo+3, len(xs))]) }) // local: 101 is passed .*, 101 is passed
	}
	wg.Wait()
}

func changed(xs []int) {
	var wg sync.WaitGroup
	for lo := 0; lo < len(xs); lo += 4 {
		lo -= 2
		wg.Go(func() { sort.Ints(xs[lo:min(lo+4, len(xs))]) }) // local: 110 is passed .*, 110 is passed
	}
	wg.Wait()
}

func narrow(xs []int) {
	var wg sync.WaitGroup
	for i := range uint8(3) {
		wg.Go(func() { sort.Ints(xs[i*2 : (i+1)*2]) }) // local: 118 is passed .*, 118 is passed
	}
	wg.Wait()
}

func oneMore(xs []int) {
	m, done := len(xs)/2, make(chan bool)
	go func() { // local: 126 is passed .*, 129 is passed
		sort.Ints(xs[:m+1])
		close(done)
	}()
	sort.Ints(xs[m:])
	<-done
}

func moved(xs []int) {
	m, done := len(xs)/2, make(chan bool)
	part := xs[:m]
	go func() { // local: 137 is passed .*, 141 is passed
		sort.Ints(part)
		close(done)
	}()
	m--
	sort.Ints(xs[m:])
	<-done
}

func pastEnd(xs []int) {
	m, done := len(xs)/2, make(chan bool)
	go func() { // local: 148 is appended to, 151 is passed
		_ = append(xs[:m], 1)
		close(done)
	}()
	sort.Ints(xs[m:])
	<-done
}

func windows(xs []int, m int) {
	go func() { // local: 157 is passed .*, (157|159) is passed
		sort.Ints(xs[:m])
	}()
	sort.Ints(xs[m:])
}
