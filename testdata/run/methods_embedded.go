// Covers: promoted suspending methods of embedded structs, pointers and interfaces, and shadowed ones.

package main

import "fmt"

type animal struct{ name string }

func (a *animal) rename(s string) {
	c := make(chan string, 1)
	c <- s
	a.name = <-c
}

func (a animal) hello() string {
	c := make(chan string, 1)
	c <- a.name
	return "I am " + <-c
}

type dog struct {
	animal
	age int
}

func (d dog) hello() string { return d.animal.hello() + ", a dog" }

type puppy struct {
	*dog
}

type speaker interface{ hello() string }

type loud struct {
	speaker
	n int
}

func (l loud) hello() string {
	s := ""
	for range l.n {
		s += l.speaker.hello() + "! "
	}
	return s
}

func main() {
	d := dog{animal{"Rex"}, 3}
	d.rename("Max")
	fmt.Println(d.hello(), "/", d.animal.hello())
	p := puppy{&d}
	p.rename("Bo")
	fmt.Println(p.hello(), d.name)
	for _, s := range []speaker{d, &d, p, &p, d.animal, loud{p, 2}, loud{loud{d.animal, 1}, 1}} {
		fmt.Println(s.hello())
	}
	f := p.rename
	g := p.hello
	f("Zoe")
	fmt.Println(g(), "/", p.hello())
}
