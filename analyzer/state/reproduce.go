package state

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/pointsto"
	"github.com/harkgen/harkgen/analyzer/suspend"
)

// This file decides whether initialisation makes the same value again in another process.
//
// The instructions that matter are those that write, during initialisation, to the variable and to what it leads to. In the package
// initialiser, which is a straight line of all variables' initialisers, what they use is followed backwards. In any other function everything
// in it, and in what it calls, counts.

// A verdict says what may differ; nil: nothing.
type verdict struct {
	why string
	pos token.Pos
}

// makers are packages whose functions return the same for the same arguments, but for those in others.
var makers = library.Words(`bytes cmp container/heap container/list container/ring context crypto/md5 crypto/sha1 crypto/sha256 crypto/sha512 embed encoding/base32
	encoding/base64 encoding/binary encoding/hex encoding/json encoding/xml errors fmt go/token hash/crc32 hash/crc64 hash/fnv html html/template
	internal/bytealg io iter log log/slog maps math math/big math/bits math/cmplx net/http/cookiejar net/netip net/url path regexp regexp/syntax slices sort
	strconv strings sync text/template text/template/parse unicode unicode/utf16 unicode/utf8`)

// others are functions of makers that do not, by their full name.
var others = library.Words(`fmt.Fscan fmt.Fscanf fmt.Fscanln fmt.Scan fmt.Scanf fmt.Scanln html/template.ParseFiles html/template.ParseGlob html/template.ParseFS
	text/template.ParseFiles text/template.ParseGlob (*html/template.Template).ParseFiles (*html/template.Template).ParseGlob
	(*text/template.Template).ParseFiles (*text/template.Template).ParseGlob maps.All maps.Keys maps.Values sync.OnceFunc sync.OnceValue sync.OnceValues
	(*sync.Map).Range io.ReadAll io.Copy log.Print log.Printf log.Println`)

// makersToo are functions of other packages that do.
var makersToo = library.Words(`net.IPv4 net.IPv4Mask net.CIDRMask net.ParseCIDR net.ParseIP net/http.StatusText path/filepath.Join path/filepath.Base path/filepath.Clean path/filepath.Dir
	path/filepath.Ext reflect.TypeOf time.Date time.FixedZone time.ParseDuration time.Parse time.Unix time.UnixMilli (time.Duration).String
	(time.Duration).Seconds (time.Time).Add (time.Time).Format (time.Time).Unix (time.Time).UTC log.New time.LoadLocation`)

// reproducer follows what initialisation does.
type reproducer struct {
	*decider
	values map[ssa.Value]bool
	fns    map[*ssa.Function]bool
	bad    *verdict
}

// reproduced says why initialisation may make another value of g, which leads to objects; nil if it makes the same.
func (d *decider) reproduced(g *ssa.Global, objects []*pointsto.Object) *verdict {
	if v, ok := d.known[g]; ok {
		return v
	}
	d.known[g] = nil // while looking: initialisers do not depend on themselves
	r := &reproducer{decider: d, values: map[ssa.Value]bool{}, fns: map[*ssa.Function]bool{}}
	for _, o := range objects {
		for _, w := range r.of(o).early {
			r.write(w)
		}
		if o.Site != nil {
			r.value(o.Site)
		}
	}
	d.known[g] = r.bad
	return r.bad
}

func (r *reproducer) fail(pos token.Pos, why string) {
	if r.bad == nil {
		r.bad = &verdict{why + ", which may be another value in another process", pos}
	}
}

// write follows an instruction that makes part of the value.
func (r *reproducer) write(w *pointsto.Access) {
	fn := w.Instr.Parent()
	if fn.Synthetic != "package initializer" {
		r.function(fn)
		return
	}
	r.operands(w.Instr)
}

func (r *reproducer) operands(i ssa.Instruction) {
	var buf [8]*ssa.Value
	for _, x := range i.Operands(buf[:0]) {
		if *x != nil {
			r.value(*x)
		}
	}
}

// value follows what v is made of.
func (r *reproducer) value(v ssa.Value) {
	if r.values[v] || r.bad != nil {
		return
	}
	r.values[v] = true
	i, ok := v.(ssa.Instruction)
	if !ok {
		return
	}
	if fn := i.Parent(); fn.Synthetic != "package initializer" {
		r.function(fn)
		return
	}
	r.operands(i)
	r.instr(i)
	if phi, ok := v.(*ssa.Phi); ok {
		for _, p := range phi.Block().Preds {
			r.operands(p.Instrs[len(p.Instrs)-1])
		}
	}
	r.filled(v)
}

// filled follows what is stored into a variable of the initialiser's own.
func (r *reproducer) filled(v ssa.Value) {
	switch v.(type) {
	case *ssa.Alloc, *ssa.MakeMap, *ssa.MakeSlice, *ssa.FieldAddr, *ssa.IndexAddr:
	default:
		return
	}
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store, *ssa.MapUpdate:
			r.operands(ref)
		case *ssa.FieldAddr:
			r.value(ref)
		case *ssa.IndexAddr:
			r.value(ref)
		case *ssa.Call:
			r.value(ref)
		}
	}
}

// function follows everything that fn does.
func (r *reproducer) function(fn *ssa.Function) {
	if r.fns[fn] || r.bad != nil {
		return
	}
	r.fns[fn] = true
	for _, b := range fn.Blocks {
		for _, i := range b.Instrs {
			r.instr(i)
		}
	}
}

func (r *reproducer) instr(i ssa.Instruction) {
	if r.bad != nil {
		return
	}
	switch i := i.(type) {
	case *ssa.UnOp:
		switch i.Op {
		case token.ARROW:
			r.fail(suspend.Position(i), "it is received from a channel")
		case token.MUL:
			if g, ok := i.X.(*ssa.Global); ok {
				r.reads(i, g)
			}
		}
	case *ssa.FieldAddr:
		if g, ok := i.X.(*ssa.Global); ok {
			r.reads(i, g)
		}
	case *ssa.IndexAddr:
		if g, ok := i.X.(*ssa.Global); ok {
			r.reads(i, g)
		}
	case *ssa.Select:
		r.fail(suspend.Position(i), "it depends on a select")
	case *ssa.Range:
		if _, ok := i.X.Type().Underlying().(*types.Map); ok {
			r.fail(suspend.Position(i), "it is made in the order of a map")
		}
	case *ssa.Go:
		r.fail(suspend.Position(i), "a goroutine is started for it")
	case *ssa.MakeClosure:
		r.function(i.Fn.(*ssa.Function))
	case ssa.CallInstruction:
		r.call(i)
	}
}

// reads follows a package variable.
func (r *reproducer) reads(i ssa.Instruction, g *ssa.Global) {
	if !r.p.compiledPackage(g.Pkg) {
		switch deref(g.Type()).Underlying().(type) {
		case *types.Pointer, *types.Interface, *types.Signature:
		default:
			if !makers[g.Pkg.Pkg.Path()] {
				r.fail(suspend.Position(i), "it depends on "+g.Pkg.Pkg.Path()+"."+g.Name())
			}
		}
		return
	}
	if g.Object() == nil {
		return // init$guard
	}
	if r.p.Once(g.Pkg.Pkg) {
		r.fail(suspend.Position(i), "it depends on "+g.Name()+", whose package is initialised once")
		return
	}
	if bad := r.reproduced(g, r.inside(r.Global(g))); bad != nil && r.bad == nil {
		r.bad = bad
	}
}

func (r *reproducer) call(c ssa.CallInstruction) {
	if _, ok := c.Common().Value.(*ssa.Builtin); ok {
		return
	}
	callees := []*ssa.Function{c.Common().StaticCallee()}
	if callees[0] == nil {
		callees = inOrder(r.p.Callees(c))
		if len(callees) == 0 {
			r.fail(suspend.Position(c), "it depends on a call of an unknown function")
		}
	}
	for _, fn := range callees {
		switch {
		case isInit(fn):
		case r.conf.Analysed(fn):
			r.function(fn)
		case !makes(fn):
			r.fail(suspend.Position(c), "it depends on "+library.Name(fn))
		}
	}
}

// makes reports whether fn, which is not compiled, returns the same for the same arguments.
func makes(fn *ssa.Function) bool {
	name := library.Declared(fn)
	return makersToo[name] || makers[library.PathOf(fn)] && !others[name]
}
