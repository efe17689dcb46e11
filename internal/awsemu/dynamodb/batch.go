package dynamodb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/harkgen/harkgen/internal/awsemu/api"
)

// This file defines the operations on several items, and transactions.

const (
	maxWrites       = 25
	doneWrites      = 20 // of a full batch
	maxGets         = 100
	maxTransaction  = 100
	maxTransactSize = 4 << 20
	maxBatchSize    = 16 << 20
)

type writeRequest struct {
	PutRequest    *struct{ Item Item } `json:",omitempty"`
	DeleteRequest *struct{ Key Item }  `json:",omitempty"`
}

// key returns the key of the item, and the item, nil if it is to be deleted.
func (r writeRequest) key(t *table) (key, it Item, err error) {
	switch {
	case r.PutRequest != nil && r.DeleteRequest == nil:
		it = r.PutRequest.Item
		return t.key(it), it, t.checkItem(it)
	case r.DeleteRequest != nil && r.PutRequest == nil:
		key = r.DeleteRequest.Key
		return key, nil, t.checkKey(key)
	}
	return nil, nil, api.Invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
}

func (t *table) keyText(key Item) string {
	b := t.name + "\x00" + key[t.hash].text()
	if t.sort != "" {
		b += "\x00" + key[t.sort].text()
	}
	return b
}

type batchWriteItemInput struct {
	RequestItems                map[string][]writeRequest
	ReturnConsumedCapacity      string
	ReturnItemCollectionMetrics string
}

type batchWriteItemOutput struct {
	UnprocessedItems map[string][]writeRequest
	ConsumedCapacity []*capacity `json:",omitempty"`
}

func (s *Service) batchWriteItem(in *batchWriteItemInput) (out batchWriteItemOutput, err error) {
	n := 0
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(in.RequestItems)) {
		t, err := s.table(name)
		if err != nil {
			return out, err
		}
		if len(in.RequestItems[name]) == 0 {
			return out, api.Invalid("The batch write request list for a table cannot be null or empty")
		}
		for _, r := range in.RequestItems[name] {
			n++
			key, _, err := r.key(t)
			if err != nil {
				return out, err
			}
			if seen[t.keyText(key)] {
				return out, api.Invalid("Provided list of item keys contains duplicates")
			}
			seen[t.keyText(key)] = true
		}
	}
	if n == 0 || n > maxWrites {
		return out, api.Invalid("Too many items requested for the BatchWriteItem call, or none: %d", n)
	}
	s.writeBatch(in, &out)
	return out, nil
}

// writeBatch does what has been checked, but for the last requests of a large batch.
func (s *Service) writeBatch(in *batchWriteItemInput, out *batchWriteItemOutput) {
	out.UnprocessedItems = map[string][]writeRequest{}
	n := 0
	for _, name := range slices.Sorted(maps.Keys(in.RequestItems)) {
		t := s.tables[tableName(name)]
		used := 0.0
		for _, r := range in.RequestItems[name] {
			if n++; n > doneWrites {
				out.UnprocessedItems[name] = append(out.UnprocessedItems[name], r)
				continue
			}
			key, it, _ := r.key(t)
			used += units(max(it.bytes(), t.get(key).bytes()), writeUnit)
			s.change(t, key, it, false)
		}
		if c := t.writes(in.ReturnConsumedCapacity, used); c != nil {
			out.ConsumedCapacity = append(out.ConsumedCapacity, c)
		}
	}
}

type keysAndAttributes struct {
	Keys                     []Item
	ConsistentRead           bool              `json:",omitempty"`
	ProjectionExpression     *string           `json:",omitempty"`
	ExpressionAttributeNames map[string]string `json:",omitempty"`
}

type batchGetItemInput struct {
	RequestItems           map[string]keysAndAttributes
	ReturnConsumedCapacity string
}

type batchGetItemOutput struct {
	Responses        map[string][]Item
	UnprocessedKeys  map[string]keysAndAttributes
	ConsumedCapacity []*capacity `json:",omitempty"`
}

func (s *Service) batchGetItem(in *batchGetItemInput) (out batchGetItemOutput, err error) {
	out = batchGetItemOutput{Responses: map[string][]Item{}, UnprocessedKeys: map[string]keysAndAttributes{}}
	n, total := 0, 0
	for _, name := range slices.Sorted(maps.Keys(in.RequestItems)) {
		req := in.RequestItems[name]
		seen := map[string]bool{}
		used := 0.0
		var t *table
		out.Responses[name] = []Item{}
		for _, key := range req.Keys {
			get := getInput{name, key, req.ProjectionExpression, req.ExpressionAttributeNames}
			it, found, size, err := s.get(&get)
			if err != nil {
				return out, err
			}
			t = found
			if n++; seen[t.keyText(key)] {
				return out, api.Invalid("Provided list of item keys contains duplicates")
			}
			seen[t.keyText(key)] = true
			if total += size; total > maxBatchSize {
				left := out.UnprocessedKeys[name]
				left = keysAndAttributes{append(left.Keys, key), req.ConsistentRead, req.ProjectionExpression, req.ExpressionAttributeNames}
				out.UnprocessedKeys[name] = left
				continue
			}
			if used += units(size, readUnit) / 2; size > 0 {
				out.Responses[name] = append(out.Responses[name], it)
			}
		}
		if t == nil {
			return out, api.Invalid("1 validation error detected: the list of keys of %s is empty", name)
		}
		if req.ConsistentRead {
			used *= 2
		}
		if c := t.reads(in.ReturnConsumedCapacity, used); c != nil {
			out.ConsumedCapacity = append(out.ConsumedCapacity, c)
		}
	}
	if n == 0 || n > maxGets {
		return out, api.Invalid("Too many items requested for the BatchGetItem call, or none: %d", n)
	}
	return out, nil
}

type transactGetItemsInput struct {
	TransactItems          []struct{ Get *getInput }
	ReturnConsumedCapacity string
}

type transactGetItemsOutput struct{ Responses []itemAnswer }

func (s *Service) transactGetItems(in *transactGetItemsInput) (out transactGetItemsOutput, err error) {
	if n := len(in.TransactItems); n == 0 || n > maxTransaction {
		return out, api.Invalid("1 validation error detected: 'transactItems' has %d members, must have 1 to %d", n, maxTransaction)
	}
	if in.ReturnConsumedCapacity != "" && in.ReturnConsumedCapacity != "NONE" {
		return out, api.Invalid("the emulator does not know ReturnConsumedCapacity of transactions")
	}
	for _, i := range in.TransactItems {
		if i.Get == nil {
			return out, api.Invalid("Invalid Request: TransactGetRequest should contain Get")
		}
		it, _, size, err := s.get(i.Get)
		if err != nil {
			return out, err
		}
		out.Responses = append(out.Responses, answerItem(it, size))
	}
	return out, nil
}

type transactItem struct {
	Put            *putInput
	Update         *updateInput
	Delete         *keyInput
	ConditionCheck *keyInput
}

type transactWriteItemsInput struct {
	TransactItems               []transactItem
	ClientRequestToken          string
	ReturnConsumedCapacity      string
	ReturnItemCollectionMetrics string
}

// A transaction is one that was done, remembered for ten minutes by its token.
type transaction struct {
	items []byte
	done  time.Time
}

type reason struct {
	Code    string
	Message string `json:",omitempty"`
	Item    Item   `json:",omitempty"`
}

func (s *Service) transactWriteItems(in *transactWriteItemsInput) (none api.None, err error) {
	if n := len(in.TransactItems); n == 0 || n > maxTransaction {
		return none, api.Invalid("1 validation error detected: 'transactItems' has %d members, must have 1 to %d", n, maxTransaction)
	}
	if in.ReturnConsumedCapacity != "" && in.ReturnConsumedCapacity != "NONE" || in.ReturnItemCollectionMetrics == "SIZE" {
		return none, api.Invalid("the emulator does not know ReturnConsumedCapacity of transactions")
	}
	items, err := json.Marshal(in.TransactItems)
	if err != nil {
		return none, err
	}
	now := s.clock.Now()
	old, known := s.tokens[in.ClientRequestToken]
	if known && in.ClientRequestToken != "" && now.Sub(old.done) < 10*time.Minute {
		if !bytes.Equal(old.items, items) {
			return none, api.Errorf("IdempotentParameterMismatchException", "The request has a token of an earlier one with other parameters")
		}
		return none, nil
	}
	ws, err := s.prepareTransaction(in.TransactItems)
	if err != nil {
		return none, err
	}
	if err := s.transact(ws); err != nil {
		return none, err
	}
	s.tokens[in.ClientRequestToken] = transaction{items, now}
	return none, nil
}

func (s *Service) prepareTransaction(items []transactItem) (ws []write, err error) {
	seen := map[string]bool{}
	for _, i := range items {
		w, err := s.prepareItem(i)
		if err != nil {
			return nil, err
		}
		if seen[w.t.keyText(w.key)] {
			return nil, api.Invalid("Transaction request cannot include multiple operations on one item")
		}
		seen[w.t.keyText(w.key)] = true
		ws = append(ws, w)
	}
	return ws, nil
}

func (s *Service) prepareItem(i transactItem) (w write, err error) {
	n := 0
	for _, there := range []bool{i.Put != nil, i.Update != nil, i.Delete != nil, i.ConditionCheck != nil} {
		if there {
			n++
		}
	}
	switch {
	case n != 1:
		return w, api.Invalid("TransactItems can only contain one of Check, Put, Update or Delete")
	case i.Put != nil:
		return s.preparePut(i.Put)
	case i.Update != nil:
		w, _, err = s.prepareUpdate(i.Update)
		return w, err
	case i.Delete != nil:
		return s.prepareDelete(i.Delete)
	}
	if i.ConditionCheck.ConditionExpression == nil {
		return w, api.Invalid("The expression of a ConditionCheck is missing")
	}
	w, err = s.prepareDelete(i.ConditionCheck)
	w.apply = func(old Item) (Item, error) { return old, nil }
	return w, err
}

// transact does all writes or none.
func (s *Service) transact(ws []write) error {
	var after []Item
	var reasons []reason
	var codes []string
	var used []float64
	ok, size := true, 0
	for _, w := range ws {
		old, it, err := w.run()
		used = append(used, 2*units(max(old.bytes(), it.bytes()), writeUnit))
		r := reason{Code: "None"}
		if e, failed := err.(*api.Error); failed {
			ok = false
			r = reason{Code: strings.TrimSuffix(strings.Replace(e.Code, "ValidationException", "ValidationError", 1), "Exception"), Message: e.Message}
			if r.Code == "ConditionalCheckFailed" {
				r.Item, _ = e.More["Item"].(Item)
			}
		}
		size += it.bytes()
		after, reasons, codes = append(after, it), append(reasons, r), append(codes, r.Code)
	}
	if !ok {
		e := api.Errorf("TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons %s", fmt.Sprintf("[%s]", strings.Join(codes, ", ")))
		e.More = map[string]any{"CancellationReasons": reasons}
		return e
	}
	if size > maxTransactSize {
		return api.Invalid("Transaction request size cannot exceed %d bytes", maxTransactSize)
	}
	for i, w := range ws {
		s.change(w.t, w.key, after[i], false)
		w.t.writes("", used[i])
	}
	return nil
}
