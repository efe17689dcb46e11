package dynamo

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/harkgen/harkgen/rt/store"
)

// This file defines the calls on records.

type item = map[string]types.AttributeValue

// recordShards is part of the storage format.
const recordShards = 64

func recordShard(id string) int {
	h := fnv.New32a()
	h.Write([]byte(id))
	return int(h.Sum32() % recordShards)
}

func recordPK(shard int) string { return "r " + strconv.Itoa(shard) }

func recordKey(id string) item { return key(recordPK(recordShard(id)), id) }

func key(pk, sk string) item { return item{attrPK: str(pk), attrSK: str(sk)} }

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func num(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func bin(b []byte) types.AttributeValue {
	if b == nil {
		b = []byte{} // nil would be left out of the request, which the service refuses
	}
	return &types.AttributeValueMemberB{Value: b}
}

// Get implements [store.Store].
func (s *Store) Get(ctx context.Context, id string) (r store.Record, err error) {
	if err := store.CheckID(id); err != nil {
		return r, err
	}
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return r, err
	}
	defer end(&err)
	out, err := s.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      s.table,
		Key:            recordKey(id),
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return r, fmt.Errorf("get record %s: %w", id, err)
	}
	if out.Item == nil {
		return r, fmt.Errorf("record %s: %w", id, store.ErrNotFound)
	}
	return decodeRecord(out.Item)
}

// Put implements [store.Store].
func (s *Store) Put(ctx context.Context, r store.Record, blobs ...store.Blob) (version int64, err error) {
	if err := store.CheckPut(r, blobs); err != nil {
		return 0, err
	}
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer end(&err)
	if err := s.putBlobs(ctx, blobs); err != nil {
		return 0, err
	}
	if r.Token == "" {
		r.Token = store.NewToken()
	}
	if err := s.putRecord(ctx, r, r.Version+1); err != nil {
		return 0, err
	}
	return r.Version + 1, nil
}

// putRecord puts a record, of which r.Version is the version to be replaced, with a new one.
func (s *Store) putRecord(ctx context.Context, r store.Record, version int64) error {
	condition, values := ifVersion(r.Version)
	_, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: s.table, Item: recordItem(r, version), ConditionExpression: condition, ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if err == nil {
		return nil
	}
	stored, failed := failedCondition(err)
	if !failed {
		return fmt.Errorf("put record %s: %w", r.ID, err)
	}
	if made, err := madeBy(stored, r.Token, version); made || err != nil {
		return err
	}
	return fmt.Errorf("record %s, version %d: %w", r.ID, r.Version, store.ErrConflict)
}

// recordItem returns the item of a record as it is to be stored.
func recordItem(r store.Record, version int64) item {
	it := recordKey(r.ID)
	it[attrVersion] = num(version)
	it[attrToken] = str(r.Token)
	it[attrData] = bin(r.Data)
	if !r.Expires.IsZero() {
		it[attrTTL] = num(r.Expires.Unix())
	}
	return it
}

// ifVersion is the condition that a record has the version; 0: that there is none.
func ifVersion(version int64) (condition *string, values item) {
	if version == 0 {
		return aws.String("attribute_not_exists(pk)"), nil
	}
	return aws.String("v = :v"), item{":v": num(version)}
}

// madeBy reports whether the item, nil if there is none, was made by the put with the token: one that fails is then the repeat of one that has succeeded.
func madeBy(stored item, token string, version int64) (bool, error) {
	if stored == nil {
		return false, nil
	}
	r, err := decodeRecord(stored)
	return err == nil && r.Token == token && r.Version == version, err
}

// failedCondition reports whether err says that a condition failed, and returns
// the item as it was, nil when there was none.
func failedCondition(err error) (item, bool) {
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) {
		return nil, false
	}
	return failed.Item, true
}

// Delete implements [store.Store].
func (s *Store) Delete(ctx context.Context, id string, version int64) (err error) {
	if err := store.CheckID(id); err != nil {
		return err
	}
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end(&err)
	ctx, tries := countAttempts(ctx)
	_, err = s.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName:                           s.table,
		Key:                                 recordKey(id),
		ConditionExpression:                 aws.String("v = :v"),
		ExpressionAttributeValues:           item{":v": num(version)},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}, withAttemptCount)
	if err == nil {
		return nil
	}
	stored, failed := failedCondition(err)
	switch {
	case !failed:
		return fmt.Errorf("delete record %s: %w", id, err)
	case stored != nil:
		return fmt.Errorf("record %s, version %d: %w", id, version, store.ErrConflict)
	case tries.Load() > 1:
		return nil // the SDK repeated the request: the one whose answer was lost has deleted it
	}
	return fmt.Errorf("record %s: %w", id, store.ErrNotFound)
}

// List implements [store.Store]. A page token is "shard id": go on in that shard after that id.
func (s *Store) List(ctx context.Context, prefix, page string, limit int) (rs []store.Record, next string, err error) {
	shard, after, err := parsePage(page)
	if err != nil {
		return nil, "", err
	}
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return nil, "", err
	}
	defer end(&err)
	limit = max(limit, 1)
	for ; shard < recordShards; shard, after = shard+1, "" {
		if len(rs) == limit {
			return rs, strconv.Itoa(shard) + " ", nil
		}
		in := s.query(recordPK(shard), prefix, "", limit-len(rs))
		if after != "" {
			in.ExclusiveStartKey = key(recordPK(shard), after)
		}
		out, err := s.db.Query(ctx, in)
		if err != nil {
			return nil, "", fmt.Errorf("list records %s*: %w", prefix, err)
		}
		for _, it := range out.Items {
			r, err := decodeRecord(it)
			if err != nil {
				return nil, "", err
			}
			rs = append(rs, r)
		}
		if out.LastEvaluatedKey != nil {
			_, sk, err := decodeKey(out.LastEvaluatedKey)
			if err != nil {
				return nil, "", err
			}
			return rs, strconv.Itoa(shard) + " " + sk, nil
		}
	}
	return rs, "", nil
}

func parsePage(page string) (shard int, after string, err error) {
	if page == "" {
		return 0, "", nil
	}
	n, after, ok := strings.Cut(page, " ")
	shard, err = strconv.Atoi(n)
	if !ok || err != nil || shard < 0 || shard >= recordShards {
		return 0, "", fmt.Errorf("dynamo: bad page token %q", page)
	}
	return shard, after, nil
}

// query asks for the items of pk whose sort key begins with prefix or, without a prefix, is
// above after, where "" is below all.
func (s *Store) query(pk, prefix, after string, limit int) *dynamodb.QueryInput {
	in := &dynamodb.QueryInput{
		TableName:                 s.table,
		KeyConditionExpression:    aws.String("pk = :pk"),
		ExpressionAttributeValues: item{":pk": str(pk)},
		ConsistentRead:            aws.Bool(true),
		Limit:                     aws.Int32(int32(min(max(limit, 1), 10_000))),
	}
	switch {
	case prefix != "":
		in.KeyConditionExpression = aws.String("pk = :pk AND begins_with(sk, :sk)")
		in.ExpressionAttributeValues[":sk"] = str(prefix)
	case after != "":
		in.KeyConditionExpression = aws.String("pk = :pk AND sk > :sk")
		in.ExpressionAttributeValues[":sk"] = str(after)
	}
	return in
}

func decodeRecord(it item) (store.Record, error) {
	_, id, err := decodeKey(it)
	if err != nil {
		return store.Record{}, err
	}
	v, ok1 := it[attrVersion].(*types.AttributeValueMemberN)
	t, ok2 := it[attrToken].(*types.AttributeValueMemberS)
	d, ok3 := it[attrData].(*types.AttributeValueMemberB)
	if !ok1 || !ok2 || !ok3 {
		return store.Record{}, fmt.Errorf("%w: the item of record %s lacks attributes", store.ErrDamaged, id)
	}
	n, err := strconv.ParseInt(v.Value, 10, 64)
	if err != nil || n <= 0 {
		return store.Record{}, fmt.Errorf("%w: record %s has version %q", store.ErrDamaged, id, v.Value)
	}
	return store.Record{ID: id, Version: n, Token: t.Value, Data: d.Value}, nil
}

func decodeKey(it item) (pk, sk string, err error) {
	p, ok1 := it[attrPK].(*types.AttributeValueMemberS)
	k, ok2 := it[attrSK].(*types.AttributeValueMemberS)
	if !ok1 || !ok2 {
		return "", "", fmt.Errorf("%w: an item without its key", store.ErrDamaged)
	}
	return p.Value, k.Value, nil
}
