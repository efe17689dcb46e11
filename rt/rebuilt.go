package rt

import (
	"maps"
	"math"
	"os"
	"reflect"
	"strings"
	"unsafe"

	"github.com/harkgen/harkgen/rt/snap"
)

// This file knows the package variables that each process makes anew, because the compiler has found that nothing changes them after
// initialisation. With HARKCHECK in the environment, as all tests have it, each commit verifies that nothing has.

type rebuiltVar struct {
	name string
	ptr  reflect.Value
	sum  uint64 // after initialisation
}

var (
	rebuilt      []rebuiltVar
	userPackages = map[string]bool{}
	checkRebuilt = os.Getenv("HARKCHECK") != ""
)

// RegisterRebuilt registers a package variable, a pointer to which is ptr, that each process makes anew. leads says that it may lead to memory that has
// an identity, which values of the program can share.
func RegisterRebuilt(name string, ptr any, leads bool) {
	if leads {
		snap.RegisterExternal(name, ptr)
	}
	if checkRebuilt {
		userPackages[name[:strings.LastIndexByte(name, '.')]] = true
		rebuilt = append(rebuilt, rebuiltVar{name: name, ptr: reflect.ValueOf(ptr)})
	}
}

// initialRebuilt notes what initialisation has made of the rebuilt variables.
func initialRebuilt() {
	for i := range rebuilt {
		rebuilt[i].sum = contentSum(rebuilt[i].ptr)
	}
}

// changedRebuilt returns the name of a rebuilt variable that has changed, "" if there is none.
func changedRebuilt() string {
	for _, v := range rebuilt {
		if contentSum(v.ptr) != v.sum {
			return v.name
		}
	}
	return ""
}

// contentSum sums up what can be reached from v without looking into types of other packages: what these change is not the program's.
func contentSum(v reflect.Value) uint64 {
	budget := sumBudget
	s := summer{seen: map[unsafe.Pointer]bool{}, budget: &budget}
	s.value(v)
	if budget <= 0 {
		return 0 // too much to look at
	}
	return s.sum
}

// sumBudget bounds how many words are summed up for a variable.
const sumBudget = 1 << 20

type summer struct {
	sum    uint64
	seen   map[unsafe.Pointer]bool
	budget *int
}

func (s *summer) word(x uint64) {
	s.sum = mix(s.sum*31 + x)
	*s.budget--
}

func (s *summer) value(v reflect.Value) {
	if !v.IsValid() || *s.budget <= 0 {
		s.word(0)
		return
	}
	t := v.Type()
	if p := t.PkgPath(); p != "" && !userPackages[p] {
		return
	}
	s.word(uint64(t.Kind()))
	switch t.Kind() {
	case reflect.Bool:
		if v.Bool() {
			s.word(1)
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		s.word(uint64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		s.word(v.Uint())
	case reflect.Float32, reflect.Float64:
		s.word(math.Float64bits(v.Float()))
	case reflect.Complex64, reflect.Complex128:
		s.word(math.Float64bits(real(v.Complex())))
		s.word(math.Float64bits(imag(v.Complex())))
	case reflect.String:
		s.text(v.String())
	case reflect.Struct:
		for i := range v.NumField() {
			s.value(v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			s.value(v.Index(i))
		}
	case reflect.Slice:
		s.word(uint64(v.Len()))
		if v.Len() > 0 && s.first(v.UnsafePointer()) {
			for i := range v.Len() {
				s.value(v.Index(i))
			}
		}
	case reflect.Pointer:
		if !v.IsNil() && s.first(v.UnsafePointer()) {
			s.value(v.Elem())
		}
	case reflect.Interface:
		if !v.IsNil() {
			s.text(v.Elem().Type().String())
			s.value(v.Elem())
		}
	case reflect.Map:
		if !v.IsNil() && s.first(v.UnsafePointer()) {
			s.entries(v)
		}
	case reflect.Chan, reflect.Func, reflect.UnsafePointer:
		s.word(uint64(uintptr(v.UnsafePointer())))
	}
}

// entries sums the entries of a map, in whatever order they come.
func (s *summer) entries(v reflect.Value) {
	all := uint64(v.Len())
	for it := v.MapRange(); it.Next(); {
		e := summer{seen: maps.Clone(s.seen), budget: s.budget} // what two entries share, each sees
		e.value(it.Key())
		e.value(it.Value())
		all += e.sum
	}
	s.word(all)
}

// first reports whether p was not seen yet.
func (s *summer) first(p unsafe.Pointer) bool {
	if s.seen[p] {
		s.word(2)
		return false
	}
	s.word(1)
	s.seen[p] = true
	return true
}

func (s *summer) text(t string) {
	s.word(uint64(len(t)))
	for i := range len(t) {
		s.word(uint64(t[i]))
	}
}
