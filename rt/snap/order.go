package snap

// This file defines the order in which the entries of a map are written. It depends on the program's state, not on addresses or on
// the order of insertion:
//
//   - Keys of a basic kind come in their own order.
//   - Any other key is turned into text (orderText): basic content as it is, a pointer as the number of what it leads to if
//     that has one already, else as the content of it, up to maxOrderDepth pointers deep.
//   - Of keys with equal text (NaNs, pointers to equal things) the elements' texts decide.
//
// What is left is unordered: entries that differ only in memory further away, or after the first maxOrderBytes.

import (
	"bytes"
	"encoding/binary"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unsafe"
)

const maxOrderDepth = 3

// A pair is an entry of a map, where it is in memory.
type pair struct {
	keyAt, elemAt uintptr // the map keeps them alive
	rank          uint64  // orders the keys; equal ranks say nothing
}

func (p *pair) key() unsafe.Pointer  { return pointerTo(p.keyAt) }
func (p *pair) elem() unsafe.Pointer { return pointerTo(p.elemAt) }

// sorted returns the entries of the map m in order; the slice is valid until the next call.
func (e *encoder) sorted(t *mapType, m unsafe.Pointer) []pair {
	n := mapValue(typeOfDesc(t.desc), m).Len()
	if n == 0 {
		return nil
	}
	pairs := slices.Grow(e.pairs[:0], n)
	for it := t.entries(m); it.key != nil && len(pairs) < n; it.next() {
		pairs = append(pairs, pair{keyAt: uintptr(it.key), elemAt: uintptr(it.elem)})
	}
	e.pairs = pairs
	switch k := t.keyType.Kind(); {
	case k == reflect.String:
		sortStrings(pairs)
	case k >= reflect.Bool && k <= reflect.Uintptr:
		for i := range pairs {
			pairs[i].rank = number64(k, pairs[i].key())
		}
		radixSort(pairs, 56)
	case k == reflect.Float32 || k == reflect.Float64:
		for i := range pairs {
			pairs[i].rank = number64(k, pairs[i].key())
		}
		radixSort(pairs, 56)
		e.sortTies(t, pairs, func(a, b int) bool { return pairs[a].rank == pairs[b].rank })
	default:
		e.sortTexts(t, pairs)
	}
	return pairs
}

// sortStrings sorts pairs by the string keys: by the 8 bytes after what all have in common, then by the rest.
func sortStrings(pairs []pair) {
	common := commonPrefix(pairs[:min(8, len(pairs))]) // mostly of all
	for i := 0; i < len(pairs); i++ {
		s := *(*string)(pairs[i].key())
		if !strings.HasPrefix(s, common) {
			common, i = commonPrefix(pairs), -1
			continue
		}
		pairs[i].rank = prefix64(s[len(common):])
	}
	radixSort(pairs, 56)
	for lo := 0; lo < len(pairs); {
		hi := lo + 1
		for hi < len(pairs) && pairs[hi].rank == pairs[lo].rank {
			hi++
		}
		if hi-lo > 1 {
			slices.SortFunc(pairs[lo:hi], func(a, b pair) int {
				return bytes.Compare(stringBytes(a.key()), stringBytes(b.key()))
			})
		}
		lo = hi
	}
}

// commonPrefix is what all keys begin with.
func commonPrefix(pairs []pair) string {
	common := *(*string)(pairs[0].key())
	for i := range pairs {
		for s := *(*string)(pairs[i].key()); !strings.HasPrefix(s, common); {
			common = common[:len(common)-1]
		}
	}
	return common
}

func stringBytes(p unsafe.Pointer) []byte {
	s := *(*string)(p)
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

// prefix64 is the number that the first 8 bytes of s make.
func prefix64(s string) uint64 {
	var b [8]byte
	copy(b[:], s)
	return binary.BigEndian.Uint64(b[:])
}

// sortTexts sorts pairs by the texts of their keys.
func (e *encoder) sortTexts(t *mapType, pairs []pair) {
	same := e.sortByText(pairs, t.key, t.keyCount, func(x *pair) unsafe.Pointer { return x.key() })
	e.sortTies(t, pairs, same)
}

// sortByText sorts pairs by the texts of n elements of p at where. It returns a function that tells if two of the sorted pairs have equal texts.
func (e *encoder) sortByText(pairs []pair, p *prog, n int, where func(*pair) unsafe.Pointer) (same func(a, b int) bool) {
	var text []byte // of all pairs
	ends := make([]int, len(pairs)+1)
	for i := range pairs {
		pairs[i].rank = uint64(i)
		text = e.orderText(text, p, n, where(&pairs[i]), maxOrderDepth)
		ends[i+1] = len(text)
	}
	of := func(i uint64) []byte { return text[ends[i]:ends[i+1]] }
	slices.SortFunc(pairs, func(a, b pair) int { return bytes.Compare(of(a.rank), of(b.rank)) })
	return func(a, b int) bool { return bytes.Equal(of(pairs[a].rank), of(pairs[b].rank)) }
}

// sortTies sorts runs of pairs with the same keys by their elements.
func (e *encoder) sortTies(t *mapType, pairs []pair, same func(a, b int) bool) {
	for lo := 0; lo < len(pairs); {
		hi := lo + 1
		for hi < len(pairs) && same(lo, hi) {
			hi++
		}
		if hi-lo > 1 {
			e.sortByText(pairs[lo:hi], t.elem, t.elemCount, func(x *pair) unsafe.Pointer { return x.elem() })
		}
		lo = hi
	}
}

// sortedPairs returns the keys and elements of a sync.Map, in the order of the keys.
func (e *encoder) sortedPairs(m *sync.Map) []any {
	var pairs []any
	m.Range(func(k, v any) bool {
		pairs = append(pairs, k, v)
		return true
	})
	if len(pairs) <= 2 {
		return pairs
	}
	list := make([]pair, len(pairs)/2)
	for i := range list {
		list[i] = pair{keyAt: uintptr(unsafe.Pointer(&pairs[2*i])), elemAt: uintptr(unsafe.Pointer(&pairs[2*i+1]))}
	}
	p, _ := progOf(efaceOp.typ)
	e.sortTexts(&mapType{key: p, elem: p, keyCount: 1, elemCount: 1}, list)
	out := make([]any, 0, len(pairs))
	for _, x := range list {
		out = append(out, *(*any)(x.key()), *(*any)(x.elem()))
	}
	runtime.KeepAlive(pairs)
	return out
}

// maxOrderBytes bounds the text of one key.
const maxOrderBytes = 1 << 10

// orderText appends the text by which n elements of p at mem are ordered. It looks through up to depth pointers.
func (e *encoder) orderText(text []byte, p *prog, n int, mem unsafe.Pointer, depth int) []byte {
	limit := len(text) + maxOrderBytes
	for i := range n {
		at := unsafe.Add(mem, uintptr(i)*p.size)
		for k := range p.ops {
			if len(text) >= limit {
				return text
			}
			text = e.orderOp(text, &p.ops[k], unsafe.Add(at, p.ops[k].off), depth)
		}
	}
	return text
}

func (e *encoder) orderOp(text []byte, o *op, slot unsafe.Pointer, depth int) []byte {
	switch o.kind {
	case opRaw:
		b := unsafe.Slice((*byte)(slot), min(o.size, maxOrderBytes))
		for i := len(b) - 1; i >= 0; i-- { // little endian
			text = append(text, b[i])
		}
	case opFix:
		b := bytes.Clone(unsafe.Slice((*byte)(slot), o.size))
		o.fix(b)
		text = append(text, b...)
	case opArray:
		text = e.orderText(text, o.sub, o.n, slot, depth)
	case opString:
		s := *(*string)(slot)
		text = append(append(text, s[:min(len(s), maxOrderBytes)]...), 0)
		text = binary.BigEndian.AppendUint32(text, uint32(len(s)))
	case opEface, opIface:
		text = e.orderIface(text, o, slot, depth)
	case opHandle:
		if q := *(*unsafe.Pointer)(slot); q != nil && depth > 0 {
			sub, n := o.target()
			text = e.orderText(text, sub, n, q, depth-1)
		}
	case opWeak:
		if word := *(*unsafe.Pointer)(slot); word != nil {
			sub, n := o.target()
			text = e.orderRef(text, weakTarget(word), sub, n, depth)
		}
	case opPtr:
		sub, n := o.target()
		text = e.orderRef(text, *(*unsafe.Pointer)(slot), sub, n, depth)
	case opSlice:
		h := (*sliceHeader)(slot)
		text = binary.BigEndian.AppendUint64(text, uint64(h.len))
		if sub, n := o.target(); h.len > 0 {
			text = e.orderRef(text, h.data, sub, n*h.len, depth)
		}
	case opMap:
		q := *(*unsafe.Pointer)(slot)
		if text = e.orderRef(text, q, nil, 0, 0); q != nil {
			text = binary.BigEndian.AppendUint64(text, uint64(mapValue(o.typ, q).Len()))
		}
	case opChan:
		q := *(*unsafe.Pointer)(slot)
		if text = e.orderRef(text, q, nil, 0, 0); q != nil {
			text = binary.BigEndian.AppendUint64(text, uint64((*hchan)(q).qcount))
		}
	case opFunc:
		q := *(*unsafe.Pointer)(slot)
		if text = e.orderRef(text, q, nil, 0, 0); q != nil {
			text = append(text, registry.closureText(*(*uintptr)(q))...)
		}
	}
	return text
}

// orderRef appends the text of a reference to n elements of p at q; p is nil if there is nothing to look at there.
func (e *encoder) orderRef(text []byte, q unsafe.Pointer, p *prog, n, depth int) []byte {
	if q == nil {
		return append(text, 0)
	}
	if h, sec := e.headOf(q); h != nil {
		if i := e.find(*h, uintptr(q), uintptr(q)+1); i != 0 {
			r := e.regs.at(i)
			if r.kind == external {
				text = append(append(text, 1), registry.externals[r.name].name...)
				return binary.BigEndian.AppendUint64(text, uint64(uintptr(q)-r.addr))
			}
			if r.id != 0 {
				text = binary.BigEndian.AppendUint32(append(text, 2), r.id)
				return binary.BigEndian.AppendUint64(text, uint64(uintptr(q)-r.addr))
			}
		}
		if sec != secNone {
			return binary.BigEndian.AppendUint64(append(text, 3), uint64(imageOffset(q)))
		}
	} else if sec != secNone && p == nil {
		return binary.BigEndian.AppendUint64(append(text, 3), uint64(imageOffset(q)))
	}
	text = append(text, 4)
	if p == nil || depth == 0 {
		return text
	}
	return e.orderText(text, p, n, q, depth-1)
}

func (e *encoder) orderIface(text []byte, o *op, slot unsafe.Pointer, depth int) []byte {
	v := (*eface)(slot)
	desc := v.tab
	if desc == nil {
		return append(text, 0)
	}
	if o.kind == opIface {
		desc = dynamicType(o.typ, slot)
	}
	p, n := e.dynamicProg(desc)
	text = append(append(text, 1), typeOfDesc(desc).String()...)
	text = append(text, 0)
	if e.heapHead(desc) == nil {
		text = binary.BigEndian.AppendUint64(text, uint64(imageOffset(desc)))
	}
	if p.isDirect(n) {
		return e.orderText(text, p, n, unsafe.Pointer(&v.data), depth)
	}
	return e.orderText(text, p, n, v.data, depth)
}

// closureText names the function with this code.
func (r *registered) closureText(code uintptr) string {
	if i, ok := r.closureByCode[code]; ok {
		return r.closures[i].name
	}
	return funcName(code)
}

// radixSort sorts pairs by rank, of which the bits from shift+8 on are equal.
func radixSort(pairs []pair, shift int) {
	for len(pairs) > 48 && shift >= 0 {
		var ends [256]int
		for i := range pairs {
			ends[byte(pairs[i].rank>>shift)]++
		}
		if ends[byte(pairs[0].rank>>shift)] == len(pairs) {
			shift -= 8
			continue
		}
		var next [256]int
		sum := 0
		for b, n := range ends {
			next[b] = sum
			sum += n
			ends[b] = sum
		}
		for b := range ends { // put each where it belongs, and what is there where that belongs
			for next[b] < ends[b] {
				x := pairs[next[b]]
				for byte(x.rank>>shift) != byte(b) {
					c := byte(x.rank >> shift)
					pairs[next[c]], x = x, pairs[next[c]]
					next[c]++
				}
				pairs[next[b]] = x
				next[b]++
			}
		}
		lo := 0
		for _, hi := range ends {
			if hi-lo > 1 {
				radixSort(pairs[lo:hi], shift-8)
			}
			lo = hi
		}
		return
	}
	if shift < 0 {
		return
	}
	for i := 1; i < len(pairs); i++ {
		x, j := pairs[i], i
		for ; j > 0 && pairs[j-1].rank > x.rank; j-- {
			pairs[j] = pairs[j-1]
		}
		pairs[j] = x
	}
}

// number64 maps the key at p to a number of the same order.
func number64(k reflect.Kind, p unsafe.Pointer) uint64 {
	const sign = 1 << 63
	switch k {
	case reflect.Int, reflect.Int64:
		return uint64(*(*int64)(p)) ^ sign
	case reflect.Int32:
		return uint64(*(*int32)(p)) ^ sign
	case reflect.Int16:
		return uint64(*(*int16)(p)) ^ sign
	case reflect.Int8:
		return uint64(*(*int8)(p)) ^ sign
	case reflect.Float64:
		return orderFloat(*(*float64)(p))
	case reflect.Float32:
		return orderFloat(float64(*(*float32)(p)))
	case reflect.Uint32:
		return uint64(*(*uint32)(p))
	case reflect.Uint16:
		return uint64(*(*uint16)(p))
	case reflect.Uint8, reflect.Bool:
		return uint64(*(*uint8)(p))
	}
	return *(*uint64)(p)
}

func orderFloat(f float64) uint64 {
	b := math.Float64bits(f)
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}
