// Covers: a state machine of functions that return the next function, fed by a channel.

package main

import "fmt"

type lexer struct {
	in     <-chan rune
	cur    rune
	ok     bool
	word   []rune
	tokens []string
}

type state func(*lexer) state

func (l *lexer) next() { l.cur, l.ok = <-l.in }

func (l *lexer) emit(kind string) {
	l.tokens = append(l.tokens, kind+":"+string(l.word))
	l.word = nil
}

func start(l *lexer) state {
	switch {
	case !l.ok:
		return nil
	case l.cur >= '0' && l.cur <= '9':
		return number
	case l.cur >= 'a' && l.cur <= 'z':
		return ident
	case l.cur == ' ':
		l.next()
		return start
	}
	l.word = append(l.word, l.cur)
	l.emit("op")
	l.next()
	return start
}

func number(l *lexer) state {
	for l.ok && l.cur >= '0' && l.cur <= '9' {
		l.word = append(l.word, l.cur)
		l.next()
	}
	l.emit("num")
	return start
}

func ident(l *lexer) state {
	for l.ok && l.cur >= 'a' && l.cur <= 'z' {
		l.word = append(l.word, l.cur)
		l.next()
	}
	l.emit("id")
	return start
}

func main() {
	c := make(chan rune)
	go func() {
		for _, r := range "ab = 12+cd*3" {
			c <- r
		}
		close(c)
	}()
	l := &lexer{in: c}
	l.next()
	for s := state(start); s != nil; {
		s = s(l)
	}
	fmt.Println(l.tokens)
}
