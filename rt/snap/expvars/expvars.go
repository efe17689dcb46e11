// Package expvars keeps what package expvar has published, which it holds in a table of its own. Variables that were published while packages
// were initialised are there in each process: they keep their identity, and their content is saved. One that was published later is saved itself, and
// published again.
//
// What package expvar knows only as a Var, such as an expvar.Func, is published again by initialisation, or else saved as it is.
package expvars

import (
	"expvar"

	"github.com/harkgen/harkgen/rt/snap"
)

// A Published is a variable.
type Published struct {
	Name    string
	Var     expvar.Var        // published after initialisation; nil: before, and then
	Content any               // what it holds, an int64, float64 or string, or nothing
	Entries []expvar.KeyValue // of a map
}

// initial are the names of the variables that initialisation has published.
var initial map[string]bool

// State returns what has been published. It is called for the first time when initialisation is over.
func State() (state []Published) {
	first := initial == nil
	if first {
		initial = map[string]bool{}
	}
	expvar.Do(func(kv expvar.KeyValue) {
		if first {
			initial[kv.Key] = true
			register("expvar."+kv.Key, kv.Value)
		}
		p := Published{Name: kv.Key}
		if !initial[kv.Key] {
			p.Var = kv.Value
		} else if !p.read(kv.Value) {
			return
		}
		state = append(state, p)
	})
	return state
}

// register makes pointers to v lead to what the new process has published under the name.
func register(name string, v expvar.Var) {
	switch v := v.(type) {
	case *expvar.Int:
		snap.RegisterExternal(name, &v)
	case *expvar.Float:
		snap.RegisterExternal(name, &v)
	case *expvar.String:
		snap.RegisterExternal(name, &v)
	case *expvar.Map:
		snap.RegisterExternal(name, &v)
	}
}

// read notes what v holds, and reports false if that is not known.
func (p *Published) read(v expvar.Var) bool {
	switch v := v.(type) {
	case *expvar.Int:
		p.Content = v.Value()
	case *expvar.Float:
		p.Content = v.Value()
	case *expvar.String:
		p.Content = v.Value()
	case *expvar.Map:
		v.Do(func(kv expvar.KeyValue) { p.Entries = append(p.Entries, kv) })
	default:
		return false
	}
	return true
}

// write makes v hold what was noted.
func (p *Published) write(v expvar.Var) {
	switch v := v.(type) {
	case *expvar.Int:
		n, _ := p.Content.(int64)
		v.Set(n)
	case *expvar.Float:
		f, _ := p.Content.(float64)
		v.Set(f)
	case *expvar.String:
		s, _ := p.Content.(string)
		v.Set(s)
	case *expvar.Map:
		v.Init()
		for _, kv := range p.Entries {
			v.Set(kv.Key, kv.Value)
		}
	}
}

// SetState restores what State has returned. Package expvar forgets nothing: in a process that goes on from a snapshot of its own, as under -inproc,
// it keeps what was published later as it was first.
func SetState(state []Published) {
	for _, p := range state {
		v := expvar.Get(p.Name)
		switch {
		case v == nil && p.Var != nil:
			expvar.Publish(p.Name, p.Var)
		case v != nil && p.Var == nil:
			p.write(v)
		}
	}
}
