// Variables, allocations, containers, closures, fields.
package main

type node struct {
	next *node
	data *int
}

var head = &node{} // the value of head is a complit

var count int

func main() {
	print(&count) // want "main.count"
	print(head)   // want "complit:9"

	x, y := new(int), new(int)
	print(x, y) // want "new:17" "new:17"
	var p *int
	if count > 0 {
		p = x
	} else {
		p = &count
	}
	print(p) // want "main.count new:17"

	n := &node{data: x}
	n.next = head
	print(n.data) // want "local:31 new:17" (flow does not matter)
	print(n.next) // want "complit:9"
	var local int
	n.data = &local
	print(n.data)        // want "local:31 new:17"
	print(head.next)     // want "complit:35"
	head.next = &node{}  // only this one
	print(n.next.next)   // want "complit:35"
	print(&n.next, head) // want "complit:27" "complit:9"

	ints := []*int{x}
	more := append(ints, y)
	print(ints[0]) // want "new:17"
	print(more)    // want "append:40 slicelit:39"
	m := map[string]*int{"y": y}
	print(m)      // want "makemap:43"
	print(m["y"]) // want "new:17"
	for _, v := range m {
		print(v) // want "new:17"
	}
	c := make(chan *int, 1)
	c <- &local
	print(c, <-c) // want "makechan:49" "local:31"
	select {
	case v := <-c:
		print(v) // want "local:31"
	default:
	}

	f := func() *int { return &local }
	print(f())          // want "local:31"
	print(same(&local)) // want "local:31 main.count"
	print(same(&count)) // want "local:31 main.count"
	var i any = n
	print(i.(*node)) // want "complit:27"

	defer func() {
		print(recover().(*int)) // want "new:17"
	}()
	panic(x)
}

// same has one result for all calls: the analysis is insensitive to context.
func same(p *int) *int { return p }
