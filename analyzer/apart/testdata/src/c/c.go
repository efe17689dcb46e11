// Package c has functions of another package between the accesses.
package c

import "b"

func computed() int {
	n := 0
	go func() { n = b.Compute() }() //hark:go remote // want `variable n \(c.go:7:2\) is assigned in it`
	b.Compute()
	return n
}

func waited() int {
	n := 0
	go func() { n = b.Compute() }() //hark:go remote
	b.Wait()
	return n
}

func called(f func()) int {
	n := 0
	go func() { n = 1 }() //hark:go remote
	b.Call(f)
	return n
}
