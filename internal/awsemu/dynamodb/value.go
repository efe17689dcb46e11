package dynamodb

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/harkgen/harkgen/internal/awsemu/api"
)

// This file defines attribute values.

// A Value is the value of an attribute. In JSON it is as the protocol writes it: {"S": "text"}. Values are never changed.
type Value struct {
	kind string // S, N, B, BOOL, NULL, SS, NS, BS, L, M
	s    string
	n    number
	b    []byte
	bool bool
	list []Value // of L and of sets, which are sorted
	m    map[string]Value
}

// An Item is an item of a table, or a key.
type Item map[string]Value

// UnmarshalJSON implements [json.Unmarshaler].
func (v *Value) UnmarshalJSON(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	if len(members) != 1 {
		return api.Invalid("Supplied AttributeValue is empty or has several types, must contain exactly one of the supported datatypes")
	}
	for kind, raw := range members {
		v.kind = kind
		return v.decode(raw)
	}
	return nil
}

func (v *Value) decode(raw json.RawMessage) (err error) {
	switch v.kind {
	case "S":
		return json.Unmarshal(raw, &v.s)
	case "B":
		v.b = []byte{}
		return json.Unmarshal(raw, &v.b)
	case "BOOL", "NULL":
		if err := json.Unmarshal(raw, &v.bool); err != nil || v.kind == "BOOL" || v.bool {
			return err
		}
		return api.Invalid("One or more parameter values were invalid: Null attribute value types must have the value of true")
	case "N":
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		v.n, err = parseNumber(s)
		return err
	case "L":
		v.list = []Value{}
		return json.Unmarshal(raw, &v.list)
	case "M":
		v.m = map[string]Value{}
		return json.Unmarshal(raw, &v.m)
	case "SS", "NS", "BS":
		return v.decodeSet(raw)
	}
	return api.Errorf("SerializationException", "the emulator does not know values of type %q", v.kind)
}

func (v *Value) decodeSet(raw json.RawMessage) error {
	var members []json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return err
	}
	if len(members) == 0 {
		return api.Invalid("One or more parameter values were invalid: An string set  may not be empty")
	}
	for _, m := range members {
		e := Value{kind: v.kind[:1]}
		if err := e.decode(m); err != nil {
			return err
		}
		v.list = append(v.list, e)
	}
	slices.SortFunc(v.list, Value.compare)
	if len(slices.CompactFunc(slices.Clone(v.list), Value.equal)) != len(v.list) {
		return api.Invalid("One or more parameter values were invalid: Input collection %s contains duplicates.", raw)
	}
	return nil
}

// MarshalJSON implements [json.Marshaler].
func (v Value) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{v.kind: v.plain()})
}

// plain returns the value as it stands in JSON, without its type.
func (v Value) plain() any {
	switch v.kind {
	case "S":
		return v.s
	case "N":
		return v.n.String()
	case "B":
		return v.b
	case "BOOL", "NULL":
		return v.bool
	case "M":
		return v.m
	case "L":
		return v.list
	}
	set := make([]any, len(v.list))
	for i, e := range v.list {
		set[i] = e.plain()
	}
	return set
}

func str(s string) Value { return Value{kind: "S", s: s} }

func (v Value) isSet() bool { return v.kind == "SS" || v.kind == "NS" || v.kind == "BS" }

// compare orders strings, numbers or binary values of the same type.
func (v Value) compare(o Value) int {
	switch v.kind {
	case "N":
		return v.n.cmp(o.n)
	case "B":
		return bytes.Compare(v.b, o.b)
	}
	return strings.Compare(v.s, o.s)
}

func (v Value) ordered() bool { return v.kind == "S" || v.kind == "N" || v.kind == "B" }

func (v Value) equal(o Value) bool {
	switch {
	case v.kind != o.kind:
		return false
	case v.ordered():
		return v.compare(o) == 0
	case v.kind == "BOOL":
		return v.bool == o.bool
	case v.kind == "M":
		return maps.EqualFunc(v.m, o.m, Value.equal)
	}
	return slices.EqualFunc(v.list, o.list, Value.equal)
}

func (it Item) equal(o Item) bool { return maps.EqualFunc(it, o, Value.equal) }

// has reports whether a set or list has an element.
func (v Value) has(e Value) bool { return slices.ContainsFunc(v.list, e.equal) }

// bytes is what the value takes up in an item.
func (v Value) bytes() int {
	switch v.kind {
	case "S":
		return len(v.s)
	case "N":
		return v.n.size()
	case "B":
		return len(v.b)
	case "BOOL", "NULL":
		return 1
	}
	n := 0
	if !v.isSet() {
		n = 3 + len(v.list) + len(v.m)
	}
	for _, e := range v.list {
		n += e.bytes()
	}
	for name, e := range v.m {
		n += len(name) + e.bytes()
	}
	return n
}

func (it Item) bytes() int {
	n := 0
	for name, v := range it {
		n += len(name) + v.bytes()
	}
	return n
}

const maxDepth = 32

func (v Value) depth() int {
	d := 0
	for _, e := range v.list {
		d = max(d, e.depth())
	}
	for _, e := range v.m {
		d = max(d, e.depth())
	}
	return d + 1
}

// text is a name for a value of a key: different values have different ones, and equal numbers the same.
func (v Value) text() string {
	switch v.kind {
	case "N":
		return "N" + v.n.String()
	case "B":
		return "B" + string(v.b)
	}
	return "S" + v.s
}
