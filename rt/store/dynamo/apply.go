package dynamo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/harkgen/harkgen/rt/store"
)

// This file defines changes of several records at once: a transaction, which costs twice as much as its writes one by one. So a change that is alone is made as itself.

var _ store.Atomic = (*Store)(nil)

// Apply implements [store.Atomic].
func (s *Store) Apply(ctx context.Context, changes ...store.Change) (err error) {
	for _, c := range changes {
		if err := store.CheckPut(c.Record, nil); err != nil {
			return err
		}
	}
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end(&err)
	switch len(changes) {
	case 0:
		return nil
	case 1:
		return s.applyOne(ctx, &changes[0])
	}
	in := &dynamodb.TransactWriteItemsInput{ClientRequestToken: aws.String(requestToken(changes))}
	for i := range changes {
		in.TransactItems = append(in.TransactItems, s.transactItem(&changes[i]))
	}
	for attempt := 0; ; attempt++ {
		_, err := s.db.TransactWriteItems(ctx, in)
		canceled, ok := errors.AsType[*types.TransactionCanceledException](err)
		if err == nil {
			return nil
		}
		if !ok {
			return fmt.Errorf("change %d records: %w", len(changes), err)
		}
		conflict, err := conflictOf(changes, canceled.CancellationReasons)
		if conflict == nil || err != nil {
			return err
		}
		if len(conflict.IDs) > 0 {
			return conflict
		}
		if err := pause(ctx, attempt); err != nil { // other requests for these items were under way, or it was throttled
			return err
		}
	}
}

func (s *Store) applyOne(ctx context.Context, c *store.Change) error {
	var err error
	if c.New > 0 {
		err = s.putRecord(ctx, c.Record, c.New)
	} else {
		err = s.Delete(ctx, c.ID, c.Version)
	}
	switch {
	case errors.Is(err, store.ErrConflict):
		return &store.ConflictError{IDs: []string{c.ID}}
	case errors.Is(err, store.ErrNotFound):
		return nil
	}
	return err
}

// requestToken is the same for the same changes: by it the service knows a repeat for ten minutes.
func requestToken(changes []store.Change) string {
	h := sha256.New()
	for _, c := range changes {
		fmt.Fprintln(h, c.Token)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func (s *Store) transactItem(c *store.Change) types.TransactWriteItem {
	condition, values := ifVersion(c.Version)
	const all = types.ReturnValuesOnConditionCheckFailureAllOld
	if c.New > 0 {
		return types.TransactWriteItem{Put: &types.Put{
			TableName: s.table, Item: recordItem(c.Record, c.New), ConditionExpression: condition, ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: all,
		}}
	}
	return types.TransactWriteItem{Delete: &types.Delete{
		TableName: s.table, Key: recordKey(c.ID), ConditionExpression: aws.String("attribute_not_exists(pk) OR " + *condition), ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: all,
	}}
}

// conflictOf returns the conflict that has canceled a transaction, without ids if there was none but it is to be repeated, and nil if the changes were made before: if one was, all were.
func conflictOf(changes []store.Change, reasons []types.CancellationReason) (*store.ConflictError, error) {
	conflict := &store.ConflictError{}
	for i, r := range reasons[:min(len(reasons), len(changes))] {
		switch code := aws.ToString(r.Code); code {
		case "None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
		case "ConditionalCheckFailed":
			if made, err := madeBy(r.Item, changes[i].Token, changes[i].New); made || err != nil {
				return nil, err
			}
			conflict.IDs = append(conflict.IDs, changes[i].ID)
		default:
			return nil, fmt.Errorf("change record %s: %s: %s", changes[i].ID, code, aws.ToString(r.Message))
		}
	}
	return conflict, nil
}

// DeleteRecords implements [store.Bulk].
func (s *Store) DeleteRecords(ctx context.Context, ids ...string) (err error) {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end(&err)
	var keys []item
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		if err := store.CheckID(id); err != nil {
			return err
		}
		keys = append(keys, recordKey(id))
	}
	if err := s.deleteItems(ctx, keys); err != nil {
		return fmt.Errorf("delete %d records: %w", len(keys), err)
	}
	return nil
}
