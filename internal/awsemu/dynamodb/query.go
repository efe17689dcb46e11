package dynamodb

import (
	"hash/fnv"
	"iter"
	"slices"

	"github.com/harkgen/harkgen/internal/awsemu/api"
)

// This file defines Query and Scan: both read a sequence of items, of the table or an index, page by page.

// readInput is what Query and Scan have in common.
type readInput struct {
	TableName              string
	IndexName              *string
	FilterExpression       *string
	ProjectionExpression   *string
	Select                 string
	ConsistentRead         bool
	ExclusiveStartKey      Item
	Limit                  *int
	ReturnConsumedCapacity string
	params
}

type readOutput struct {
	Items            *[]Item `json:",omitempty"`
	Count            int
	ScannedCount     int
	LastEvaluatedKey Item      `json:",omitempty"`
	ConsumedCapacity *capacity `json:",omitempty"`
}

// A read is one that was found to be valid.
type read struct {
	in     *readInput
	t      *table
	x      *index // nil: the table
	k      keySchema
	filter *node
	paths  []path
}

func (s *Service) prepareRead(in *readInput) (r read, err error) {
	t, err := s.table(in.TableName)
	if err != nil {
		return r, err
	}
	r = read{in: in, t: t, k: t.keySchema}
	if in.IndexName != nil {
		if r.x = t.indexes[*in.IndexName]; r.x == nil {
			return r, api.Invalid("The table does not have the specified index: %s", *in.IndexName)
		}
		if r.k = r.x.keySchema; r.x.global && in.ConsistentRead {
			return r, api.Invalid("Consistent reads are not supported on global secondary indexes")
		}
	}
	if in.Limit != nil && *in.Limit < 1 {
		return r, api.Invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1", *in.Limit)
	}
	if r.filter, err = parseCondition("FilterExpression", in.FilterExpression, &in.params); err != nil {
		return r, err
	}
	if r.paths, err = parseProjection(in.ProjectionExpression, &in.params); err != nil {
		return r, err
	}
	return r, r.checkSelect()
}

func (r read) checkSelect() error {
	switch sel := r.in.Select; {
	case sel == "" || sel == "ALL_ATTRIBUTES" && r.paths == nil && (r.x == nil || !r.x.global || r.x.projection.ProjectionType == "ALL"):
	case sel == "COUNT" && r.paths == nil, sel == "SPECIFIC_ATTRIBUTES" && r.paths != nil, sel == "ALL_PROJECTED_ATTRIBUTES" && r.paths == nil && r.x != nil:
	default:
		return api.Invalid("One or more parameter values were invalid: Select %s cannot be used here", sel)
	}
	return nil
}

// names are the attributes of keys that tell where a page ended.
func (r read) names() []string {
	names := r.t.names()
	for _, name := range r.k.names() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// compare orders items of one partition of what is read, also those of an index with the same key.
func (r read) compare(a, b Item) int {
	if c := r.k.compareSort(a, b); c != 0 || r.x == nil {
		return c
	}
	for _, name := range r.t.names() {
		if c := a[name].compare(b[name]); c != 0 {
			return c
		}
	}
	return 0
}

// start checks the key that the page starts after.
func (r read) start() error {
	key := r.in.ExclusiveStartKey
	if key == nil {
		return nil
	}
	names := r.names()
	for _, name := range names {
		if key[name].kind != r.t.kinds[name] {
			return api.Invalid("The provided starting key is invalid: The provided key element does not match the schema")
		}
	}
	if len(key) != len(names) {
		return api.Invalid("The provided starting key is invalid")
	}
	return nil
}

// page reads from items, in order, those that are wanted.
func (r read) page(its iter.Seq[Item], want func(Item) bool) readOutput {
	out := readOutput{}
	got := []Item{}
	size := 0
	for it := range its {
		if !want(it) {
			continue
		}
		seen := it
		if r.x != nil && (r.x.global || r.in.Select == "ALL_PROJECTED_ATTRIBUTES" || r.in.Select == "" && r.paths == nil) {
			seen = r.x.project(r.t, it)
		}
		size += seen.bytes()
		out.ScannedCount++
		if r.filter.holds(seen) {
			got = append(got, project(seen, r.paths))
		}
		if r.in.Limit != nil && out.ScannedCount == *r.in.Limit || size > maxPage {
			out.LastEvaluatedKey = pick(it, r.names())
			break
		}
	}
	out.Count = len(got)
	if r.in.Select != "COUNT" {
		out.Items = &got
	}
	n := units(size, readUnit)
	if !r.in.ConsistentRead {
		n /= 2
	}
	out.ConsumedCapacity = r.t.reads(r.in.ReturnConsumedCapacity, n)
	return out
}

type queryInput struct {
	readInput
	KeyConditionExpression *string
	ScanIndexForward       *bool
}

const keyWhat = "KeyConditionExpression"

func (s *Service) query(in *queryInput) (out readOutput, err error) {
	r, err := s.prepareRead(&in.readInput)
	if err != nil {
		return out, err
	}
	if in.KeyConditionExpression == nil {
		return out, api.Invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	cond, err := parseCondition(keyWhat, in.KeyConditionExpression, &in.params)
	if err != nil {
		return out, err
	}
	if err := in.check(); err != nil {
		return out, err
	}
	hash, err := r.keyCondition(cond)
	if err != nil {
		return out, err
	}
	if err := r.checkFilter(r.filter); err != nil {
		return out, err
	}
	if err := r.start(); err != nil {
		return out, err
	}
	from := in.ExclusiveStartKey
	if from != nil && !from[r.k.hash].equal(hash) {
		return out, api.Invalid("The provided starting key is outside query boundaries based on provided conditions")
	}
	its := r.partition(hash)
	seq, order := slices.Values(its), r.compare
	if in.ScanIndexForward != nil && !*in.ScanIndexForward {
		seq = func(yield func(Item) bool) {
			for _, it := range slices.Backward(its) {
				if !yield(it) {
					return
				}
			}
		}
		order = func(a, b Item) int { return r.compare(b, a) }
	}
	return r.page(seq, func(it Item) bool {
		return (from == nil || order(it, from) > 0) && cond.holds(it)
	}), nil
}

// partition returns the items with a hash key, in order.
func (r read) partition(hash Value) []Item {
	if r.x == nil {
		return r.t.parts[hash.text()]
	}
	its := slices.DeleteFunc(r.t.all(), func(it Item) bool { return !r.x.has(it) || !it[r.k.hash].equal(hash) })
	slices.SortFunc(its, r.compare)
	return its
}

// keyCondition checks that a condition is one of a key, and returns the value of the hash key.
func (r read) keyCondition(n *node) (hash Value, err error) {
	parts := []*node{n}
	if n.op == "AND" {
		parts = n.kids
	}
	seen := map[string]bool{}
	for _, p := range parts {
		name, err := r.keyPart(p)
		if err != nil {
			return hash, err
		}
		if seen[name] {
			return hash, api.Invalid("KeyConditionExpressions must only contain one condition per key")
		}
		seen[name] = true
		if name != r.k.hash {
			continue
		}
		if p.op != "=" {
			return hash, api.Invalid("Query key condition not supported")
		}
		hash = *p.args[1].value
	}
	if !seen[r.k.hash] {
		return hash, api.Invalid("Query condition missed key schema element: %s", r.k.hash)
	}
	return hash, nil
}

// keyPart checks one part of a condition of a key, and returns the attribute.
func (r read) keyPart(n *node) (string, error) {
	if !slices.Contains([]string{"=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"}, n.op) {
		return "", api.Invalid("Invalid operator used in KeyConditionExpression: %s", n.op)
	}
	if n.args[0].value != nil && n.args[1].path != nil && n.op == "=" {
		n.args[0], n.args[1] = n.args[1], n.args[0]
	}
	if len(n.args[0].path) != 1 || n.args[0].size {
		return "", api.Invalid("Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on nested attributes")
	}
	name := n.args[0].path[0].name
	if !slices.Contains(r.k.names(), name) {
		return "", api.Invalid("Query condition missed key schema element: %s", r.k.names()[len(r.k.names())-1])
	}
	for _, a := range n.args[1:] {
		switch {
		case a.value == nil:
			return "", api.Invalid("Invalid KeyConditionExpression: KeyConditionExpressions must compare a key with a value")
		case a.value.kind != r.t.kinds[name]:
			return "", api.Invalid("One or more parameter values were invalid: Condition parameter type does not match schema type")
		case a.value.bytes() == 0:
			return "", api.Invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: %s", name)
		}
	}
	return name, nil
}

// checkFilter refuses keys in the filter of a query.
func (r read) checkFilter(n *node) error {
	if n == nil {
		return nil
	}
	for _, a := range n.args {
		if a.path != nil && slices.Contains(r.k.names(), a.path[0].name) {
			return api.Invalid("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s", a.path[0].name)
		}
	}
	for _, k := range n.kids {
		if err := r.checkFilter(k); err != nil {
			return err
		}
	}
	return nil
}

type scanInput struct {
	readInput
	Segment, TotalSegments *int
}

func (s *Service) scan(in *scanInput) (out readOutput, err error) {
	r, err := s.prepareRead(&in.readInput)
	if err != nil {
		return out, err
	}
	if err := in.check(); err != nil {
		return out, err
	}
	segment, total := 0, 1
	if in.Segment != nil && in.TotalSegments != nil {
		segment, total = *in.Segment, *in.TotalSegments
	}
	if (in.Segment == nil) != (in.TotalSegments == nil) || segment < 0 || segment >= total || total > 1_000_000 {
		return out, api.Invalid("The Segment parameter is required with TotalSegments, zero-based, and must be less than it")
	}
	if err := r.start(); err != nil {
		return out, err
	}
	from := in.ExclusiveStartKey
	return r.page(slices.Values(r.t.all()), func(it Item) bool {
		h := fnv.New32a()
		h.Write([]byte(it[r.t.hash].text()))
		return (r.x == nil || r.x.has(it)) && int(h.Sum32())%total == segment && (from == nil || r.t.compareScan(it, from) > 0)
	}), nil
}

// compareScan orders items as all does.
func (t *table) compareScan(a, b Item) int {
	x, y := a[t.hash].text(), b[t.hash].text()
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return t.compareSort(a, b)
}
