// Package dynamo keeps records, mailboxes and small blobs in one DynamoDB table
// and large blobs in one S3 bucket. It implements [store.Store].
//
// # The table
//
// The table has a partition key pk and a sort key sk, both strings, and no
// index. Sort keys are compared byte by byte, and a space sorts below every
// byte of an id.
//
//	what      pk                  sk                      attributes
//	record    "r " shard          id                      v version, t token, d data, ttl Unix time when it expires, if it does
//	message   "m " mailbox        sender ' ' seq (16 hex) d data
//	blob      "b " owner          hash                    d data
//
// These names are the storage format: they are never changed, only added to.
//
// A record's shard is a hash of its id, one of 64. So writes spread over
// partitions (each takes about 1,000 a second) and still all records with a
// prefix are found by 64 queries, consistently, which an index could not
// promise. A mailbox is a partition of its own.
//
// # The bucket
//
// A blob larger than [Options.Inline] is the object
//
//	b/XX/OWNER/HASH
//
// where XX is a hash of the owner that spreads the keys, and OWNER is the owner
// with every byte outside [A-Za-z0-9_-] written as =HH, so that no owner makes
// a path that HTTP software would clean up.
//
// # Invariants
//
//  1. A record changes only by a PutItem or DeleteItem with a condition on its
//     version, alone or in a transaction. The item that made the condition fail comes back with the
//     failure, so a repeat of a put that succeeded is recognised by its token
//     in the same request, also when it was the SDK that repeated it. (Only
//     DeleteRecords has no condition.)
//  2. A message is only ever put under the condition that its key is free.
//  3. A blob's name fixes its content, so putting it again changes nothing and
//     needs no condition. Where a blob is follows from its size, but a reader knows
//     only the name: it asks the table, which is cheap, and then the bucket.
//     Hence Inline may be changed at any time.
//  4. All reads of the table are strongly consistent; S3 always is.
//
// Throttling and server errors are retried by the SDK, with back-off, as often as the
// clients are configured to.
package dynamo

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/harkgen/harkgen/rt/store"
)

// Options says where the state is. All but Inline are required.
type Options struct {
	Table    string
	Bucket   string
	DynamoDB *dynamodb.Client
	S3       *s3.Client

	// Inline is the size up to which a blob is kept in the table; 0 is DefaultInline, and
	// at most MaxInline counts.
	Inline int
}

const (
	// DefaultInline is where both places cost the same: writing and deleting 4 KB takes 8 write
	// units of the table, which is the price of one put to the bucket; deleting there is free.
	DefaultInline = 4 << 10
	// MaxInline keeps an item below DynamoDB's 400 KB.
	MaxInline = 320 << 10
)

// Attribute names of the table.
const (
	attrPK      = "pk"
	attrSK      = "sk"
	attrVersion = "v"
	attrToken   = "t"
	attrData    = "d"
	attrTTL     = "ttl"
)

// Store implements [store.Store].
type Store struct {
	db     *dynamodb.Client
	s3     *s3.Client
	table  *string
	bucket *string
	inline int

	closing context.Context // ends when Close is called
	close   context.CancelFunc
	calls   sync.WaitGroup
	mu      sync.Mutex // orders Close against calls.Add
}

var _ store.Store = (*Store)(nil)

// Open returns a store. It makes no request.
func Open(opts Options) (*Store, error) {
	if opts.Table == "" || opts.Bucket == "" || opts.DynamoDB == nil || opts.S3 == nil {
		return nil, errors.New("dynamo: the names of the table and the bucket and their clients are required")
	}
	if opts.Inline == 0 {
		opts.Inline = DefaultInline
	}
	s := &Store{
		db:     opts.DynamoDB,
		s3:     opts.S3,
		table:  aws.String(opts.Table),
		bucket: aws.String(opts.Bucket),
		inline: min(max(opts.Inline, 0), MaxInline),
	}
	s.closing, s.close = context.WithCancel(context.Background())
	return s, nil
}

// Close implements [store.Store]. It waits for the calls it interrupts.
func (s *Store) Close() error {
	s.mu.Lock()
	s.close()
	s.mu.Unlock()
	s.calls.Wait()
	return nil
}

// begin starts a call: the context ends with the caller's or with the store. The
// returned end must be deferred with the call's error, which it makes ErrClosed when Close caused it.
func (s *Store) begin(ctx context.Context) (context.Context, func(*error), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Err() != nil {
		return nil, nil, store.ErrClosed
	}
	s.calls.Add(1)
	outer := ctx
	ctx, cancel := context.WithCancel(ctx)
	unhook := context.AfterFunc(s.closing, cancel)
	return ctx, func(err *error) {
		if *err != nil && outer.Err() == nil && s.closing.Err() != nil && !isSentinel(*err) {
			*err = store.ErrClosed
		}
		unhook()
		cancel()
		s.calls.Done()
	}, nil
}

func isSentinel(err error) bool {
	for _, s := range []error{store.ErrConflict, store.ErrNotFound, store.ErrTooLarge, store.ErrBadID, store.ErrDamaged} {
		if errors.Is(err, s) {
			return true
		}
	}
	return false
}

// pause waits for a back-off that doubles with every attempt, or until ctx ends.
func pause(ctx context.Context, attempt int) error {
	d := min(25*time.Millisecond<<min(attempt, 6), time.Second)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
