// This file defines changes of several records at once.

package store

import (
	"context"
	"fmt"
	"strings"
)

// A Change is what one or several puts and deletions make of a record.
type Change struct {
	Record       // as the last one puts it; Version is what it replaces: 0 for none
	New    int64 // version that the record has then; 0: it is deleted
}

// An Atomic store can make several changes at once. Not all can, so nothing but package behind asks for it.
type Atomic interface {
	Store

	// Apply makes changes of different records, at most MaxChanges with MaxApply bytes of data: all, or none. The error is a *ConflictError if
	// the stored version of any of them is not the one it replaces; to delete what is not there is no conflict. Each change has a Token; a repeat of changes that were made
	// succeeds, as that of a put does.
	Apply(ctx context.Context, changes ...Change) error

	Bulk
}

// A Bulk store deletes many records with few requests.
type Bulk interface {
	// DeleteRecords deletes records, whatever their versions; those not there are ignored. After an error some may be deleted.
	DeleteRecords(ctx context.Context, ids ...string) error
}

// Limits of Apply. They are DynamoDB's.
const (
	MaxChanges = 100
	MaxApply   = 3 << 20 // bytes of data; with all else it is less than 4 MB
)

// A ConflictError says which changes were not those of the stored version. It wraps ErrConflict.
type ConflictError struct{ IDs []string }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("records %s: %v", strings.Join(e.IDs, ", "), ErrConflict)
}

func (e *ConflictError) Unwrap() error { return ErrConflict }
