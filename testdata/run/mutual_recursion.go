// Covers: recursion over several functions, methods and closures.

package main

import "fmt"

type parser struct {
	tokens <-chan string
	peek   string
}

func (p *parser) next() {
	p.peek = <-p.tokens
}

func (p *parser) expr() int {
	v := p.term()
	for p.peek == "+" || p.peek == "-" {
		op := p.peek
		p.next()
		if t := p.term(); op == "+" {
			v += t
		} else {
			v -= t
		}
	}
	return v
}

func (p *parser) term() int {
	v := p.factor()
	for p.peek == "*" {
		p.next()
		v *= p.factor()
	}
	return v
}

func (p *parser) factor() (v int) {
	if p.peek == "(" {
		p.next()
		v = p.expr()
	} else {
		fmt.Sscan(p.peek, &v)
	}
	p.next()
	return v
}

func lex(s string) <-chan string {
	c := make(chan string)
	go func() {
		defer close(c)
		for _, r := range s {
			c <- string(r)
		}
	}()
	return c
}

func main() {
	for _, s := range []string{"1+2*3", "(1+2)*3-4", "2*(3+(4-1)*2)", "7"} {
		p := &parser{tokens: lex(s)}
		p.next()
		fmt.Println(s, "=", p.expr())
	}
}
