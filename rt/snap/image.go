//lint:file-ignore U1000 the fields of a mirror have their places, used or not

package snap

// This file defines what snap knows about the program image: where its sections are, and how an address in it is
// written down. It mirrors the head of runtime.moduledata; checkImage verifies the mirror at start-up.

import (
	"reflect"
	"runtime"
	"unsafe"
)

//go:linkname findObject runtime.findObject
func findObject(p, refBase, refOff uintptr) (base uintptr, span unsafe.Pointer, objIndex uintptr)

//go:linkname typelinks reflect.typelinks
func typelinks() (sections []unsafe.Pointer, offset [][]int32)

//go:linkname lastmoduledatap runtime.lastmoduledatap
var lastmoduledatap *moduledata

// moduledata mirrors the beginning of runtime.moduledata (runtime/symtab.go).
type moduledata struct {
	pcHeader     unsafe.Pointer
	funcnametab  []byte
	cutab        []uint32
	filetab      []byte
	pctab        []byte
	pclntable    []byte
	ftab         []uint64
	findfunctab  uintptr
	minpc, maxpc uintptr

	text, etext           uintptr
	noptrdata, enoptrdata uintptr
	data, edata           uintptr
	bss, ebss             uintptr
	noptrbss, enoptrbss   uintptr
	covctrs, ecovctrs     uintptr
	end, gcdata, gcbss    uintptr
	types, etypes         uintptr
}

// A section says what may be done with an address of the image.
type section uint8

const (
	secNone     section = iota // not in the image
	secReadOnly                // text, types, constants
	secWritable                // package variables and static data
)

// image describes this program.
var image struct {
	base        uintptr        // start of the type section; offsets are relative to it
	basePtr     unsafe.Pointer // the same
	lo, hi      uintptr        // everything
	types       [2]uintptr     // type descriptors and method tables
	pointers    [2][2]uintptr  // data, bss: variables that may hold pointers
	writable    [4][2]uintptr  // data, noptrdata, bss, noptrbss
	fingerprint uint64         // hash of the section sizes: tells most builds apart even without SetBuild
}

func init() {
	m := lastmoduledatap
	sections, _ := typelinks()
	image.basePtr = sections[0]
	image.base = uintptr(sections[0])
	image.writable = [4][2]uintptr{{m.data, m.edata}, {m.noptrdata, m.enoptrdata}, {m.bss, m.ebss}, {m.noptrbss, m.enoptrbss}}
	image.types = [2]uintptr{m.types, m.etypes}
	image.pointers = [2][2]uintptr{{m.data, m.edata}, {m.bss, m.ebss}}
	image.lo, image.hi = m.text, m.text
	h := newHash(0)
	for _, r := range append(image.writable[:], [2]uintptr{m.text, m.etext}, [2]uintptr{m.types, m.etypes}, [2]uintptr{m.end, m.end}) {
		image.lo = min(image.lo, r[0])
		image.hi = max(image.hi, r[1])
		h.word(uint64(r[0] - image.base))
		h.word(uint64(r[1] - image.base))
	}
	image.fingerprint = h.sum()
	checkImage(m, len(sections))
}

var imageProbe = 1 // an initialised variable, for checkImage

// checkImage panics unless the mirror of moduledata fits this runtime.
func checkImage(m *moduledata, sections int) {
	pc := reflect.ValueOf(checkImage).Pointer()
	ok := sections == 1 && m.types == image.base &&
		m.text <= pc && pc < m.etext &&
		sectionOf(uintptr(unsafe.Pointer(&imageProbe))) == secWritable &&
		sectionOf(uintptr(unsafe.Pointer(&image))) == secWritable &&
		sectionOf(uintptr(descOf(reflect.TypeFor[int]()))) == secReadOnly &&
		methodsMirrored()
	if !ok {
		panic("snap: this Go runtime (" + runtime.Version() + ") lays out its image in an unknown way")
	}
}

func sectionOf(p uintptr) section {
	if p < image.lo || p >= image.hi {
		return secNone
	}
	for _, r := range image.writable {
		if r[0] <= p && p < r[1] {
			return secWritable
		}
	}
	return secReadOnly
}

// imageOffset is the position-independent name of an address in the image.
func imageOffset(p unsafe.Pointer) int64 { return int64(uintptr(p) - image.base) }

// imagePointer is the inverse of imageOffset.
func imagePointer(off int64) (unsafe.Pointer, section) {
	u := image.base + uintptr(off)
	// Not unsafe.Add: checkptr rightly refuses to get from one symbol to another.
	return *(*unsafe.Pointer)(unsafe.Pointer(&u)), sectionOf(u)
}

// An fnv is like FNV-1a, with a final mix; it guards image offsets against accidents.
type fnv struct{ h uint64 }

func newHash(salt uint64) *fnv { return &fnv{14695981039346656037 ^ salt} }

func (h *fnv) word(x uint64) {
	h.h = (h.h ^ x) * 0x9E3779B97F4A7C15
	h.h ^= h.h >> 32
}

func (h *fnv) string(s string) {
	h.word(uint64(len(s)))
	for i := range len(s) {
		h.h = (h.h ^ uint64(s[i])) * 1099511628211
	}
}

func (h *fnv) sum() uint64 {
	x := h.h
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

func hashString(s string) uint64 {
	h := newHash(0)
	h.string(s)
	return h.sum()
}

// fingerprint is that of the image and of what is registered.
func fingerprint() uint64 {
	r := &registry
	if n := len(r.vars) + len(r.externals) + len(r.closures); n != r.hashed {
		h := newHash(image.fingerprint)
		for _, v := range r.vars {
			h.string(v.name)
		}
		h.word(uint64(len(r.vars)))
		r.hashed, r.hash = n, h.sum()
	}
	return r.hash
}

// buildSalt is the part of every guard that belongs to the build.
func buildSalt() uint64 {
	if f := fingerprint(); salt.of != f || salt.id != buildID {
		h := newHash(f)
		h.string(buildID)
		salt.of, salt.id, salt.hash = f, buildID, h.sum()
	}
	return salt.hash
}

var salt struct {
	of   uint64
	id   string
	hash uint64
}

// guard binds an image offset to its meaning and to the build.
func guard(kind byte, off int64, name string, n uint64) uint32 {
	h := newHash(buildSalt())
	h.word(uint64(kind))
	h.word(uint64(off))
	h.string(name)
	h.word(n)
	return uint32(h.sum())
}
