// Covers: select, labels, defer and closures in the body of a range over a generic method's iterator, in generic methods, all suspending.

package main

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"sync"
)

type number interface {
	~int | ~int64 | ~float64
}

type tree[K cmp.Ordered, V any] struct {
	left, right *tree[K, V]
	key         K
	val         V
}

func (t *tree[K, V]) put(k K, v V) *tree[K, V] {
	if t == nil {
		return &tree[K, V]{key: pass(k), val: v}
	}
	switch {
	case k < t.key:
		t.left = t.left.put(k, v)
	case k > t.key:
		t.right = t.right.put(k, v)
	default:
		t.val = pass(v)
	}
	return t
}

// all suspends before each element, and notes its end even if the loop is left.
func (t *tree[K, V]) all(ended *int) iter.Seq2[K, V] {
	var walk func(t *tree[K, V], yield func(K, V) bool) bool
	walk = func(t *tree[K, V], yield func(K, V) bool) bool {
		return t == nil || walk(t.left, yield) && yield(pass(t.key), pass(t.val)) && walk(t.right, yield)
	}
	return func(yield func(K, V) bool) {
		defer func() { *ended = pass(*ended + 1) }()
		walk(t, yield)
	}
}

func pass[T any](v T) T {
	c := make(chan T)
	go func() { c <- v }()
	return <-c
}

type server[K cmp.Ordered, V number] struct {
	*tree[K, V]
	mu   sync.Mutex
	reqs chan K
	stop chan struct{}
	log  []string
}

var errStop = errors.New("stop")

// serve has most of it: defers of the loop's function in the body, select in it, continue and break to labels, return out of two loops.
func (s *server[K, V]) serve(limit V) (sum V, err error) {
	ended := 0
	defer func() {
		s.log = append(s.log, fmt.Sprint("ended ", pass(ended), " ", err))
		if r := recover(); r != nil {
			err = fmt.Errorf("recovered %v", r)
		}
	}()
outer:
	for k, v := range s.all(&ended) {
		s.mu.Lock()
		defer func(k K) {
			s.mu.TryLock()
			s.log = append(s.log, fmt.Sprint("deferred ", pass(k)))
			s.mu.Unlock()
		}(pass(k))
		s.mu.Unlock()
		for k2 := range s.all(&ended) {
			select {
			case r := <-s.reqs:
				if r == k2 {
					continue outer
				}
			case <-s.stop:
				return sum, errStop
			default:
			}
			if k2 >= k {
				break
			}
		}
		switch sum += pass(v); {
		case sum > limit:
			break outer
		case sum == limit:
			panic(fmt.Sprint("limit at ", k))
		}
	}
	s.mu.Lock()
	s.log = append(s.log, "out")
	return sum, nil
}

func run[K cmp.Ordered, V number](keys []K, vals []V, limit V, req bool, stop bool) {
	s := &server[K, V]{reqs: make(chan K, 1), stop: make(chan struct{})}
	for i, k := range keys {
		s.tree = s.tree.put(k, vals[i])
	}
	if req {
		s.reqs <- keys[0]
	}
	if stop {
		close(s.stop)
	}
	serve := s.serve
	sum, err := pass(serve)(limit)
	fmt.Println(sum, err, errors.Is(err, errStop))
	fmt.Println(s.log)
}

func main() {
	run([]string{"b", "a", "c"}, []int{1, 2, 3}, 100, false, false)
	run([]int{5, 2, 9, 7}, []float64{0.5, 1.5, 2.5, 3.5}, 4, false, false)
	run([]string{"b", "a", "c"}, []int{1, 2, 3}, 3, false, false)
	run([]int{1, 2, 3}, []int64{1, 2, 3}, 50, true, false)
	run([]int{1, 2, 3}, []int64{1, 2, 3}, 50, false, true)
}
