package colour

import (
	"fmt"
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// This file spells types so that identical types have the same text in all passes. A type parameter is a placeholder with its number, and
// putting the texts of arguments for the placeholders gives the text of the instance.

const (
	open = "\x01"
	shut = "\x02"
)

func placeholder(i int) string { return open + strconv.Itoa(i) + shut }

// identity are the arguments of a generic function in its own body.
func identity(n int) []string {
	var out []string
	for i := range n {
		out = append(out, placeholder(i))
	}
	return out
}

// fillIn puts arguments for placeholders.
func fillIn(text string, args []string) string {
	if len(args) == 0 || !strings.Contains(text, open) {
		return text
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, open)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		number, after, _ := strings.Cut(rest, shut)
		if i, err := strconv.Atoi(number); err == nil && i < len(args) {
			b.WriteString(args[i])
		}
		text = after
	}
}

// A speller spells types.
type speller struct {
	fset  *token.FileSet
	known map[types.Type]string
}

func (s *speller) key(t types.Type) string {
	if k, ok := s.known[t]; ok {
		return k
	}
	var b strings.Builder
	s.write(&b, t)
	s.known[t] = b.String()
	return b.String()
}

func (s *speller) write(b *strings.Builder, t types.Type) {
	elem := func(prefix string, t types.Type) {
		b.WriteString(prefix)
		b.WriteString(s.key(t))
	}
	switch t := t.(type) {
	case nil:
	case *types.Alias:
		s.write(b, types.Unalias(t))
	case *types.Named:
		s.named(b, t)
	case *types.TypeParam:
		b.WriteString(placeholder(t.Index()))
	case *types.Pointer:
		elem("*", t.Elem())
	case *types.Slice:
		elem("[]", t.Elem())
	case *types.Array:
		elem(fmt.Sprintf("[%d]", t.Len()), t.Elem())
	case *types.Map:
		elem("map["+s.key(t.Key())+"]", t.Elem())
	case *types.Chan:
		elem([]string{"chan ", "chan<- ", "<-chan "}[t.Dir()], t.Elem())
	case *types.Signature:
		b.WriteString("func")
		s.tuple(b, t.Params(), t.Variadic())
		s.tuple(b, t.Results(), false)
	case *types.Struct:
		s.structure(b, t)
	case *types.Interface:
		s.iface(b, t)
	case *types.Tuple:
		s.tuple(b, t, false)
	default: // a basic type, or the union of a constraint
		b.WriteString(types.TypeString(t, nil))
	}
}

func (s *speller) named(b *strings.Builder, t *types.Named) {
	o := t.Obj()
	if o.Pkg() != nil {
		b.WriteString(o.Pkg().Path() + ".")
		if o.Parent() != o.Pkg().Scope() { // declared in a function
			b.WriteString(strconv.Itoa(s.fset.Position(o.Pos()).Line) + ".")
		}
	}
	b.WriteString(o.Name())
	if t.TypeArgs().Len() > 0 {
		b.WriteString("[")
		for a := range t.TypeArgs().Types() {
			b.WriteString(s.key(a) + ",")
		}
		b.WriteString("]")
	} else if n := t.TypeParams().Len(); n > 0 {
		b.WriteString("[" + strings.Join(identity(n), ",") + ",]")
	}
}

func (s *speller) tuple(b *strings.Builder, t *types.Tuple, variadic bool) {
	b.WriteString("(")
	for v := range t.Variables() {
		b.WriteString(s.key(v.Type()) + ",")
	}
	if variadic {
		b.WriteString("...")
	}
	b.WriteString(")")
}

func (s *speller) structure(b *strings.Builder, t *types.Struct) {
	b.WriteString("struct{")
	for i := range t.NumFields() {
		f := t.Field(i)
		if !f.Exported() {
			b.WriteString(f.Pkg().Path() + ".")
		}
		if f.Embedded() {
			b.WriteString("=")
		}
		b.WriteString(f.Name() + " " + s.key(f.Type()) + strconv.Quote(t.Tag(i)) + ";")
	}
	b.WriteString("}")
}

func (s *speller) iface(b *strings.Builder, t *types.Interface) {
	b.WriteString("interface{")
	for m := range t.Methods() { // sorted
		b.WriteString(methodID(m))
		s.write(b, m.Signature())
		b.WriteString(";")
	}
	if !t.IsMethodSet() {
		b.WriteString(types.TypeString(t, nil))
	}
	b.WriteString("}")
}

// methodID tells methods of one type apart.
func methodID(m *types.Func) string {
	if m.Exported() {
		return m.Name()
	}
	return m.Pkg().Path() + "." + m.Name()
}
