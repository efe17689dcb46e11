package dynamo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/harkgen/harkgen/rt/store"
)

// This file defines the calls on mailboxes.

func mailboxPK(mailbox string) string { return "m " + mailbox }

func messageSK(k store.Key) string { return fmt.Sprintf("%s %016x", k.Sender, k.Seq) }

func parseMessageSK(sk string) (store.Key, error) {
	sender, hex, ok := strings.Cut(sk, " ")
	seq, err := strconv.ParseUint(hex, 16, 64)
	if !ok || err != nil || len(hex) != 16 || sender == "" {
		return store.Key{}, fmt.Errorf("%w: the key %q of a message", store.ErrDamaged, sk)
	}
	return store.Key{Sender: sender, Seq: seq}, nil
}

// Append implements [store.Store]. The messages go one after the other, because a reader that saw
// a later message of a sender first would take the earlier one for consumed.
func (s *Store) Append(ctx context.Context, mailbox string, ms ...store.Message) (err error) {
	if err := store.CheckMessages(mailbox, ms); err != nil {
		return err
	}
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end(&err)
	for _, m := range ms {
		it := key(mailboxPK(mailbox), messageSK(m.Key))
		it[attrData] = bin(m.Data)
		_, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{
			TableName:           s.table,
			Item:                it,
			ConditionExpression: aws.String("attribute_not_exists(pk)"),
		})
		if err == nil {
			continue
		}
		if _, there := failedCondition(err); !there {
			return fmt.Errorf("append message %d from %s to %s: %w", m.Seq, m.Sender, mailbox, err)
		}
	}
	return nil
}

// Messages implements [store.Store].
func (s *Store) Messages(ctx context.Context, mailbox string, after store.Key, limit int) (ms []store.Message, err error) {
	if err := store.CheckID(mailbox); err != nil {
		return nil, err
	}
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end(&err)
	from := ""
	if after.Sender != "" {
		from = messageSK(after)
	}
	in := s.query(mailboxPK(mailbox), "", from, limit)
	for {
		out, err := s.db.Query(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("read mailbox %s: %w", mailbox, err)
		}
		for _, it := range out.Items {
			m, err := decodeMessage(it)
			if err != nil {
				return nil, err
			}
			ms = append(ms, m)
		}
		if len(ms) > 0 || out.LastEvaluatedKey == nil {
			return ms, nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey // none may be returned only at the end
	}
}

func decodeMessage(it item) (store.Message, error) {
	_, sk, err := decodeKey(it)
	if err != nil {
		return store.Message{}, err
	}
	k, err := parseMessageSK(sk)
	if err != nil {
		return store.Message{}, err
	}
	d, ok := it[attrData].(*types.AttributeValueMemberB)
	if !ok {
		return store.Message{}, fmt.Errorf("%w: message %d from %s lacks its data", store.ErrDamaged, k.Seq, k.Sender)
	}
	return store.Message{Key: k, Data: d.Value}, nil
}

// maxBatch is DynamoDB's limit of requests in a BatchWriteItem.
const maxBatch = 25

// DeleteMessages implements [store.Store].
func (s *Store) DeleteMessages(ctx context.Context, mailbox string, keys ...store.Key) (err error) {
	if err := store.CheckID(mailbox); err != nil {
		return err
	}
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end(&err)
	var items []item
	seen := make(map[store.Key]bool, len(keys)) // a batch with one key twice is refused
	for _, k := range keys {
		if !seen[k] && k.Sender != "" {
			seen[k] = true
			items = append(items, key(mailboxPK(mailbox), messageSK(k)))
		}
	}
	if err := s.deleteItems(ctx, items); err != nil {
		return fmt.Errorf("delete messages of %s: %w", mailbox, err)
	}
	return nil
}

// deleteItems deletes items by their keys.
func (s *Store) deleteItems(ctx context.Context, keys []item) error {
	for keys := range slices.Chunk(keys, maxBatch) {
		batch := make([]types.WriteRequest, len(keys))
		for i, k := range keys {
			batch[i].DeleteRequest = &types.DeleteRequest{Key: k}
		}
		if err := s.writeBatch(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// writeBatch repeats what the service left unprocessed (it was throttled) until nothing is left.
func (s *Store) writeBatch(ctx context.Context, batch []types.WriteRequest) error {
	for attempt := 0; ; attempt++ {
		out, err := s.db.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{
			RequestItems: map[string][]types.WriteRequest{*s.table: batch},
		})
		if err != nil {
			return err
		}
		if batch = out.UnprocessedItems[*s.table]; len(batch) == 0 {
			return nil
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}
