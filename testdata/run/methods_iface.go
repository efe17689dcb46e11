// Covers: calls through interfaces where some implementations suspend and others do not.

package main

import (
	"errors"
	"fmt"
)

type shape interface {
	area() float64
	scale(f float64) shape
}

type square struct{ a float64 }

func (s square) area() float64         { return s.a * s.a }
func (s square) scale(f float64) shape { return square{s.a * f} }

type remote struct {
	req  chan float64
	resp chan float64
}

func newRemote(a float64) *remote {
	r := &remote{make(chan float64), make(chan float64)}
	go func() {
		for f := range r.req {
			a *= f
			r.resp <- a
		}
	}()
	return r
}

func (r *remote) area() float64 {
	r.req <- 1
	return <-r.resp
}

func (r *remote) scale(f float64) shape {
	r.req <- f * f
	<-r.resp
	return r
}

type store interface {
	get(k string) (string, error)
}

type mem map[string]string

func (m mem) get(k string) (string, error) {
	if v, ok := m[k]; ok {
		return v, nil
	}
	return "", errors.New("no " + k)
}

type slow struct{ store }

func (s slow) get(k string) (v string, err error) {
	done := make(chan bool)
	go func() {
		v, err = s.store.get(k)
		close(done)
	}()
	<-done
	return
}

func main() {
	shapes := []shape{square{2}, newRemote(5), square{3}.scale(2)}
	total := 0.0
	for _, s := range shapes {
		total += s.area() + s.scale(2).area()
	}
	fmt.Println(total)
	for _, s := range []store{mem{"a": "1"}, slow{mem{"a": "2"}}, slow{slow{mem{}}}} {
		fmt.Println(s.get("a"))
	}
	var s shape
	defer func() { fmt.Println(recover() != nil) }()
	s.area()
}
