// Package s3 emulates S3: gofakes3 with its backend in memory, and what it lacks for current SDKs: bodies sent in chunks, and checksums.
// Buckets have no versions.
package s3

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/harkgen/harkgen/rt/clock"
)

// A Change is an object that was created or removed.
type Change struct {
	Event  string // as S3 has it: "ObjectCreated:Put", "ObjectRemoved:Delete"
	Bucket string
	Key    string
	Size   int64
	ETag   string // without quotes
	Time   time.Time
}

// Service is S3.
type Service struct {
	*backend
	handler http.Handler
}

// New returns an S3 without buckets.
func New(c *clock.Clock) *Service {
	b := &backend{Backend: s3mem.New(s3mem.WithTimeSource(times{c})), clock: c}
	fake := gofakes3.New(b, gofakes3.WithTimeSource(times{c}), gofakes3.WithTimeSkewLimit(0), gofakes3.WithoutVersioning())
	return &Service{b, fake.Server()}
}

// times is the clock as gofakes3 wants it.
type times struct{ *clock.Clock }

func (t times) Now() time.Time                     { return t.Clock.Now().UTC() }
func (t times) Since(then time.Time) time.Duration { return t.Now().Sub(then) }

// OnChange sets a function that is called after each change, by one goroutine at a time.
func (s *Service) OnChange(f func(Change)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onChange = f
}

// Keys returns the keys of all objects in a bucket, in order; nil if there is no such bucket.
func (s *Service) Keys(bucket string) []string {
	l, err := s.ListBucket(bucket, &gofakes3.Prefix{}, gofakes3.ListBucketPage{})
	if err != nil {
		return nil
	}
	var keys []string
	for _, o := range l.Contents {
		keys = append(keys, o.Key)
	}
	return keys
}

// Get returns the content of an object.
func (s *Service) Get(bucket, key string) ([]byte, error) {
	o, err := s.GetObject(bucket, key, nil)
	if err != nil {
		return nil, err
	}
	defer o.Contents.Close()
	return io.ReadAll(o.Contents)
}

// Put puts an object.
func (s *Service) Put(bucket, key string, data []byte) error {
	_, err := s.PutObject(bucket, key, map[string]string{}, bytes.NewReader(data), int64(len(data)), nil)
	return err
}

// ServeHTTP implements [http.Handler].
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := decodeBody(r); err != nil {
		writeError(w, err)
		return
	}
	if r.Header.Get("Range") != "" || !strings.EqualFold(r.Header.Get("X-Amz-Checksum-Mode"), "ENABLED") {
		w = &withoutChecksum{w}
	}
	s.handler.ServeHTTP(w, r)
}

// withoutChecksum leaves the checksum of the whole object out of an answer that is not the whole, or was not to have it.
type withoutChecksum struct{ http.ResponseWriter }

func (w *withoutChecksum) WriteHeader(status int) {
	w.Header().Del(checksumHeader)
	w.ResponseWriter.WriteHeader(status)
}

func (w *withoutChecksum) Write(b []byte) (int, error) {
	w.Header().Del(checksumHeader)
	return w.ResponseWriter.Write(b)
}

// Throttle answers as S3 does when there are too many requests.
func (s *Service) Throttle(w http.ResponseWriter) {
	writeError(w, &s3Error{http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate."})
}

type s3Error struct {
	status    int
	code, msg string
}

func (e *s3Error) Error() string { return e.code + ": " + e.msg }

func writeError(w http.ResponseWriter, e *s3Error) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(e.status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", e.code, e.msg)
}

// backend is s3mem with a hook, and without metadata that outlives its object.
type backend struct {
	*s3mem.Backend
	clock *clock.Clock

	mu       sync.Mutex // held during each change
	onChange func(Change)
}

// PutObject implements [gofakes3.Backend].
func (b *backend) PutObject(bucket, key string, meta map[string]string, input io.Reader, size int64, cond *gofakes3.PutConditions) (res gofakes3.PutObjectResult, err error) {
	data, err := gofakes3.ReadAll(input, size)
	if err != nil {
		return res, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	old, err := b.HeadObject(bucket, key)
	if err == nil {
		defer old.Contents.Close()
	}
	if cond != nil {
		info := gofakes3.ObjectInfo{Exists: err == nil}
		if info.Exists {
			info.Hash = old.Hash
		}
		if err := gofakes3.CheckPutConditions(cond, &info); err != nil {
			return res, err
		}
	}
	if err == nil { // else s3mem would merge the metadata of the old object into that of the new
		if _, err := b.Backend.DeleteObject(bucket, key); err != nil {
			return res, err
		}
	}
	res, err = b.Backend.PutObject(bucket, key, stored(meta, data), bytes.NewReader(data), size, nil)
	if err == nil {
		b.changed("ObjectCreated:Put", bucket, key)
	}
	return res, err
}

// stored returns what of the headers of a request is kept with the object.
func stored(meta map[string]string, data []byte) map[string]string {
	m := map[string]string{checksumHeader: checksum("crc32", data)}
	for k, v := range meta {
		if strings.HasPrefix(k, "X-Amz-Meta-") || !strings.HasPrefix(k, "X-Amz-") {
			m[k] = v
		}
	}
	return m
}

// CopyObject implements [gofakes3.Backend].
func (b *backend) CopyObject(srcBucket, srcKey, bucket, key string, meta map[string]string) (gofakes3.CopyObjectResult, error) {
	return gofakes3.CopyObject(b, srcBucket, srcKey, bucket, key, meta)
}

// DeleteObject implements [gofakes3.Backend].
func (b *backend) DeleteObject(bucket, key string) (gofakes3.ObjectDeleteResult, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.remove(bucket, key)
}

func (b *backend) remove(bucket, key string) (gofakes3.ObjectDeleteResult, error) {
	_, there := b.HeadObject(bucket, key)
	res, err := b.Backend.DeleteObject(bucket, key)
	if err == nil && there == nil {
		b.changed("ObjectRemoved:Delete", bucket, key)
	}
	return res, err
}

// DeleteMulti implements [gofakes3.Backend].
func (b *backend) DeleteMulti(bucket string, keys ...string) (res gofakes3.MultiDeleteResult, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range keys {
		if _, err := b.remove(bucket, key); err != nil {
			return res, err
		}
		res.Deleted = append(res.Deleted, gofakes3.ObjectID{Key: key})
	}
	return res, nil
}

// changed calls the hook; b.mu is held.
func (b *backend) changed(event, bucket, key string) {
	if b.onChange == nil {
		return
	}
	c := Change{Event: event, Bucket: bucket, Key: key, Time: b.clock.Now()}
	if o, err := b.HeadObject(bucket, key); err == nil {
		c.Size, c.ETag = o.Size, hex.EncodeToString(o.Hash)
		o.Contents.Close()
	}
	b.onChange(c)
}
