package dynamo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/harkgen/harkgen/rt/store"
)

// This file defines the calls on blobs.

func splitBlobName(name string) (owner, hash string) {
	i := strings.LastIndexByte(name, '/')
	return name[:i], name[i+1:]
}

func blobKey(name string) item {
	owner, hash := splitBlobName(name)
	return key("b "+owner, hash)
}

// ownerPrefix returns what the keys of the owner's objects begin with. See "The bucket".
func ownerPrefix(owner string) string {
	h := fnv.New32a()
	h.Write([]byte(owner))
	var b strings.Builder
	fmt.Fprintf(&b, "b/%02x/", h.Sum32()&0xff)
	for i := range len(owner) {
		switch c := owner[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	b.WriteByte('/')
	return b.String()
}

func objectKey(name string) *string {
	owner, hash := splitBlobName(name)
	return aws.String(ownerPrefix(owner) + hash)
}

// PutBlob implements [store.Store].
func (s *Store) PutBlob(ctx context.Context, b store.Blob) (err error) {
	if err := store.CheckPut(store.Record{ID: "x"}, []store.Blob{b}); err != nil {
		return err
	}
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end(&err)
	return s.putBlob(ctx, b)
}

// putBlobs puts the blobs at the same time, a few at once.
func (s *Store) putBlobs(ctx context.Context, blobs []store.Blob) error {
	if len(blobs) == 1 {
		return s.putBlob(ctx, blobs[0])
	}
	errs := make([]error, len(blobs))
	gate := make(chan struct{}, 8)
	var wg sync.WaitGroup
	for i, b := range blobs {
		gate <- struct{}{}
		wg.Go(func() {
			defer func() { <-gate }()
			errs[i] = s.putBlob(ctx, b)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (s *Store) putBlob(ctx context.Context, b store.Blob) error {
	var err error
	if len(b.Data) <= s.inline {
		it := blobKey(b.Name)
		it[attrData] = bin(b.Data)
		_, err = s.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: s.table, Item: it})
	} else {
		_, err = s.s3.PutObject(ctx, &s3.PutObjectInput{
			Bucket:      s.bucket,
			Key:         objectKey(b.Name),
			Body:        bytes.NewReader(b.Data),
			ContentType: aws.String("application/octet-stream"),
		})
	}
	if err != nil {
		return fmt.Errorf("put blob %s: %w", b.Name, err)
	}
	return nil
}

// GetBlob implements [store.Store].
func (s *Store) GetBlob(ctx context.Context, name string) (data []byte, err error) {
	if err := store.CheckBlobName(name); err != nil {
		return nil, err
	}
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end(&err)
	data, err = s.readBlob(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("get blob %s: %w", name, err)
	}
	return data, store.CheckBlob(name, data)
}

func (s *Store) readBlob(ctx context.Context, name string) ([]byte, error) {
	out, err := s.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      s.table,
		Key:            blobKey(name),
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, err
	}
	if out.Item != nil {
		d, ok := out.Item[attrData].(*types.AttributeValueMemberB)
		if !ok {
			return nil, fmt.Errorf("%w: its item lacks the data", store.ErrDamaged)
		}
		return d.Value, nil
	}
	return s.readObject(ctx, name)
}

// readObject reads an object. A connection that breaks within the body is the caller's to repeat for
// the SDK, so it is repeated here.
func (s *Store) readObject(ctx context.Context, name string) ([]byte, error) {
	var broken error
	for attempt := range 4 {
		if attempt > 0 {
			if err := pause(ctx, attempt); err != nil {
				return nil, err
			}
		}
		obj, err := s.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: s.bucket, Key: objectKey(name)})
		if err != nil {
			if _, ok := errors.AsType[*s3types.NoSuchKey](err); ok {
				return nil, store.ErrNotFound
			}
			return nil, err
		}
		var buf bytes.Buffer
		if n := aws.ToInt64(obj.ContentLength); n > 0 && n <= store.MaxBlob {
			buf.Grow(int(n) + bytes.MinRead)
		}
		_, broken = io.Copy(&buf, obj.Body)
		obj.Body.Close()
		if broken == nil {
			return buf.Bytes(), nil
		}
	}
	return nil, broken
}

// DeleteBlob implements [store.Store]. It deletes in both places, for it is not known which it is.
func (s *Store) DeleteBlob(ctx context.Context, name string) (err error) {
	if err := store.CheckBlobName(name); err != nil {
		return err
	}
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end(&err)
	_, err = s.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: s.table, Key: blobKey(name)})
	if err == nil {
		_, err = s.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: s.bucket, Key: objectKey(name)})
	}
	if err != nil {
		return fmt.Errorf("delete blob %s: %w", name, err)
	}
	return nil
}

// Blobs implements [store.Store]. A page token is "t hash" or "s token": go on in the table after that
// hash, or in the bucket with S3's token, which is empty at the start.
func (s *Store) Blobs(ctx context.Context, owner, page string, limit int) (names []string, next string, err error) {
	if err := store.CheckID(owner); err != nil {
		return nil, "", err
	}
	where, token, ok := strings.Cut(page, " ")
	if page != "" && (!ok || where != "t" && where != "s") {
		return nil, "", fmt.Errorf("dynamo: bad page token %q", page)
	}
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return nil, "", err
	}
	defer end(&err)
	limit = min(max(limit, 1), 1000)
	if where == "s" {
		names, next, err = s.objects(ctx, owner, token, limit)
	} else {
		names, next, err = s.inlined(ctx, owner, token, limit)
	}
	if err != nil {
		return nil, "", fmt.Errorf("list blobs of %s: %w", owner, err)
	}
	return names, next, nil
}

func (s *Store) inlined(ctx context.Context, owner, after string, limit int) (names []string, next string, err error) {
	in := s.query("b "+owner, "", after, limit)
	in.ProjectionExpression = aws.String("pk, sk")
	out, err := s.db.Query(ctx, in)
	if err != nil {
		return nil, "", err
	}
	for _, it := range out.Items {
		_, hash, err := decodeKey(it)
		if err != nil {
			return nil, "", err
		}
		names = append(names, owner+"/"+hash)
	}
	if out.LastEvaluatedKey == nil {
		return names, "s ", nil
	}
	_, hash, err := decodeKey(out.LastEvaluatedKey)
	return names, "t " + hash, err
}

func (s *Store) objects(ctx context.Context, owner, token string, limit int) (names []string, next string, err error) {
	in := &s3.ListObjectsV2Input{
		Bucket:  s.bucket,
		Prefix:  aws.String(ownerPrefix(owner)),
		MaxKeys: aws.Int32(int32(limit)),
	}
	if token != "" {
		in.ContinuationToken = aws.String(token)
	}
	out, err := s.s3.ListObjectsV2(ctx, in)
	if err != nil {
		return nil, "", err
	}
	for _, o := range out.Contents {
		k := aws.ToString(o.Key)
		names = append(names, owner+k[strings.LastIndexByte(k, '/'):])
	}
	if !aws.ToBool(out.IsTruncated) {
		return names, "", nil
	}
	return names, "s " + aws.ToString(out.NextContinuationToken), nil
}
