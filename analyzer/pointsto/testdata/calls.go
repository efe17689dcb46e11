// Interfaces, func values, generics, methods, go and defer statements, calls that initialisers make.
package main

import "sync"

type shape interface{ owner() *string }

type square struct{ name *string }

func (s *square) owner() *string { return s.name }

type circle struct{ name string }

func (c *circle) owner() *string { return &c.name }

var a, b = made(1), made(2)

// made is analysed once for each call of an initialiser, up to a depth.
func made(n int) *square {
	if n == 0 {
		return nil
	}
	return &square{name: new(string)}
}

func keep[T any](list *[]T, v T) T {
	*list = append(*list, v)
	return (*list)[0]
}

func main() {
	print(a) // want "complit:23"
	shapes := []shape{&circle{}, a}
	for _, s := range shapes {
		print(s.owner()) // want "complit:33 new:23"
	}
	var names []*string
	name := "a"
	print(keep(&names, &name)) // want "name:38"
	get := a.owner
	print(get()) // want "new:23"

	var wg sync.WaitGroup
	results := make([]*string, 2)
	for i := range results {
		wg.Add(1)
		go func(s shape) {
			defer wg.Done()
			results[i] = s.owner()
			print(results) // want "makeslice:44"
			print(s)       // want "complit:33"
			print(&wg)     // want "wg:43"
		}(shapes[0].(*circle))
	}
	wg.Wait()
	print(results[0]) // want "complit:33"
}
