package colour

import (
	"slices"
	"strings"
)

// This file puts summaries together to a program, and finds what each call may call: values flow until nothing changes, and a call of a
// func or a method is connected with each function that comes to it.

// A program is the functions of some packages.
type program struct {
	decls map[string]decl
	types map[string]map[string]Ref // methods

	insts  map[string]*inst
	order  []*inst // in the order in which they were found
	fill   []*inst // whose bodies are to be connected
	shared map[string]*place
	items  map[string]*item
	queue  []*place
}

// A decl is a function with its package.
type decl struct {
	*Function
	pkg *Summary
}

// An inst is a function, with type arguments if it is generic.
type inst struct {
	decl  // its Function is nil if nothing is known of it
	name  string
	args  []string
	nodes []*place
	calls []*call
	in    []*call
}

// A call is a call of an inst, with what it may call.
type call struct {
	*Call
	from *inst
	to   []*inst
}

// A place is a node of an inst, or of the program.
type place struct {
	has   map[*item]bool
	todo  []*item // of has, not yet carried on
	to    map[*place]bool
	calls []*call // of what is in it
}

// An item is a function, or a type.
type item struct {
	fn      *inst
	methods map[string]Ref // of a type
	args    []string       // for the placeholders of methods
}

func newProgram(pkgs []*Summary) *program {
	p := &program{
		decls: map[string]decl{}, types: map[string]map[string]Ref{}, insts: map[string]*inst{}, shared: map[string]*place{}, items: map[string]*item{},
	}
	for _, s := range pkgs {
		c := s.unpack()
		for i := range c.Funcs {
			f := &c.Funcs[i]
			if _, ok := p.decls[f.Name]; !ok {
				p.decls[f.Name] = decl{f, s}
			}
		}
		for _, t := range c.Types {
			if len(p.types[t.Key]) > 0 {
				continue
			}
			p.types[t.Key] = map[string]Ref{}
			for _, m := range t.Methods {
				p.types[t.Key][m.ID] = m.Func
			}
		}
	}
	return p
}

// solve connects all functions of pkgs, generic ones with their own type parameters.
func (p *program) solve(pkgs []*Summary) {
	for _, s := range pkgs {
		for _, f := range s.unpack().Funcs {
			p.inst(Ref{Name: f.Name, Args: identity(f.Arity)}, nil)
		}
	}
	for len(p.fill)+len(p.queue) > 0 {
		if n := len(p.fill); n > 0 {
			f := p.fill[n-1]
			p.fill = p.fill[:n-1]
			p.body(f)
			continue
		}
		at := p.queue[len(p.queue)-1]
		p.queue = p.queue[:len(p.queue)-1]
		p.carry(at)
	}
}

// maxArgs bounds the length of type arguments: a generic function may call itself with ever larger ones.
const maxArgs = 1000

// inst is the function that r names in a function with type arguments args.
func (p *program) inst(r Ref, args []string) *inst {
	own := make([]string, len(r.Args))
	key := r.Name
	for i, a := range r.Args {
		own[i] = fillIn(a, args)
		if len(own[i]) > maxArgs {
			own[i] = "..."
		}
		key += "[" + own[i]
	}
	if f := p.insts[key]; f != nil {
		return f
	}
	f := &inst{decl: p.decls[r.Name], name: r.Name, args: own}
	p.insts[key] = f
	p.order = append(p.order, f)
	if f.Function != nil {
		for _, n := range f.Nodes {
			f.nodes = append(f.nodes, p.place(n, own))
		}
		p.fill = append(p.fill, f)
	}
	return f
}

func (p *program) place(n Node, args []string) *place {
	if n.Kind != shared {
		return &place{}
	}
	name := fillIn(n.Text, args)
	if p.shared[name] == nil {
		p.shared[name] = &place{}
	}
	return p.shared[name]
}

// body connects what f itself does.
func (p *program) body(f *inst) {
	for i, n := range f.Nodes {
		switch n.Kind {
		case holds:
			p.put(f.nodes[i], p.function(p.inst(n.Func, f.args)))
		case typed:
			if t := p.typed(n.Text, f.args); t != nil {
				p.put(f.nodes[i], t)
			}
		}
	}
	for _, e := range f.Edges {
		p.edge(f.nodes[e[0]], f.nodes[e[1]])
	}
	for _, c := range f.Closures {
		literal := p.inst(c.Func, f.args)
		if literal.Function == nil {
			continue
		}
		for i, b := range c.Bindings {
			p.pass(f.at(b), literal, literal.FreeVars[i])
		}
	}
	for i := range f.Calls {
		c := &call{Call: &f.Calls[i], from: f}
		f.calls = append(f.calls, c)
		if c.Static != nil {
			p.connect(c, p.inst(*c.Static, f.args), 0)
		} else if v := f.at(c.Value); v != nil {
			v.calls = append(v.calls, c)
			for it := range v.has {
				p.resolve(c, v, it)
			}
		}
	}
}

// at is the place of a node, nil if there is none.
func (f *inst) at(n int32) *place {
	if n == none || int(n) >= len(f.nodes) {
		return nil
	}
	return f.nodes[n]
}

func (p *program) function(f *inst) *item {
	key := f.name + "[" + strings.Join(f.args, "[")
	if p.items[key] == nil {
		p.items[key] = &item{fn: f}
	}
	return p.items[key]
}

// typed is the item of a type in a function with type arguments args, nil if it has no methods that matter.
func (p *program) typed(text string, args []string) *item {
	key := fillIn(text, args)
	name := "type " + key
	if it, ok := p.items[name]; ok {
		return it
	}
	var it *item
	if m := p.types[key]; len(m) > 0 {
		it = &item{methods: m}
	} else if m := p.types[text]; len(m) > 0 {
		it = &item{methods: m, args: args}
	}
	p.items[name] = it
	return it
}

// put puts an item into a place.
func (p *program) put(at *place, it *item) {
	if at.has[it] {
		return
	}
	if at.has == nil {
		at.has = map[*item]bool{}
	}
	at.has[it] = true
	if len(at.todo) == 0 {
		p.queue = append(p.queue, at)
	}
	at.todo = append(at.todo, it)
}

// carry carries on what has come to a place.
func (p *program) carry(at *place) {
	todo := at.todo
	at.todo = nil
	for to := range at.to {
		for _, it := range todo {
			p.put(to, it)
		}
	}
	for _, c := range slices.Clone(at.calls) {
		for _, it := range todo {
			p.resolve(c, at, it)
		}
	}
}

func (p *program) edge(from, to *place) {
	if from == nil || to == nil || from == to || from.to[to] {
		return
	}
	if from.to == nil {
		from.to = map[*place]bool{}
	}
	from.to[to] = true
	for it := range from.has {
		p.put(to, it)
	}
}

// pass carries values to the parameter or variable of f that node n is, and back if they are pointers.
func (p *program) pass(from *place, f *inst, n int32) {
	to := f.at(n)
	p.edge(from, to)
	if to != nil && f.Nodes[n].Pointer {
		p.edge(to, from)
	}
}

// resolve connects call c of what is in v with what it calls if that is it.
func (p *program) resolve(c *call, v *place, it *item) {
	switch {
	case c.Method == "":
		if it.fn != nil && it.fn.Function != nil && fillIn(it.fn.Sig, it.fn.args) == fillIn(c.Sig, c.from.args) {
			p.connect(c, it.fn, 0)
		}
	case it.methods != nil:
		r, ok := it.methods[c.Method]
		if !ok {
			return
		}
		f := p.inst(r, it.args)
		p.connect(c, f, 1)
		if f.Function != nil && len(f.Params) > 0 { // the receiver may be a func
			p.edge(v, f.at(f.Params[0]))
		}
	}
}

// connect says that c may call f, with arguments from parameter skip on.
func (p *program) connect(c *call, f *inst, skip int) {
	if slices.Contains(c.to, f) {
		return
	}
	c.to = append(c.to, f)
	f.in = append(f.in, c)
	if f.Function == nil {
		return
	}
	for i, a := range c.Args {
		if i+skip < len(f.Params) {
			p.pass(c.from.at(a), f, f.Params[i+skip])
		}
	}
	for i, r := range f.Results {
		if i < len(c.Results) {
			p.edge(f.at(r), c.from.at(c.Results[i]))
		}
	}
}
