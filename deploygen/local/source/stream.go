package source

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"strconv"
	"sync"
	"time"

	"github.com/harkgen/harkgen/deploygen/local/lambda"
	"github.com/harkgen/harkgen/internal/awsemu/dynamodb"
	"github.com/harkgen/harkgen/rt/clock"
)

// A Change is a record of a stream.
type Change = dynamodb.Record

func sequence(c *Change) string { return strconv.FormatUint(c.Sequence, 10) }

// A Stream is the event source mapping of a stream of one shard, with ReportBatchItemFailures and BisectBatchOnFunctionError. Batches come in order, one after the other.
type Stream struct {
	ARN      string
	Function string // with qualifier
	Batch    int    // most records of an event; 0 is 1
	Retries  int    // of a batch
	Clock    *clock.Clock
	Invoke   Invoke
	Failed   func(record []byte) // takes what is to be sent to the destination for failures

	mu      sync.Mutex
	pending []Change
	more    chan struct{} // has one if there may be pending ones; made by Run or Add
}

// Add adds a record. It does not wait.
func (s *Stream) Add(c Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = append(s.pending, c)
	select {
	case s.signal() <- struct{}{}:
	default:
	}
}

// signal returns s.more; s.mu is held.
func (s *Stream) signal() chan struct{} {
	if s.more == nil {
		s.more = make(chan struct{}, 1)
	}
	return s.more
}

// Run handles the records until the context ends.
func (s *Stream) Run(ctx context.Context) {
	s.mu.Lock()
	more := s.signal()
	s.mu.Unlock()
	for ctx.Err() == nil {
		batch := s.take()
		if len(batch) == 0 {
			select {
			case <-more:
			case <-ctx.Done():
			}
			continue
		}
		s.handle(ctx, batch, s.Retries)
	}
}

func (s *Stream) take() []Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(len(s.pending), max(s.Batch, 1))
	batch := s.pending[:n:n]
	s.pending = s.pending[n:]
	return batch
}

// handle invokes the function for a batch until all of it has succeeded or been given up. What fails again is halved.
func (s *Stream) handle(ctx context.Context, batch []Change, retries int) {
	backoff := time.Second
	for len(batch) > 0 {
		res, err := s.Invoke(ctx, lambda.Invocation{Function: s.Function, Payload: StreamEvent(s.ARN, batch)})
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			rest := s.rest(batch, res)
			if len(rest) == 0 {
				return
			}
			progress := len(rest) < len(batch)
			batch = rest
			switch {
			case retries == 0:
				s.giveUp(batch, res)
				return
			case !progress && len(batch) > 1:
				half := len(batch) / 2
				s.handle(ctx, batch[:half], retries-1)
				s.handle(ctx, batch[half:], retries-1)
				return
			}
			retries--
		}
		if !s.Clock.Sleep(ctx.Done(), s.Clock.Now().Add(backoff)) {
			return
		}
		backoff = min(2*backoff, time.Minute)
	}
}

// rest returns the records from the first that has failed on.
func (s *Stream) rest(batch []Change, res *lambda.Result) []Change {
	index := map[string]int{}
	for i := range batch {
		index[sequence(&batch[i])] = i
	}
	failed, ok := failures(res, func(id string) bool { _, known := index[id]; return known })
	if !ok {
		return batch
	}
	first := len(batch)
	for id := range failed {
		first = min(first, index[id])
	}
	return batch[first:]
}

func (s *Stream) giveUp(batch []Change, res *lambda.Result) {
	first, last := batch[0], batch[len(batch)-1]
	s.Failed(mustJSON(map[string]any{
		"version":   "1.0",
		"timestamp": stamp(s.Clock.Now()),
		"requestContext": map[string]any{
			"requestId": res.ID, "functionArn": s.Function, "condition": "RetryAttemptsExhausted", "approximateInvokeCount": s.Retries + 1,
		},
		"responseContext": map[string]any{"statusCode": 200, "executedVersion": res.Version, "functionError": "Unhandled"},
		"DDBStreamBatchInfo": map[string]any{
			"shardId": "shardId-00000000000000000000-00000000", "startSequenceNumber": sequence(&first), "endSequenceNumber": sequence(&last),
			"approximateArrivalOfFirstRecord": stamp(first.Time), "approximateArrivalOfLastRecord": stamp(last.Time),
			"batchSize": len(batch), "streamArn": s.ARN,
		},
	}))
}

// StreamEvent returns the event of a batch of a stream.
func StreamEvent(arn string, batch []Change) []byte {
	records := []any{}
	for _, c := range batch {
		data := map[string]any{
			"ApproximateCreationDateTime": c.Time.Unix(), "Keys": c.Keys, "SequenceNumber": sequence(&c),
			"SizeBytes": size(c.Keys) + size(c.New) + size(c.Old), "StreamViewType": "NEW_AND_OLD_IMAGES",
		}
		if c.New != nil {
			data["NewImage"] = c.New
		}
		if c.Old != nil {
			data["OldImage"] = c.Old
		}
		r := map[string]any{
			"eventID": eventID(arn, &c), "eventName": c.Event, "eventVersion": "1.1", "eventSource": "aws:dynamodb",
			"awsRegion": lambda.DefaultRegion, "eventSourceARN": arn, "dynamodb": data,
		}
		if c.Expired {
			r["userIdentity"] = map[string]string{"type": "Service", "principalId": "dynamodb.amazonaws.com"}
		}
		records = append(records, r)
	}
	return mustJSON(map[string]any{"Records": records})
}

// eventID is the same whenever a record is delivered.
func eventID(arn string, c *Change) string {
	sum := md5.Sum([]byte(arn + " " + sequence(c)))
	return hex.EncodeToString(sum[:])
}

// size is about what AWS counts for an item, in bytes.
func size(it dynamodb.Item) int { return len(mustJSON(it)) }
