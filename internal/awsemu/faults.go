package awsemu

import (
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/harkgen/harkgen/internal/awsemu/api"
)

// This file defines policies of faults.

// Fault says how one request goes wrong.
type Fault = api.Fault

// Rates are how likely, from 0 to 1, each kind of fault is for a request.
type Rates struct {
	Throttle, Fail, Lose     float64
	Delay                    float64 // of a random time up to MaxDelay
	Duplicate, Reorder, Late float64 // of messages of SQS
	MaxDelay, MaxLate        time.Duration
}

// Faults returns a policy: the n-th request of an operation always meets the same fault for the same seed. At most one of Throttle, Fail and Lose happens to a request.
func Faults(seed uint64, r Rates) func(op string) Fault {
	var mu sync.Mutex
	chance := map[string]*rand.Rand{}
	return func(op string) Fault {
		mu.Lock()
		defer mu.Unlock()
		rnd := chance[op]
		if rnd == nil {
			rnd = rand.New(rand.NewPCG(seed, hash(op)))
			chance[op] = rnd
		}
		return r.draw(rnd, op)
	}
}

func (r Rates) draw(rnd *rand.Rand, op string) (f Fault) {
	switch x := rnd.Float64(); {
	case x < r.Throttle:
		f.Throttle = true
	case x < r.Throttle+r.Fail:
		f.Status = 500
	case x < r.Throttle+r.Fail+r.Lose:
		f.Lose = true
	}
	if rnd.Float64() < r.Delay {
		f.Delay = upTo(rnd, r.MaxDelay)
	}
	if strings.HasPrefix(op, "sqs.") {
		f.Duplicate = rnd.Float64() < r.Duplicate
		f.Reorder = rnd.Float64() < r.Reorder
		if rnd.Float64() < r.Late {
			f.Late = upTo(rnd, r.MaxLate)
		}
	}
	return f
}

func upTo(rnd *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(rnd.Float64() * float64(d))
}

// hash is FNV-1a.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// Kill returns a policy that calls f once, before the n-th request, counted from 1, takes effect, or after it has, before its answer. Only requests whose operation begins with op count.
func Kill(op string, n int, after bool, f func()) func(op string) Fault {
	var mu sync.Mutex
	return func(o string) Fault {
		mu.Lock()
		defer mu.Unlock()
		if !strings.HasPrefix(o, op) {
			return Fault{}
		}
		switch n--; {
		case n != 0:
			return Fault{}
		case after:
			return Fault{After: f}
		}
		return Fault{Before: f}
	}
}
