package dynamodb

import (
	"slices"

	"github.com/harkgen/harkgen/internal/awsemu/api"
)

// This file defines the operations on one item. Put, update, delete and check are each a write, which
// is prepared, checked against the item as it is, and then done: alone, or with others in a transaction.

// capacity is how much of the capacity a request has consumed.
type capacity struct {
	TableName     string
	CapacityUnits float64
}

// units counts a request of so many bytes; unit is how many a capacity unit has.
func units(bytes, unit int) float64 { return float64(max(1, (bytes+unit-1)/unit)) }

const (
	readUnit  = 4 << 10
	writeUnit = 1 << 10
)

// Units are capacity that was consumed. On demand, these are what DynamoDB bills.
type Units struct{ Read, Write float64 }

// Consumed returns what a table has consumed, but for reads of transactions and for conditions that failed; nothing if there is no such table.
func (s *Service) Consumed(name string) Units {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tables[name]; t != nil {
		return t.consumed
	}
	return Units{}
}

// reads counts what a request has read, and returns it if the request wants to know it.
func (t *table) reads(want string, n float64) *capacity {
	t.consumed.Read += n
	return t.wanted(want, n)
}

// writes is the same of what it has written.
func (t *table) writes(want string, n float64) *capacity {
	t.consumed.Write += n
	return t.wanted(want, n)
}

func (t *table) wanted(want string, n float64) *capacity {
	if want != "TOTAL" && want != "INDEXES" {
		return nil
	}
	return &capacity{t.name, n}
}

// condition is what writes have in common.
type condition struct {
	ConditionExpression                 *string
	ReturnValuesOnConditionCheckFailure string
	params
}

// A write is one that was found to be valid.
type write struct {
	t     *table
	key   Item
	cond  *node
	all   bool // the item is to be returned if the condition fails
	apply func(old Item) (Item, error)
}

// prepare checks the key and the expressions.
func (s *Service) prepare(name string, key Item, c *condition, apply func(t *table) (func(Item) (Item, error), error)) (w write, err error) {
	t, err := s.table(name)
	if err != nil {
		return w, err
	}
	w = write{t: t, key: key, all: c.ReturnValuesOnConditionCheckFailure == "ALL_OLD"}
	if w.cond, err = parseCondition("ConditionExpression", c.ConditionExpression, &c.params); err != nil {
		return w, err
	}
	if w.apply, err = apply(t); err != nil {
		return w, err
	}
	if err := c.check(); err != nil {
		return w, err
	}
	return w, t.checkKey(w.key)
}

// run returns the item before and after, and changes nothing.
func (w write) run() (old, it Item, err error) {
	old = w.t.get(w.key)
	if !w.cond.holds(old) {
		e := api.Errorf("ConditionalCheckFailedException", "The conditional request failed")
		if w.all && old != nil {
			e.More = map[string]any{"Item": old}
		}
		return old, nil, e
	}
	it, err = w.apply(old)
	return old, it, err
}

// do does the write alone.
func (s *Service) do(w write) (old, it Item, err error) {
	old, it, err = w.run()
	if err == nil {
		s.change(w.t, w.key, it, false)
	}
	return old, it, err
}

type writeOutput struct {
	Attributes       Item      `json:",omitempty"`
	ConsumedCapacity *capacity `json:",omitempty"`
}

// returns are how an answer is asked for.
type returns struct {
	ReturnValues                string
	ReturnConsumedCapacity      string
	ReturnItemCollectionMetrics string
}

func (r returns) check(may ...string) error {
	if r.ReturnValues != "" && r.ReturnValues != "NONE" && !slices.Contains(may, r.ReturnValues) {
		return api.Invalid("Return values set to invalid value")
	}
	if r.ReturnItemCollectionMetrics == "SIZE" {
		return api.Invalid("the emulator does not know ReturnItemCollectionMetrics")
	}
	return nil
}

func (r returns) answer(w write, old, it Item) writeOutput {
	out := writeOutput{ConsumedCapacity: w.t.writes(r.ReturnConsumedCapacity, units(max(old.bytes(), it.bytes()), writeUnit))}
	if r.ReturnValues == "ALL_OLD" {
		out.Attributes = old
	}
	return out
}

type putInput struct {
	TableName string
	Item      Item
	condition
}

func (s *Service) preparePut(in *putInput) (write, error) {
	t, err := s.table(in.TableName)
	if err != nil {
		return write{}, err
	}
	if err := t.checkItem(in.Item); err != nil {
		return write{}, err
	}
	return s.prepare(in.TableName, t.key(in.Item), &in.condition, func(*table) (func(Item) (Item, error), error) {
		return func(Item) (Item, error) { return in.Item, nil }, nil
	})
}

type putItemInput struct {
	putInput
	returns
}

func (s *Service) putItem(in *putItemInput) (out writeOutput, err error) {
	if err := in.returns.check("ALL_OLD"); err != nil {
		return out, err
	}
	w, err := s.preparePut(&in.putInput)
	if err != nil {
		return out, err
	}
	old, it, err := s.do(w)
	return in.answer(w, old, it), err
}

type keyInput struct {
	TableName string
	Key       Item
	condition
}

func (s *Service) prepareDelete(in *keyInput) (write, error) {
	return s.prepare(in.TableName, in.Key, &in.condition, func(*table) (func(Item) (Item, error), error) {
		return func(Item) (Item, error) { return nil, nil }, nil
	})
}

type deleteItemInput struct {
	keyInput
	returns
}

func (s *Service) deleteItem(in *deleteItemInput) (out writeOutput, err error) {
	if err := in.returns.check("ALL_OLD"); err != nil {
		return out, err
	}
	w, err := s.prepareDelete(&in.keyInput)
	if err != nil {
		return out, err
	}
	old, it, err := s.do(w)
	return in.answer(w, old, it), err
}

type updateInput struct {
	keyInput
	UpdateExpression *string
}

// prepareUpdate also returns the paths that are updated.
func (s *Service) prepareUpdate(in *updateInput) (w write, paths []path, err error) {
	w, err = s.prepare(in.TableName, in.Key, &in.condition, func(t *table) (func(Item) (Item, error), error) {
		as, err := parseUpdate(in.UpdateExpression, &in.params)
		if err != nil {
			return nil, err
		}
		for _, a := range as {
			if slices.Contains(t.names(), a.path[0].name) {
				return nil, api.Invalid("One or more parameter values were invalid: Cannot update attribute %s. This attribute is part of the key", a.path[0].name)
			}
			paths = append(paths, a.path)
		}
		return func(old Item) (Item, error) {
			if old == nil {
				old = in.Key
			}
			it, err := update(old, as)
			if err != nil {
				return nil, err
			}
			return it, t.checkItem(it)
		}, nil
	})
	return w, paths, err
}

type updateItemInput struct {
	updateInput
	returns
}

func (s *Service) updateItem(in *updateItemInput) (out writeOutput, err error) {
	if err := in.returns.check("ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"); err != nil {
		return out, err
	}
	w, paths, err := s.prepareUpdate(&in.updateInput)
	if err != nil {
		return out, err
	}
	old, it, err := s.do(w)
	if err != nil {
		return out, err
	}
	out = in.answer(w, old, it)
	switch in.ReturnValues {
	case "ALL_NEW":
		out.Attributes = it
	case "UPDATED_OLD":
		out.Attributes = updated(old, paths)
	case "UPDATED_NEW":
		out.Attributes = updated(it, paths)
	}
	return out, nil
}

// updated returns what is at the paths; nothing if there are none.
func updated(it Item, paths []path) Item {
	if paths == nil {
		return nil
	}
	return project(it, paths)
}

type getInput struct {
	TableName                string
	Key                      Item
	ProjectionExpression     *string
	ExpressionAttributeNames map[string]string
}

// get returns an item, or what is wanted of it, and its table and size.
func (s *Service) get(in *getInput) (it Item, t *table, size int, err error) {
	if t, err = s.table(in.TableName); err != nil {
		return nil, nil, 0, err
	}
	p := params{ExpressionAttributeNames: in.ExpressionAttributeNames}
	paths, err := parseProjection(in.ProjectionExpression, &p)
	if err != nil {
		return nil, nil, 0, err
	}
	if err := p.check(); err != nil {
		return nil, nil, 0, err
	}
	if err := t.checkKey(in.Key); err != nil {
		return nil, nil, 0, err
	}
	it = t.get(in.Key)
	return project(it, paths), t, it.bytes(), nil
}

type getItemInput struct {
	getInput
	ConsistentRead         bool
	ReturnConsumedCapacity string
}

// An itemAnswer has an item, an empty one too if something was projected, or none.
type itemAnswer struct {
	Item *Item `json:",omitempty"`
}

type getItemOutput struct {
	itemAnswer
	ConsumedCapacity *capacity `json:",omitempty"`
}

func answerItem(it Item, size int) itemAnswer {
	if size == 0 {
		return itemAnswer{}
	}
	return itemAnswer{&it}
}

func (s *Service) getItem(in *getItemInput) (out getItemOutput, err error) {
	it, t, size, err := s.get(&in.getInput)
	if err != nil {
		return out, err
	}
	n := units(size, readUnit)
	if !in.ConsistentRead {
		n /= 2
	}
	return getItemOutput{answerItem(it, size), t.reads(in.ReturnConsumedCapacity, n)}, nil
}
