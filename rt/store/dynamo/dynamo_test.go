package dynamo_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/harkgen/harkgen/internal/awsemu"
	"github.com/harkgen/harkgen/internal/awsemu/emutest"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/dynamo"
	"github.com/harkgen/harkgen/rt/store/storetest"
)

func open(t *testing.T, f *emutest.AWS) *dynamo.Store {
	t.Helper()
	s, err := dynamo.Open(dynamo.Options{
		Table:    emutest.Table,
		Bucket:   emutest.Bucket,
		DynamoDB: f.DynamoDBClient(),
		S3:       f.S3Client(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		f := emutest.New(t)
		return open(t, f)
	})
	fakes := map[string]*emutest.AWS{}
	storetest.Durable(t, func(t *testing.T, dir string) store.Store {
		if fakes[dir] == nil {
			fakes[dir] = emutest.New(t)
		}
		return open(t, fakes[dir])
	})
	storetest.Atomic(t, func(t *testing.T) store.Atomic { return open(t, emutest.New(t)) })
}

// TestStoreOnMoto runs the suite over the emulator that others maintain, if it runs: see internal/awsemu/peers.sh.
func TestStoreOnMoto(t *testing.T) {
	endpoint := os.Getenv("AWSEMU_MOTO")
	if endpoint == "" {
		t.Skip("AWSEMU_MOTO names no moto")
	}
	cfg := awsemu.Config(endpoint)
	var n atomic.Int32
	create := func(t *testing.T) *dynamo.Store {
		name := fmt.Sprintf("store-%d-%x", n.Add(1), os.Getpid())
		db, objects := dynamodb.NewFromConfig(cfg), s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
		if err := emutest.CreateTable(t.Context(), db, name); err != nil {
			t.Fatal(err)
		}
		_, err := objects.CreateBucket(t.Context(), &s3.CreateBucketInput{
			Bucket: &name, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: awsemu.Region},
		})
		if err != nil {
			t.Fatal(err)
		}
		s, err := dynamo.Open(dynamo.Options{Table: name, Bucket: name, DynamoDB: db, S3: objects})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	storetest.Run(t, func(t *testing.T) store.Store { return create(t) })
	storetest.Atomic(t, func(t *testing.T) store.Atomic { return create(t) })
}

// TestStoreWithFaults runs the suite while requests are throttled, fail, and lose their answers.
func TestStoreWithFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	create := func(t *testing.T) *dynamo.Store {
		f := emutest.New(t)
		rates := awsemu.Rates{Throttle: 0.05, Fail: 0.05, Lose: 0.05}
		if strings.HasSuffix(t.Name(), "/Counter") {
			// Who does not hear of its own put before somebody else's gets ErrConflict, and counts once
			// more: see "Lost answers" in package store.
			rates.Lose = 0
		}
		f.SetFault(awsemu.Faults(1, rates))
		return open(t, f)
	}
	storetest.Run(t, func(t *testing.T) store.Store { return create(t) })
	storetest.Atomic(t, func(t *testing.T) store.Atomic { return create(t) })
}

// loseFirst makes the first request of an operation lose its answer.
func loseFirst(op string) func(string) emutest.Fault {
	lost := false
	return func(o string) emutest.Fault {
		lose := o == op && !lost
		lost = lost || lose
		return emutest.Fault{Lose: lose}
	}
}

func TestLostAnswers(t *testing.T) {
	t.Run("Put", func(t *testing.T) {
		f := emutest.New(t)
		f.SetFault(loseFirst("dynamodb.PutItem"))
		s := open(t, f)
		if v, err := s.Put(t.Context(), store.Record{ID: "r", Data: []byte("x")}); v != 1 || err != nil {
			t.Errorf("Put = %d, %v", v, err)
		}
		if n := f.Count("dynamodb.PutItem"); n != 2 {
			t.Errorf("%d requests, want 2", n)
		}
	})
	t.Run("Delete", func(t *testing.T) {
		f := emutest.New(t)
		f.SetFault(loseFirst("dynamodb.DeleteItem"))
		s := open(t, f)
		if _, err := s.Put(t.Context(), store.Record{ID: "r"}); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(t.Context(), "r", 1); err != nil {
			t.Error(err)
		}
		if err := s.Delete(t.Context(), "r", 1); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("second Delete: %v", err)
		}
	})
	t.Run("Append", func(t *testing.T) {
		f := emutest.New(t)
		f.SetFault(loseFirst("dynamodb.PutItem"))
		s := open(t, f)
		m := store.Message{Key: store.Key{Sender: "a", Seq: 1}, Data: []byte("x")}
		if err := s.Append(t.Context(), "box", m); err != nil {
			t.Error(err)
		}
	})
}

// TestPlaces checks which blobs are in the bucket, and that odd owners make plain keys.
func TestPlaces(t *testing.T) {
	f := emutest.New(t)
	s := open(t, f)
	small := store.NewBlob("a/../b", bytes.Repeat([]byte("x"), dynamo.DefaultInline))
	large := store.NewBlob("a/../b", bytes.Repeat([]byte("x"), dynamo.DefaultInline+1))
	if _, err := s.Put(t.Context(), store.Record{ID: "r"}, small, large); err != nil {
		t.Fatal(err)
	}
	if keys := f.Objects(); len(keys) != 1 || !strings.Contains(keys[0], "/a=2F=2E=2E=2Fb/") {
		t.Errorf("objects %q", keys)
	}
	for _, b := range []store.Blob{small, large} {
		if data, err := s.GetBlob(t.Context(), b.Name); err != nil || !bytes.Equal(data, b.Data) {
			t.Errorf("%d bytes, %v", len(data), err)
		}
	}
	if err := s.DeleteBlob(t.Context(), large.Name); err != nil || len(f.Objects()) != 0 {
		t.Errorf("%v, objects %q", err, f.Objects())
	}
}

// TestMailboxPages reads a mailbox that does not fit one answer.
func TestMailboxPages(t *testing.T) {
	f := emutest.New(t)
	s := open(t, f)
	data := bytes.Repeat([]byte("x"), 200<<10)
	for i := range uint64(12) {
		if err := s.Append(t.Context(), "box", store.Message{Key: store.Key{Sender: "a", Seq: i + 1}, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	var last store.Key
	pages := 0
	for ; ; pages++ {
		ms, err := s.Messages(t.Context(), "box", last, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(ms) == 0 {
			break
		}
		last = ms[len(ms)-1].Key
	}
	if last.Seq != 12 || pages < 2 {
		t.Errorf("%d pages up to message %d", pages, last.Seq)
	}
}

func TestManyDeletes(t *testing.T) {
	f := emutest.New(t)
	s := open(t, f)
	var keys []store.Key
	for i := range uint64(60) {
		k := store.Key{Sender: "a", Seq: i + 1}
		keys = append(keys, k, k)
		if err := s.Append(t.Context(), "box", store.Message{Key: k}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.DeleteMessages(t.Context(), "box", keys...); err != nil {
		t.Fatal(err)
	}
	if ms, err := s.Messages(t.Context(), "box", store.Key{}, 100); err != nil || len(ms) != 0 {
		t.Errorf("%d messages left, %v", len(ms), err)
	}
}

// TestCloseInterrupts checks that Close ends a call that is under way.
func TestCloseInterrupts(t *testing.T) {
	f := emutest.New(t)
	arrived := make(chan struct{}, 1)
	f.SetFault(func(string) emutest.Fault {
		arrived <- struct{}{}
		return emutest.Fault{Delay: time.Second}
	})
	s := open(t, f)
	done := make(chan error)
	go func() {
		_, err := s.Get(t.Context(), "r")
		done <- err
	}()
	<-arrived
	s.Close()
	if err := <-done; !errors.Is(err, store.ErrClosed) {
		t.Errorf("Get: %v", err)
	}
}

func TestDamaged(t *testing.T) {
	f := emutest.New(t)
	s := open(t, f)
	b := store.NewBlob("r", bytes.Repeat([]byte("x"), 10_000))
	if err := s.PutBlob(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	f.Damage(t, f.Objects()[0])
	if _, err := s.GetBlob(t.Context(), b.Name); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("GetBlob: %v", err)
	}
}

func TestBadPages(t *testing.T) {
	f := emutest.New(t)
	s := open(t, f)
	for _, page := range []string{"x", "64 a", "-1 ", "1", "q z"} {
		if _, _, err := s.List(t.Context(), "", page, 1); err == nil {
			t.Errorf("List took the page %q", page)
		}
		if _, _, err := s.Blobs(t.Context(), "r", page, 1); err == nil {
			t.Errorf("Blobs took the page %q", page)
		}
	}
}

// TestRequests holds what a step costs: one request without blobs.
func TestRequests(t *testing.T) {
	f := emutest.New(t)
	s := open(t, f)
	step := func(name string, want int, do func() error) {
		before := f.Count("")
		if err := do(); err != nil {
			t.Error(name, err)
		}
		if n := f.Count("") - before; n != want {
			t.Errorf("%s: %d requests, want %d", name, n, want)
		}
	}
	step("put", 1, func() error { _, err := s.Put(t.Context(), store.Record{ID: "r"}); return err })
	step("put with a blob", 2, func() error {
		_, err := s.Put(t.Context(), store.Record{ID: "r", Version: 1}, store.NewBlob("r", []byte("x")))
		return err
	})
	step("get", 1, func() error { _, err := s.Get(t.Context(), "r"); return err })
	step("append", 1, func() error {
		return s.Append(t.Context(), "r", store.Message{Key: store.Key{Sender: "a", Seq: 1}})
	})
	step("messages", 1, func() error { _, err := s.Messages(t.Context(), "r", store.Key{}, 10); return err })
	step("delete", 1, func() error { return s.DeleteMessages(t.Context(), "r", store.Key{Sender: "a", Seq: 1}) })
}

func ExampleOpen() {
	_, err := dynamo.Open(dynamo.Options{Table: "t"})
	fmt.Println(err)
	// Output: dynamo: the names of the table and the bucket and their clients are required
}

// TestExpires: the attribute by which the table deletes items is there as long as the record is to expire.
func TestExpires(t *testing.T) {
	f := emutest.New(t)
	s := open(t, f)
	at := time.Now().Add(24 * time.Hour)
	for version, want := range []string{fmt.Sprint(at.Unix()), ""} {
		r := store.Record{ID: "r", Version: int64(version)}
		if want != "" {
			r.Expires = at
		}
		if _, err := s.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if got := ttl(t, f, "r"); got != want {
			t.Errorf("version %d: ttl %q, want %q", version+1, got, want)
		}
	}
}

// ttl returns the attribute of a record, "" if it has none.
func ttl(t *testing.T, f *emutest.AWS, id string) string {
	t.Helper()
	for shard := range 64 {
		out, err := f.DynamoDBClient().GetItem(t.Context(), &dynamodb.GetItemInput{
			TableName: aws.String(emutest.Table), ConsistentRead: aws.Bool(true),
			Key: map[string]types.AttributeValue{
				"pk": &types.AttributeValueMemberS{Value: fmt.Sprint("r ", shard)}, "sk": &types.AttributeValueMemberS{Value: id},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if n, ok := out.Item["ttl"].(*types.AttributeValueMemberN); ok {
			return n.Value
		}
	}
	return ""
}
