// Covers: unique.Handle over a restore: of strings, structs with handles inside, local, generic and unexported types, as map keys; netip.Addr, whose handle nobody can name.
package main

import (
	"fmt"
	"net/netip"
	"unique"
)

type point struct{ x, y int }

type label struct {
	name  unique.Handle[string]
	value any
}

type box[T comparable] struct{ h unique.Handle[T] }

func makeBox[T comparable](v T) box[T] { return box[T]{unique.Make(v)} }

// wait is a point where the program may be saved and restored.
func wait() {
	c := make(chan int)
	go func() { c <- 1 }()
	<-c
}

func main() {
	type local struct{ s string }
	a, b := unique.Make("some text"), unique.Make(point{1, 2})
	l := unique.Make(label{unique.Make("inner"), unique.Make(3.5)})
	loc := unique.Make(local{"here"})
	bx, none := makeBox([2]string{"p", "q"}), unique.Make(struct{}{})
	seen := map[unique.Handle[string]]int{a: 1, unique.Make("other"): 2}
	var zero unique.Handle[string]
	boxed := []any{a, b, l}
	addr := netip.MustParseAddr("192.0.2.7")
	addr6 := netip.MustParseAddr("2001:db8::1")
	zone := netip.MustParseAddr("fe80::1%eth0")
	ap := netip.MustParseAddrPort("[::1]:80")
	prefix := netip.MustParsePrefix("10.0.0.0/8")
	hosts := map[netip.Addr]string{addr: "four", addr6: "six", zone: "zone", {}: "none"}
	for i := range 3 {
		wait()
		fmt.Println(i, a == unique.Make("some text"), a.Value(), b == unique.Make(point{1, 2}), b.Value())
		fmt.Println(l == unique.Make(label{unique.Make("inner"), unique.Make(3.5)}), l.Value().name.Value(), l.Value().value.(unique.Handle[float64]).Value())
		fmt.Println(loc == unique.Make(local{"here"}), bx == makeBox([2]string{"p", "q"}), none == unique.Make(struct{}{}))
		fmt.Println(seen[a], seen[unique.Make("some text")], seen[unique.Make("other")], zero == unique.Handle[string]{}, a == zero)
		fmt.Println(boxed[0] == any(unique.Make("some text")), boxed[1] == any(b), boxed[2] == any(l))
		fmt.Println(addr == netip.MustParseAddr("192.0.2.7"), addr, addr.Is4(), addr6 == netip.MustParseAddr("2001:db8::1"), addr6.Is6(), zone.Zone(), zone == netip.MustParseAddr("fe80::1%eth0"))
		fmt.Println(ap == netip.MustParseAddrPort("[::1]:80"), ap, prefix.Contains(netip.MustParseAddr("10.1.2.3")), len(hosts))
		fmt.Println(hosts[netip.MustParseAddr("192.0.2.7")], hosts[addr6], hosts[netip.MustParseAddr("fe80::1%eth0")], hosts[netip.Addr{}])
	}
}
