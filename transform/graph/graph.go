// Package graph is the picture of a program: what starts it, its processes with their goroutines, and what these use together. It is plain data; mermaid.go
// and svg.go draw it.
//
//	Trigger -> Process{Goroutine...} -> Channel -> Process{Goroutine...}
//
// Invariants of who makes a Graph: ids are unique, and those of edges are of nodes; In is the id of a Process, of goroutines and of them alone. Drawing keeps the order
// of nodes and edges, so the same graph gives the same bytes.
package graph

import (
	"cmp"
	"slices"
)

// A Kind is what a node is.
type Kind string

// The kinds.
const (
	Trigger   Kind = "trigger"   // what starts an entry point
	Process   Kind = "process"   // one heap, with the goroutines that share it
	Goroutine Kind = "goroutine" // or many, of one go statement
	Channel   Kind = "channel"
	Lock      Kind = "lock"    // a type of package sync
	Timer     Kind = "timer"   // a sleep, a timer, a deadline
	Outside   Kind = "outside" // a service that is called
	Unknown   Kind = "unknown" // a channel or lock that may be any
)

var kinds = []Kind{Trigger, Process, Goroutine, Channel, Lock, Timer, Outside, Unknown}

// A Graph is a program.
type Graph struct {
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
}

// A Node is a thing of the program.
type Node struct {
	ID     string `json:"id"`
	Kind   Kind   `json:"kind"`
	Label  string `json:"label"`
	Detail string `json:"detail,omitempty"` // a second, smaller line
	In     string `json:"in,omitempty"`     // of a goroutine: its process
}

// An Edge goes from who does something to what it does it with; from a channel or a timer to who receives.
type Edge struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Label string `json:"label,omitempty"`
}

// Add adds an edge; the labels of edges between the same two nodes are put together.
func (g *Graph) Add(from, to, label string) {
	for i := range g.Edges {
		e := &g.Edges[i]
		if e.From != from || e.To != to {
			continue
		}
		if !has(e.Label, label) {
			e.Label += ", " + label
		}
		return
	}
	g.Edges = append(g.Edges, Edge{from, to, label})
}

// Sort orders nodes by their kinds, and edges by where their ends are in the list of nodes; else nothing changes.
func (g *Graph) Sort() {
	slices.SortStableFunc(g.Nodes, func(a, b Node) int { return cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)) })
	at := map[string]int{}
	for i, n := range g.Nodes {
		at[n.ID] = i
	}
	slices.SortStableFunc(g.Edges, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(at[a.From], at[b.From]), cmp.Compare(at[a.To], at[b.To]))
	})
}

// in lists the goroutines of a process.
func (g *Graph) in(process string) (out []Node) {
	for _, n := range g.Nodes {
		if n.In == process {
			out = append(out, n)
		}
	}
	return out
}
