package rt

import (
	"reflect"
	"sync"
	"testing"
)

type sumNode struct {
	mu   sync.Mutex
	next *sumNode
	m    map[string]*sumNode
	any  any
	list []float64
	f    func()
}

// TestContentSum: equal for what is the same, whatever the order of maps; another for any change of the program's memory, none for a lock.
func TestContentSum(t *testing.T) {
	userPackages["github.com/harkgen/harkgen/rt"] = true
	defer delete(userPackages, "github.com/harkgen/harkgen/rt")
	n := &sumNode{m: map[string]*sumNode{}, any: 1, list: []float64{1, 2}}
	n.next = &sumNode{next: n}
	for _, k := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		n.m[k] = &sumNode{next: n, any: k}
	}
	sum := func() uint64 { return contentSum(reflect.ValueOf(&n)) }
	was := sum()
	for range 20 {
		if sum() != was {
			t.Fatal("the sum depends on something else than the content")
		}
	}
	n.mu.Lock()
	if sum() != was {
		t.Error("a lock counts")
	}
	changes := map[string]func(){
		"element":   func() { n.list[0]++ },
		"length":    func() { n.list = n.list[:1] },
		"interface": func() { n.any = int8(1) },
		"map":       func() { n.m["b"].any = "x" },
		"key":       func() { delete(n.m, "a") },
		"pointer":   func() { n.next.next = nil },
		"func":      func() { n.f = func() {} },
	}
	for name, change := range changes {
		was := sum()
		if change(); sum() == was {
			t.Errorf("%s: the sum is as before", name)
		}
	}
}
