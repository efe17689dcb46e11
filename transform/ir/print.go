package ir

import (
	"fmt"
	"go/types"
	"strconv"
	"strings"
)

// This file prints functions for people: Go-like, with the points and what their frames hold. The same function gives the same text.
//
//	func hark_worker(g, jobs <-chan int, out chan<- int) // main.worker, coloured
//		var j int
//		b0: // entry
//			p1@b0 [jobs out] chan receive: j = rt.Recv(g, jobs)
//			goto b1

// String prints f.
func (f *Func) String() string {
	p := &printer{}
	p.head(f)
	for _, v := range f.Vars {
		p.line(1, "var %s", declaration(v))
	}
	for i, b := range f.Boxes {
		if b != nil {
			p.line(1, "result %s in %s", f.Results[i].Name, b)
		}
	}
	if f.Entry != nil {
		p.line(1, "%s", f.Entry)
	}
	for _, b := range f.Blocks {
		p.line(1, "%s", strings.TrimSuffix(b.label()+": // "+b.Comment, " // "))
		for _, v := range b.Vars {
			p.line(2, "var %s", declaration(v))
		}
		for _, s := range b.Stmts {
			p.line(2, "%s", s)
		}
	}
	if f.RetPoint != nil {
		p.line(1, "%s", f.RetPoint)
	}
	return p.String()
}

type printer struct{ strings.Builder }

func (p *printer) line(depth int, format string, args ...any) {
	p.WriteString(strings.Repeat("\t", depth))
	fmt.Fprintf(p, format, args...)
	p.WriteByte('\n')
}

func (p *printer) head(f *Func) {
	var params []string
	if f.Coloured {
		params = append(params, f.G)
	}
	if f.Env != nil && f.Kind == Plain {
		params = append(params, declaration(f.Env))
	}
	recv := ""
	switch {
	case f.Recv != nil:
		recv = "(" + declaration(f.Recv) + ") "
	case f.Env != nil && f.Kind == Closure:
		recv = "(" + declaration(f.Env) + ") "
	}
	for _, v := range f.Params {
		params = append(params, declaration(v))
	}
	results := ""
	if len(f.Results) > 0 {
		var rs []string
		for _, v := range f.Results {
			rs = append(rs, declaration(v))
		}
		results = " (" + strings.Join(rs, ", ") + ")"
	}
	about := []string{f.Title}
	for _, is := range []struct {
		yes  bool
		text string
	}{{f.Coloured, "coloured"}, {f.Kind == Direct, "deferred itself"}, {f.Recovers, "defers recover"}} {
		if is.yes {
			about = append(about, is.text)
		}
	}
	p.line(0, "func %s%s(%s)%s // %s", recv, f.Name, strings.Join(params, ", "), results, strings.Join(about, ", "))
}

func declaration(v *Var) string {
	t := ""
	switch {
	case v.Env != "":
		t = "*" + v.Env
	case v.RT != "":
		t = strings.Repeat("*", strings.Count(v.RT, "*")) + "rt." + strings.TrimPrefix(v.RT, "*")
	case v.Iter != nil && v.Iter.Key == nil:
		t = "*rt.StringIter"
	case v.Iter != nil:
		t = "*rt.MapIter[" + typeName(v.Iter.Key) + ", " + typeName(v.Iter.Elem) + "]"
	default:
		t = typeName(v.Type)
	}
	return v.Name + " " + t
}

func typeName(t types.Type) string {
	if t == nil {
		return "?"
	}
	return types.TypeString(t, (*types.Package).Name)
}

func (b *Block) label() string { return "b" + strconv.Itoa(b.Index) }

// String prints a point with what its frame holds.
func (p *Point) String() string {
	names := make([]string, len(p.Live))
	for i, v := range p.Live {
		names[i] = v.Name
	}
	resume := ""
	if p.Resume != nil {
		resume = "@" + p.Resume.label()
	}
	return fmt.Sprintf("p%d%s [%s] %s", p.PC, resume, strings.Join(names, " "), p.Op)
}

// String prints s in one line.
func (s *Stmt) String() string {
	text := s.text()
	if s.Dyn {
		text = "dyn " + text
	}
	if s.Point != nil {
		return s.Point.String() + ": " + text
	}
	return text
}

func (s *Stmt) text() string {
	switch s.Kind {
	case Assign:
		if len(s.L) == 0 {
			return list(s.R)
		}
		return list(s.L) + " = " + list(s.R)
	case Goto:
		return "goto " + s.Then.label()
	case If:
		return fmt.Sprintf("if %s goto %s else %s", s.R[0], s.Then.label(), s.Else.label())
	case Return:
		return strings.TrimSpace("return " + list(s.R))
	case Panic:
		return "panic(" + list(s.R) + ")"
	case Select:
		return s.selectText()
	case Defer:
		switch {
		case len(s.R) == 0:
			return "defer recover()"
		case len(s.R) == 2:
			return fmt.Sprintf("defer %s in %s", s.R[0], s.R[1])
		case s.Direct:
			return "defer itself " + list(s.R)
		}
		return "defer " + list(s.R)
	case NativeDefer:
		return "native defer " + list(s.R)
	case Deferred:
		return "deferred calls"
	case CatchOuter:
		return "catch outer"
	case DeferOuter:
		return "defer outer"
	case Poll:
		if len(s.R) > 0 {
			return fmt.Sprintf("poll for %s if %s", s.Then.label(), s.R[0])
		}
		return "poll for " + s.Then.label()
	}
	return fmt.Sprintf("?%d", s.Kind)
}

func (s *Stmt) selectText() string {
	var cases []string
	for _, c := range s.Cases {
		switch {
		case c.Send != nil:
			cases = append(cases, fmt.Sprintf("%s <- %s", c.Chan, c.Send))
		case c.L[1] != nil:
			cases = append(cases, fmt.Sprintf("%s = <-%s", list(c.L[:]), c.Chan))
		case c.L[0] != nil:
			cases = append(cases, fmt.Sprintf("%s = <-%s", c.L[0], c.Chan))
		default:
			cases = append(cases, fmt.Sprintf("<-%s", c.Chan))
		}
	}
	if !s.Block {
		cases = append(cases, "default")
	}
	text := "select {"
	if s.Choose {
		text = "choose {"
	}
	text += strings.Join(cases, "; ") + "}"
	if s.Index != nil {
		return s.Index.Name + " = " + text
	}
	return text
}

func list(es []*Expr) string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = e.String()
	}
	return strings.Join(parts, ", ")
}

// String prints e; the blank identifier if it is nil.
func (e *Expr) String() string {
	if e == nil {
		return "_"
	}
	switch e.Op {
	case OpVar:
		return e.Var.Name
	case OpConst:
		if e.Const == nil {
			return "nil"
		}
		return e.Const.ExactString()
	case OpZero:
		return "zero(" + typeName(e.Type) + ")"
	case OpGlobal:
		name := e.Obj.Name()
		if p := e.Obj.Pkg(); p != nil {
			name = p.Name() + "." + name
		}
		if len(e.Args) > 0 {
			name += "[" + list(e.Args) + "]"
		}
		return name
	case OpName:
		return e.Name
	case OpUnary:
		return e.Tok.String() + e.Args[0].inner()
	case OpBinary:
		return e.Args[0].inner() + " " + e.Tok.String() + " " + e.Args[1].inner()
	case OpDeref:
		return "*" + e.Args[0].inner()
	case OpAddr:
		return "&" + e.Args[0].inner()
	case OpField, OpMethodVal:
		return e.Args[0].inner() + "." + e.Name
	case OpIndex:
		return e.Args[0].inner() + "[" + e.Args[1].String() + "]"
	case OpSlice:
		return e.sliceText()
	case OpConvert, OpIface:
		return typeName(e.Type) + "(" + e.Args[0].String() + ")"
	case OpAssert:
		return e.Args[0].inner() + ".(" + typeName(e.Type) + ")"
	case OpCall:
		return e.Args[0].inner() + e.arguments(e.Args[1:])
	case OpBuiltin:
		return e.Name + e.arguments(e.Args)
	case OpRT:
		return "rt." + e.Name + e.arguments(e.Args)
	case OpComposite:
		return typeName(e.Type) + "{" + list(e.Args) + "}"
	case OpNew:
		return "new(" + typeName(e.Type) + ")"
	case OpMake:
		if len(e.Args) == 0 {
			return "make(" + typeName(e.Type) + ")"
		}
		return "make(" + typeName(e.Type) + ", " + list(e.Args) + ")"
	case OpEnv:
		var fields []string
		for i, a := range e.Args {
			fields = append(fields, e.Fields[i]+": "+a.String())
		}
		return "&" + e.Name + "{" + strings.Join(fields, ", ") + "}"
	case OpMethodExp:
		return "(" + typeName(e.Type) + ")." + e.Name
	case OpTypeName:
		return typeName(e.Type)
	}
	return fmt.Sprintf("?%d", e.Op)
}

// inner prints e as an operand.
func (e *Expr) inner() string {
	if e != nil {
		switch e.Op {
		case OpBinary, OpUnary, OpDeref, OpAddr, OpEnv:
			return "(" + e.String() + ")"
		}
	}
	return e.String()
}

func (e *Expr) arguments(args []*Expr) string {
	text := list(args)
	if e.Spread {
		text += "..."
	}
	return "(" + text + ")"
}

func (e *Expr) sliceText() string {
	part := func(i int) string {
		if e.Args[i] == nil {
			return ""
		}
		return e.Args[i].String()
	}
	text := part(1) + ":" + part(2)
	if e.Args[3] != nil {
		text += ":" + part(3)
	}
	return e.Args[0].inner() + "[" + text + "]"
}
