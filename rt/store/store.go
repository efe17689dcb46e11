// Package store defines where durable programs keep their state: records,
// mailboxes and blobs. It asks so little of the thing below that an embedded
// key-value store, a cloud database or a directory can implement it: a
// conditional put of one item, an idempotent append, a range read, a delete.
// Transactions over several items are not needed; a store that has them (Atomic) can be written behind (package behind).
//
// # The one conditional write
//
// Each record has a version. Put stores a record only if the stored version is
// the one the writer has read (0: there is none yet), and the version grows by
// one. Whoever loses gets ErrConflict, drops what it computed and loads again.
//
// # Lost answers
//
// A put whose answer was lost (a server was killed, a connection broke) may or
// may not have happened. So every put carries a Token, random and new for each
// logical write. The record keeps the token of the put that made it, and a put
// that finds
//
//	stored.Version == r.Version+1 and stored.Token == r.Token
//
// is the repeat of one that succeeded, and succeeds again without writing. When
// somebody else has written since, the repeat gets ErrConflict: the writer then
// drops a step that did take effect, which is safe, because it loads the record
// before it does anything else.
//
// # Blobs
//
// What is too large for a record goes into blobs, named by an owner and the hash
// of their content, and immutable. Invariants, kept by every writer:
//
//  1. A blob is durable before the record that points to it is visible. Put
//     does this for the blobs passed with the record.
//  2. Only the writer whose Put replaced the record that pointed to a blob
//     deletes that blob, and only if the new record does not point to it. A
//     writer that got ErrConflict deletes nothing: the winner may have stored
//     the same content under the same name.
//  3. Records of different owners never point to the same blob.
//
// A crash between a put and the deletion of what it replaced leaves a blob that
// nothing points to. Blobs lists them for whoever holds the only lease on the owner.
//
// # Mailboxes
//
// A mailbox holds messages under the key (sender, sequence). A second append
// under the same key is a no-op and the first content stays, so a sender that does not
// know whether its append happened repeats it. Messages are read in the order
// of the sender's name, then of the sequence; there is no order between
// senders in time. An append after the message was consumed stores it again:
// it is the receiver's record that remembers what it has consumed.
package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// Limits that every implementation enforces, so that a program that works on
// one store works on all. They come from the smallest item among them
// (DynamoDB, 400 KB with keys and attributes).
const (
	MaxID      = 255       // bytes of an id of a record, mailbox, sender or owner
	MaxRecord  = 320 << 10 // bytes of Record.Data
	MaxMessage = 320 << 10 // bytes of Message.Data
	MaxBlob    = 2 << 30   // bytes of Blob.Data; an implementation may split it
)

var (
	// ErrConflict says that the stored version is not the one the writer expected.
	ErrConflict = errors.New("store: the record was changed by another writer")
	// ErrNotFound says that there is no such record or blob.
	ErrNotFound = errors.New("store: not found")
	// ErrTooLarge says that a record, message or blob is over its limit.
	ErrTooLarge = errors.New("store: too large")
	// ErrBadID says that an id is empty, too long, or has bytes outside '!'..'~'.
	ErrBadID = errors.New("store: bad id")
	// ErrDamaged says that what is stored cannot be what was written. Nothing is
	// ever deleted because of it.
	ErrDamaged = errors.New("store: damaged")
	// ErrClosed says that the store was closed by this process.
	ErrClosed = errors.New("store: closed")
)

// A Store is safe for concurrent use. Whatever changes it is durable when the
// call returns without an error, except for DeleteMessages and DeleteBlob, which
// may be forgotten in a crash. After an error that is none of
// the sentinels above, a change may have happened or not; repeating the call
// with the same arguments is always right.
//
// Slices that are passed in are not kept, and slices that are returned belong to the caller.
type Store interface {
	// Get returns the record, or ErrNotFound.
	Get(ctx context.Context, id string) (Record, error)
	// Put stores r, and first the blobs, if the stored version is r.Version, and
	// returns the new version; else ErrConflict. An empty r.Token is replaced by
	// a random one. See "Lost answers".
	Put(ctx context.Context, r Record, blobs ...Blob) (version int64, err error)
	// Delete deletes the record if the stored version is the given one; else ErrConflict.
	// A record that is not there is ErrNotFound, which a repeat should take as success.
	Delete(ctx context.Context, id string, version int64) error
	// List returns a page of the records whose id begins with prefix, in no particular order.
	// The first page is "", and next is "" after the last one. A page may have fewer records than limit, or none.
	// A record that exists during the whole listing is returned exactly once.
	List(ctx context.Context, prefix, page string, limit int) (rs []Record, next string, err error)

	// Append adds messages to the mailbox. A message whose key is there already is left as it is.
	// Several messages are appended in order, but not atomically.
	Append(ctx context.Context, mailbox string, ms ...Message) error
	// Messages returns up to limit messages with keys above after (the zero Key: from the
	// first), in order of their keys. Fewer than limit, but not none, may be returned though there are more.
	Messages(ctx context.Context, mailbox string, after Key, limit int) ([]Message, error)
	// DeleteMessages deletes messages that were consumed; those not there are ignored.
	DeleteMessages(ctx context.Context, mailbox string, keys ...Key) error

	// PutBlob stores a blob; one that is there already is left as it is. Put with the blob is cheaper.
	PutBlob(ctx context.Context, b Blob) error
	// GetBlob returns the content of the blob, or ErrNotFound, or ErrDamaged when the content does not fit its name.
	GetBlob(ctx context.Context, name string) ([]byte, error)
	// DeleteBlob deletes a blob; one that is not there is ignored.
	DeleteBlob(ctx context.Context, name string) error
	// Blobs returns a page of the names of the owner's blobs, as List does.
	Blobs(ctx context.Context, owner, page string, limit int) (names []string, next string, err error)

	// Close releases the store. Calls that are under way end, with ErrClosed at worst.
	Close() error
}

// A Record is the unit of the conditional put.
type Record struct {
	ID      string
	Version int64  // 1 after the first put; in a put the version it replaces, 0 for none
	Token   string // of the put that made it; see NewToken
	Data    []byte

	Expires time.Time // in a put: when the store may delete the record; zero: never. Not all stores do
}

// A Key names a message in its mailbox. Sequences of a sender start at 1.
type Key struct {
	Sender string
	Seq    uint64
}

// A Message waits in a mailbox.
type Message struct {
	Key
	Data []byte
}

// A Blob is immutable content under a name that says what it must be; see NewBlob.
type Blob struct {
	Name string // owner, '/', hex of the first half of the SHA-256 of Data
	Data []byte
}

// NewBlob names data for its owner, usually the id of the record that will point to it.
func NewBlob(owner string, data []byte) Blob {
	return Blob{Name: owner + "/" + blobHash(data), Data: data}
}

const blobHashLen = 32

func blobHash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:blobHashLen/2])
}

// NewToken returns the token of a logical put.
func NewToken() string { return rand.Text() }

// CheckID returns an error that wraps ErrBadID unless id may name a record, mailbox, sender or owner:
// 1 to MaxID bytes from '!' to '~'. Space sorts below all of them and
// is free for implementations as a separator.
func CheckID(id string) error {
	if id == "" || len(id) > MaxID {
		return fmt.Errorf("%w: %d bytes", ErrBadID, len(id))
	}
	for i := range len(id) {
		if c := id[i]; c < '!' || c > '~' {
			return fmt.Errorf("%w: %q", ErrBadID, id)
		}
	}
	return nil
}

// CheckPut is what every implementation checks before it puts.
func CheckPut(r Record, blobs []Blob) error {
	if err := CheckID(r.ID); err != nil {
		return err
	}
	if r.Version < 0 {
		return fmt.Errorf("store: put of %s with version %d", r.ID, r.Version)
	}
	if len(r.Data) > MaxRecord {
		return fmt.Errorf("%w: record %s has %d bytes, at most %d fit", ErrTooLarge, r.ID, len(r.Data), MaxRecord)
	}
	for _, b := range blobs {
		if err := CheckBlobName(b.Name); err != nil {
			return err
		}
		if len(b.Data) > MaxBlob {
			return fmt.Errorf("%w: blob %s has %d bytes, at most %d fit", ErrTooLarge, b.Name, len(b.Data), MaxBlob)
		}
	}
	return nil
}

// CheckMessages is what every implementation checks before it appends.
func CheckMessages(mailbox string, ms []Message) error {
	if err := CheckID(mailbox); err != nil {
		return err
	}
	for _, m := range ms {
		if err := CheckID(m.Sender); err != nil {
			return err
		}
		if m.Seq == 0 {
			return fmt.Errorf("store: message from %s without a sequence", m.Sender)
		}
		if len(m.Data) > MaxMessage {
			return fmt.Errorf("%w: message %d from %s has %d bytes, at most %d fit", ErrTooLarge, m.Seq, m.Sender, len(m.Data), MaxMessage)
		}
	}
	return nil
}

// CheckBlobName checks the form of a blob's name.
func CheckBlobName(name string) error {
	i := len(name) - blobHashLen - 1
	if i <= 0 || name[i] != '/' {
		return fmt.Errorf("%w: blob %q", ErrBadID, name)
	}
	if _, err := hex.DecodeString(name[i+1:]); err != nil {
		return fmt.Errorf("%w: blob %q", ErrBadID, name)
	}
	return CheckID(name[:i])
}

// CheckBlob returns an error that wraps ErrDamaged unless data is what the name says.
func CheckBlob(name string, data []byte) error {
	if i := len(name) - blobHashLen; i < 0 || name[i:] != blobHash(data) {
		return Damagedf("blob %s does not have the content it is named after", name)
	}
	return nil
}

// Damagedf returns an error that wraps ErrDamaged without repeating its text.
func Damagedf(format string, args ...any) error {
	return &damagedError{fmt.Sprintf(format, args...)}
}

type damagedError struct{ msg string }

func (e *damagedError) Error() string { return e.msg }
func (e *damagedError) Unwrap() error { return ErrDamaged }

// IsRepeat reports whether put is the repeat of the put that made stored. See "Lost answers".
func IsRepeat(stored, put Record) bool {
	return put.Token != "" && stored.Token == put.Token && stored.Version == put.Version+1
}
