package snap

// This file defines what is said of a snapshot of another build: in what the build differs.

import (
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
)

// maxDifferences is how many an error names.
const maxDifferences = 3

// header reads magic, version and build. The error of another build names the differences.
func (d *decoder) header() error {
	desc, same, err := d.preamble()
	if err != nil || same {
		return err
	}
	return fmt.Errorf("%w: %s", ErrBuild, difference(desc, d.root.Type().Elem()))
}

// preamble reads what comes before the objects. The type table is skipped if the build is this one.
func (r *reader) preamble() (desc *Description, same bool, err error) {
	version, err := r.version()
	if err != nil {
		return nil, false, err
	}
	if version != formatVersion {
		return nil, false, fmt.Errorf("%w: it has format version %d, this program reads version %d", ErrBuild, version, formatVersion)
	}
	desc = &Description{Format: version, Build: r.string()}
	mark := r.fixed64()
	same = desc.Build == buildID && mark == fingerprint()
	size := r.count()
	if same {
		r.discard(size)
		return desc, same, nil
	}
	end := r.rest() - int64(size)
	(&tableReader{reader: r}).table(desc)
	if r.rest() != end {
		corrupt("wrong length of the type table")
	}
	return desc, same, nil
}

// Differences says in what the build that made a snapshot of size bytes differs from this one; nothing, if it is this one. root has the type of
// Load's. It reads the beginning of r only.
func Differences(r io.Reader, size int64, root any) (list []string, err error) {
	mu.Lock()
	defer mu.Unlock()
	defer recoverError(&err)
	desc, same, err := (&reader{r: r, left: size}).preamble()
	if err != nil || same {
		return nil, err
	}
	return differences(desc, reflect.TypeOf(root).Elem()), nil
}

// version reads magic and format version, which precede the chunks.
func (r *reader) version() (int, error) {
	var b [len(magic) + 1]byte
	r.full(b[:])
	if string(b[:len(magic)]) != magic {
		corrupt("not a snapshot")
	}
	return int(b[len(magic)]), nil
}

// discard skips n bytes.
func (r *reader) discard(n int) {
	for n > 0 {
		if r.pos == len(r.buf) {
			r.next()
		}
		k := min(n, len(r.buf)-r.pos)
		r.pos += k
		n -= k
	}
}

// Describe reads what a snapshot of size bytes, of any build and version, says of itself. It reads the beginning of r only.
func Describe(r io.Reader, size int64) (d *Description, err error) {
	mu.Lock()
	defer mu.Unlock()
	defer recoverError(&err)
	rd := &reader{r: r, left: size}
	version, err := rd.version()
	if err != nil {
		return nil, err
	}
	switch version {
	case 1:
		// Its fields follow without chunks, and the checksum is at the end.
		rd.window1()
		return &Description{Format: 1, Build: rd.string()}, nil
	case 2, formatVersion: // their objects differ, not what comes before
		d = &Description{Format: version, Build: rd.string()}
		rd.fixed64()
		size := rd.count()
		end := rd.rest() - int64(size)
		(&tableReader{reader: rd}).table(d)
		if rd.rest() != end {
			corrupt("wrong length of the type table")
		}
		return d, nil
	}
	return nil, fmt.Errorf("%w: it has format version %d, this program knows versions 1 to %d", ErrBuild, version, formatVersion)
}

// window1 makes the beginning of a snapshot of format 1 the window.
func (r *reader) window1() {
	r.buf = make([]byte, min(r.left, 1<<10))
	r.full(r.buf)
}

// difference names some of the differences.
func difference(old *Description, root reflect.Type) string {
	all := differences(old, root)
	if n := len(all); n > maxDifferences {
		return strings.Join(all[:maxDifferences], "; ") + fmt.Sprintf("; and %d more", n-maxDifferences)
	}
	return strings.Join(all, "; ")
}

// differences says in what the build of a snapshot differs from this one, whose root has the type root.
func differences(old *Description, root reflect.Type) (all []string) {
	nameFrames()
	note := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	byName := typesByName(root)
	diffVars(old, note)
	for i := range old.Types {
		diffType(&old.Types[i], byName, note)
	}
	if old.Go != runtime.Version() {
		note("it was built with %s, this program with %s", old.Go, runtime.Version())
	}
	if len(all) == 0 {
		note("the code changed")
	}
	return all
}

func diffVars(old *Description, note func(string, ...any)) {
	was := map[string]bool{}
	for _, v := range old.Vars {
		was[v.Name] = true
		i, ok := registry.varByName[v.Name]
		if !ok {
			note("variable %s is gone", v.Name)
		} else if now := typeName(registry.vars[i].typ); now != v.Type {
			note("variable %s: its type was %s and is %s", v.Name, v.Type, now)
		}
	}
	for _, v := range registry.vars {
		if !was[v.name] {
			note("variable %s was added", v.name)
		}
	}
}

func diffType(old *TypeDescription, byName map[string]reflect.Type, note func(string, ...any)) {
	what, field := spoken(old.Name), "field"
	if old.Function != "" {
		what, field = "function "+old.Function, "frame variable"
	}
	t, ok := byName[old.Name]
	if !ok {
		if strings.HasPrefix(old.Name, "struct{") { // known by its parts
			return
		}
		note("%s is gone", what)
		return
	}
	now := describeType(t)
	switch {
	case now.Kind == reflect.Invalid && now.Under != old.Under:
		note("type %s of harkgen's runtime is another", old.Name)
	case now.Kind != old.Kind || now.Under != old.Under:
		note("%s: it was %s and is %s", what, old.made(), now.made())
	default:
		diffFields(what, field, old.Fields, now.Fields, note)
	}
}

// spoken is what a type is called. Of the types that harkgen makes (docs/internals.md) that is what they stand for: closures, and
// the operands of go and defer statements.
func spoken(name string) string {
	for _, prefix := range []string{".hark_", ".Hark_"} {
		pkg, rest, ok := strings.Cut(name, prefix)
		if !ok {
			continue
		}
		if fn, ok := strings.CutSuffix(rest, "_env"); ok {
			return "closure " + pkg + "." + strings.ReplaceAll(fn, "_func", ".func")
		}
		if fn, digits, ok := cutLast(rest, "_t"); ok && strings.Trim(digits, "0123456789") == "" {
			return "a go or defer statement in " + pkg + "." + strings.ReplaceAll(fn, "_func", ".func")
		}
	}
	return "type " + name
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// made is the text of what a type is made of.
func (t *TypeDescription) made() string {
	if t.Kind == reflect.Struct {
		return "a struct"
	}
	return t.Under
}

func diffFields(what, field string, old, now []FieldDescription, note func(string, ...any)) {
	find := func(list []FieldDescription, name string) *FieldDescription {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
		return nil
	}
	same := len(old) == len(now)
	for _, f := range old {
		switch n := find(now, f.Name); {
		case n == nil:
			note("%s: %s %s was removed", what, field, f.Name)
			same = false
		case n.Type != f.Type:
			note("%s: %s %s: its type was %s and is %s", what, field, f.Name, f.Type, n.Type)
			same = false
		}
	}
	for _, f := range now {
		if find(old, f.Name) == nil {
			note("%s: %s %s %s was added", what, field, f.Name, f.Type)
			same = false
		}
	}
	if !same {
		return
	}
	for i, f := range old {
		if now[i].Name != f.Name {
			note("%s: its %ss are in another order", what, field)
			return
		}
	}
}
