// Heap holds some 64 MB of live objects in maps, lists, trees and slices, and changes few of them before each of its sleeps, in which
// harkgen saves it.
package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"time"
)

type account struct {
	id      int
	name    string
	history []float64
	next    *account
	parent  *branch
}

type branch struct {
	left, right *branch
	accounts    map[int]*account
	note        string
}

type state struct {
	byName map[string]*account
	list   *account
	tree   *branch
	leaves []*branch
	blocks [][]byte
	rng    *rand.Rand
	next   int
}

func (s *state) add() {
	b := s.leaves[s.next%len(s.leaves)]
	a := &account{id: s.next, name: fmt.Sprintf("account number %d", s.next), history: make([]float64, 8+s.next%16), next: s.list, parent: b}
	for i := range a.history {
		a.history[i] = float64(s.rng.IntN(10_000)) / 100
	}
	s.next++
	s.byName[a.name] = a
	b.accounts[a.id] = a
	s.list = a
}

func (s *state) grow(depth int) *branch {
	b := &branch{note: "branch"}
	if depth == 0 {
		b.accounts = map[int]*account{}
		s.leaves = append(s.leaves, b)
		return b
	}
	b.left, b.right = s.grow(depth-1), s.grow(depth-1)
	return b
}

func build(accounts int) *state {
	s := &state{byName: map[string]*account{}, rng: rand.New(rand.NewPCG(1, 2))}
	s.tree = s.grow(10)
	for range accounts {
		s.add()
	}
	for i := range 2 * accounts / 100 {
		block := make([]byte, 8<<10)
		for j := range block {
			block[j] = "etaoinshrdlu"[s.rng.IntN(12)]
		}
		s.blocks = append(s.blocks, append(block, byte(i)))
	}
	return s
}

// change is one round: twenty accounts get another balance, five are new, five are gone from a map, a block changes.
func (s *state) change() {
	for range 20 {
		a := s.byName[fmt.Sprintf("account number %d", s.rng.IntN(s.next))]
		if a != nil {
			a.history[0]++
		}
	}
	for range 5 {
		s.add()
		delete(s.byName, fmt.Sprintf("account number %d", s.rng.IntN(s.next)))
	}
	s.blocks[s.rng.IntN(len(s.blocks))][77]++
}

func main() {
	accounts, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	rounds, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	s := build(accounts)
	for range rounds {
		time.Sleep(3 * time.Second)
		s.change()
	}
	sum := 0.0
	for a := s.list; a != nil; a = a.next {
		sum += a.history[0]
	}
	fmt.Println("accounts", s.next, "in map", len(s.byName), "sum", sum)
}
