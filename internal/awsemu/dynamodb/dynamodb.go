// Package dynamodb emulates DynamoDB: tables with indexes, the whole of its expressions, transactions, expiry, and changes as a stream.
//
// Parameters from before expressions (Expected, AttributeUpdates, ...) are refused, and PartiQL is unknown. Indexes are computed when
// they are read, and are consistent at once. A BatchWriteItem of more than 20 requests leaves the rest unprocessed, so that callers' loops are tested.
// An item that has expired is gone at once.
package dynamodb

import (
	"strconv"
	"sync"
	"time"

	"github.com/harkgen/harkgen/internal/awsemu/api"
	"github.com/harkgen/harkgen/rt/clock"
)

// A Record is a change of an item, as a stream has it.
type Record struct {
	Event    string // INSERT, MODIFY, REMOVE
	Sequence uint64
	Time     time.Time
	Keys     Item
	New, Old Item // nil if there is none
	Expired  bool // removed by time to live
}

// Service is DynamoDB.
type Service struct {
	clock *clock.Clock

	mu       sync.Mutex
	tables   map[string]*table
	sequence uint64
	onChange func(table string, r Record)
	tokens   map[string]transaction // those of TransactWriteItems, by ClientRequestToken
}

// New returns a DynamoDB without tables.
func New(c *clock.Clock) *Service {
	return &Service{clock: c, tables: map[string]*table{}, tokens: map[string]transaction{}}
}

// OnChange sets a function that is called after each change, in their order. It must not call the service.
func (s *Service) OnChange(f func(table string, r Record)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onChange = f
}

// Ops returns the operations.
func (s *Service) Ops() api.Ops {
	return api.Ops{
		"CreateTable":        locked(s, s.createTable),
		"DeleteTable":        locked(s, s.deleteTable),
		"DescribeTable":      locked(s, s.describeTable),
		"ListTables":         locked(s, s.listTables),
		"UpdateTimeToLive":   locked(s, s.updateTimeToLive),
		"DescribeTimeToLive": locked(s, s.describeTimeToLive),
		"PutItem":            locked(s, s.putItem),
		"GetItem":            locked(s, s.getItem),
		"UpdateItem":         locked(s, s.updateItem),
		"DeleteItem":         locked(s, s.deleteItem),
		"Query":              locked(s, s.query),
		"Scan":               locked(s, s.scan),
		"BatchGetItem":       locked(s, s.batchGetItem),
		"BatchWriteItem":     locked(s, s.batchWriteItem),
		"TransactGetItems":   locked(s, s.transactGetItems),
		"TransactWriteItems": locked(s, s.transactWriteItems),
	}
}

func locked[In, Out any](s *Service, do func(*In) (Out, error)) api.Op {
	return api.JSON(func(_ *api.Call, in *In) (Out, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return do(in)
	})
}

// table returns a table, of a name or an ARN, without the items that have expired.
func (s *Service) table(name string) (*table, error) {
	t := s.tables[tableName(name)]
	if t == nil {
		return nil, api.Errorf("ResourceNotFoundException", "Requested resource not found")
	}
	s.expire(t)
	return t, nil
}

// expire removes what has expired.
func (s *Service) expire(t *table) {
	now := s.clock.Now()
	if t.ttl == "" || t.expiry.IsZero() || now.Before(t.expiry) {
		return
	}
	t.expiry = time.Time{}
	for _, it := range t.all() {
		switch at := t.expires(it); {
		case at.IsZero():
		case at.After(now):
			t.note(at)
		default:
			s.change(t, t.key(it), nil, true)
		}
	}
}

// expires returns when an item expires, the zero time if it does not.
func (t *table) expires(it Item) time.Time {
	v, ok := it[t.ttl]
	if !ok || v.kind != "N" {
		return time.Time{}
	}
	sec, err := strconv.ParseInt(v.n.String(), 10, 64)
	if err != nil || sec <= 0 {
		return time.Time{}
	}
	return time.Unix(sec, 0)
}

// note keeps the time of the first expiry.
func (t *table) note(at time.Time) {
	if !at.IsZero() && (t.expiry.IsZero() || at.Before(t.expiry)) {
		t.expiry = at
	}
}

// change puts an item, or removes it if it is nil, and tells of it.
func (s *Service) change(t *table, key, it Item, expired bool) {
	old := t.get(key)
	if it == nil {
		t.remove(key)
	} else {
		t.put(it)
		t.note(t.expires(it))
	}
	if s.onChange == nil || old == nil && it == nil || old != nil && it != nil && old.equal(it) {
		return
	}
	s.sequence++
	r := Record{Event: "MODIFY", Sequence: s.sequence, Time: s.clock.Now(), Keys: key, New: it, Old: old, Expired: expired}
	switch {
	case old == nil:
		r.Event = "INSERT"
	case it == nil:
		r.Event = "REMOVE"
	}
	s.onChange(t.name, r)
}
