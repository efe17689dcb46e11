package dynamodb

import (
	"slices"
	"strings"
	"time"

	"github.com/harkgen/harkgen/internal/awsemu/api"
)

// This file defines where items are: in partitions, in the order of their sort keys.

const (
	maxItem    = 400 << 10
	maxPage    = 1 << 20
	maxHashKey = 2048
	maxSortKey = 1024
)

// A keySchema is the key of a table or an index; sort may be "".
type keySchema struct{ hash, sort string }

func (k keySchema) names() []string {
	if k.sort == "" {
		return []string{k.hash}
	}
	return []string{k.hash, k.sort}
}

type table struct {
	name string
	keySchema
	kinds   map[string]string // types of the attributes in keys
	indexes map[string]*index
	spec    createTableInput
	created time.Time
	parts   map[string][]Item // by the text of the hash key; in order
	ttl     string            // the attribute, "" for none
	expiry  time.Time         // of the first item that expires, zero if none does

	consumed Units
}

type index struct {
	name string
	keySchema
	global     bool
	projection projection
}

func tableName(nameOrARN string) string {
	if _, name, ok := strings.Cut(nameOrARN, ":table/"); ok {
		return name
	}
	return nameOrARN
}

// compareSort orders items of a partition.
func (k keySchema) compareSort(a, b Item) int {
	if k.sort == "" {
		return 0
	}
	return a[k.sort].compare(b[k.sort])
}

// find returns the place of an item in its partition.
func (t *table) find(key Item) (part string, i int, there bool) {
	part = key[t.hash].text()
	i, there = slices.BinarySearchFunc(t.parts[part], key, t.compareSort)
	return part, i, there
}

// get returns an item, nil if there is none.
func (t *table) get(key Item) Item {
	part, i, there := t.find(key)
	if !there {
		return nil
	}
	return t.parts[part][i]
}

func (t *table) put(it Item) {
	part, i, there := t.find(it)
	if there {
		t.parts[part][i] = it
		return
	}
	t.parts[part] = slices.Insert(t.parts[part], i, it)
}

func (t *table) remove(key Item) {
	part, i, there := t.find(key)
	if !there {
		return
	}
	t.parts[part] = slices.Delete(t.parts[part], i, i+1)
	if len(t.parts[part]) == 0 {
		delete(t.parts, part)
	}
}

// all returns all items, in the order of Scan.
func (t *table) all() (its []Item) {
	names := make([]string, 0, len(t.parts))
	for name := range t.parts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		its = append(its, t.parts[name]...)
	}
	return its
}

// key returns the key of an item.
func (t *table) key(it Item) Item { return pick(it, t.names()) }

func pick(it Item, names []string) Item {
	k := Item{}
	for _, name := range names {
		k[name] = it[name]
	}
	return k
}

// checkKey checks a key given alone.
func (t *table) checkKey(key Item) error {
	if len(key) != len(t.names()) {
		return api.Invalid("The provided key element does not match the schema")
	}
	for _, name := range t.names() {
		if v, ok := key[name]; !ok || v.kind != t.kinds[name] {
			return api.Invalid("The provided key element does not match the schema")
		}
	}
	return t.checkKeyValues(t.keySchema, key)
}

// checkKeyValues checks the sizes of the values of a key.
func (t *table) checkKeyValues(k keySchema, it Item) error {
	for _, name := range k.names() {
		n := it[name].bytes()
		most := maxSortKey
		if name == k.hash {
			most = maxHashKey
		}
		if n == 0 {
			return api.Invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", longKinds[it[name].kind], name)
		}
		if n > most {
			return api.Invalid("One or more parameter values were invalid: Size of hashkey or rangekey has exceeded the maximum size limit of %d bytes", most)
		}
	}
	return nil
}

var longKinds = map[string]string{"S": "string", "B": "binary", "N": "number"}

// checkItem checks an item that is to be put.
func (t *table) checkItem(it Item) error {
	for _, name := range t.names() {
		v, ok := it[name]
		if !ok {
			return api.Invalid("One or more parameter values were invalid: Missing the key %s in the item", name)
		}
		if v.kind != t.kinds[name] {
			return api.Invalid("One or more parameter values were invalid: Type mismatch for key %s expected: %s actual: %s", name, t.kinds[name], v.kind)
		}
	}
	if err := t.checkKeyValues(t.keySchema, it); err != nil {
		return err
	}
	for _, x := range t.indexes {
		for _, name := range x.names() {
			if v, ok := it[name]; ok && v.kind != t.kinds[name] {
				return api.Invalid("One or more parameter values were invalid: Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", name, t.kinds[name], v.kind, x.name)
			}
		}
		if x.has(it) {
			if err := t.checkKeyValues(x.keySchema, it); err != nil {
				return err
			}
		}
	}
	if it.bytes() > maxItem {
		return api.Invalid("Item size has exceeded the maximum allowed size")
	}
	if (Value{kind: "M", m: it}).depth() > maxDepth+2 {
		return api.Invalid("Nesting Levels have exceeded supported limits")
	}
	return nil
}

// has reports whether an item is in the index.
func (x *index) has(it Item) bool {
	for _, name := range x.names() {
		if _, ok := it[name]; !ok {
			return false
		}
	}
	return true
}

// project returns what the index has of an item.
func (x *index) project(t *table, it Item) Item {
	if x.projection.ProjectionType == "ALL" {
		return it
	}
	out := Item{}
	for _, name := range slices.Concat(t.names(), x.names(), x.projection.NonKeyAttributes) {
		if v, ok := it[name]; ok {
			out[name] = v
		}
	}
	return out
}
