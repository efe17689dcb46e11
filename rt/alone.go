package rt

import "context"

// This file defines the host of a program that was started by itself and not as a run: it executes, and nothing is kept.

type alone struct{ never chan struct{} }

// Alone returns a host that keeps nothing. The program then behaves as the plain one does, and cannot be resumed.
func Alone() Host { return alone{make(chan struct{})} }

func (alone) Load(context.Context) (*Start, error)           { return &Start{Volatile: true}, nil }
func (alone) Commit(context.Context, *Step) (Verdict, error) { return Continue, nil }
func (a alone) Wanted() <-chan struct{}                      { return a.never }
func (a alone) Alive() <-chan struct{}                       { return a.never }
