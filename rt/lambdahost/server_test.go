package lambdahost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/harkgen/harkgen/rt/store"
)

// newServer is a function whose program is the counter.
func newServer(t *testing.T) *tested {
	l := newFunction(t)
	l.entry = Entry{Kind: KindServer, Args: []string{"counter", ":80"}}
	l.queue.arn = "arn:queue"
	l.leaseTime = 2 * time.Second
	return l
}

// environment is another environment of the function.
func (l *tested) environment() *host {
	h := *l.host
	h.meter = &meter{}
	return &h
}

// webEvent is the event of a request.
func webEvent(path, id string) []byte {
	e := events.APIGatewayV2HTTPRequest{Version: "2.0", RouteKey: "$default", RawPath: path, Headers: map[string]string{"host": "example.com"}}
	e.RequestContext.HTTP.Method, e.RequestContext.HTTP.SourceIP = "GET", "1.2.3.4"
	e.RequestContext.RequestID, e.RequestContext.TimeEpoch = id, time.Now().UnixMilli()
	return mustJSON(e)
}

// web has an environment answer a request.
func (l *tested) web(h *host, event []byte, timeout time.Duration) (*events.APIGatewayV2HTTPResponse, error) {
	ctx, cancel := context.WithTimeout(l.t.Context(), timeout)
	defer cancel()
	out, err := h.Invoke(ctx, event)
	if err != nil {
		return nil, err
	}
	res := new(events.APIGatewayV2HTTPResponse)
	return res, json.Unmarshal(out, res)
}

// count wants an answer, and returns the number in it.
func (l *tested) count(h *host, event []byte) int {
	l.t.Helper()
	res, err := l.web(h, event, 25*time.Second)
	if err != nil || res.StatusCode != http.StatusOK {
		l.t.Errorf("%+v, %v", res, err)
		return -1
	}
	if strings.Join(res.Cookies, " ") != "a=1 b=2" {
		l.t.Errorf("cookies %q", res.Cookies)
	}
	n, _ := strconv.Atoi(res.Body)
	return n
}

// TestServerTogether sends requests to several environments at the same time: each is counted once.
func TestServerTogether(t *testing.T) {
	t.Parallel()
	l := newServer(t)
	const clients, each = 4, 5
	var mu sync.Mutex
	seen := map[int]bool{}
	var all sync.WaitGroup
	for i := range clients {
		h := l.environment()
		all.Go(func() {
			for k := range each {
				n := l.count(h, webEvent("/", fmt.Sprint(i, "-", k)))
				mu.Lock()
				seen[n] = true
				mu.Unlock()
			}
		})
	}
	all.Wait()
	for n := 1; n <= clients*each; n++ {
		if !seen[n] {
			t.Errorf("nobody was the %dth", n)
		}
	}
	if r := l.record("fake-v3"); r.State != store.Waiting && r.State != store.Running || r.Program.Package != "fake" {
		t.Errorf("%+v", r)
	}
}

// TestServerTwice delivers a request again after it was answered.
func TestServerTwice(t *testing.T) {
	t.Parallel()
	l := newServer(t)
	event := webEvent("/", "one")
	for range 3 {
		if n := l.count(l.environment(), event); n != 1 {
			t.Errorf("it was counted again: %d", n)
		}
	}
	if n := l.count(l.environment(), webEvent("/", "two")); n != 2 {
		t.Errorf("the second is %d", n)
	}
	// The sweep forgets responses when they are old.
	for _, want := range []int{2, 0} {
		if _, err := l.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if list, err := store.Events(t.Context(), l.store, responses("fake-v3")); err != nil || len(list) != want {
			t.Errorf("%d responses are left, want %d, %v", len(list), want, err)
		}
		if err := l.clock.Advance(abandoned + time.Minute); err != nil {
			t.Fatal(err)
		}
	}
}

// A sick store fails when told.
type sick struct {
	store.Atomic
	dead atomic.Bool // all calls fail
	mute atomic.Bool // responses cannot be appended
}

var errSick = errors.New("the process has died")

func (s *sick) Get(ctx context.Context, id string) (store.Record, error) {
	if s.dead.Load() {
		return store.Record{}, errSick
	}
	return s.Atomic.Get(ctx, id)
}

func (s *sick) Put(ctx context.Context, r store.Record, blobs ...store.Blob) (int64, error) {
	if s.dead.Load() {
		return 0, errSick
	}
	return s.Atomic.Put(ctx, r, blobs...)
}

func (s *sick) Apply(ctx context.Context, changes ...store.Change) error {
	if s.dead.Load() {
		return errSick
	}
	return s.Atomic.Apply(ctx, changes...)
}

func (s *sick) Append(ctx context.Context, mailbox string, ms ...store.Message) error {
	if s.dead.Load() || s.mute.Load() && strings.HasSuffix(mailbox, "/r") {
		return errSick
	}
	return s.Atomic.Append(ctx, mailbox, ms...)
}

// TestServerUndelivered has the invocation die between the commit of a response and its delivery.
func TestServerUndelivered(t *testing.T) {
	t.Parallel()
	l := newServer(t)
	h := l.environment()
	bad := &sick{Atomic: l.store}
	bad.mute.Store(true)
	h.store = bad
	event := webEvent("/", "one")
	if res, err := l.web(h, event, 20*time.Second); err == nil {
		t.Errorf("%+v", res)
	}
	if r := l.record("fake-v3"); r.Step == 0 {
		t.Errorf("nothing was committed: %+v", r)
	}
	if n := l.count(l.environment(), webEvent("/", "two")); n != 2 {
		t.Errorf("the second is %d", n)
	}
	if n := l.count(l.environment(), event); n != 1 {
		t.Errorf("the first is %d", n)
	}
}

// TestServerKilled has the invocation die that has the lease.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	l := newServer(t)
	h := l.environment()
	bad := &sick{Atomic: l.store}
	h.store = bad
	if n := l.count(h, webEvent("/", "one")); n != 1 {
		t.Errorf("the first is %d", n)
	}
	l.change("fake-v3", func(r *store.Run) { // as its lease is while it executes
		r.State, r.Wake = store.Running, time.Now().Add(l.leaseTime)
	})
	bad.dead.Store(true)
	if n := l.count(l.environment(), webEvent("/", "two")); n != 2 {
		t.Errorf("the second is %d", n)
	}
}

// TestServerTimeout asks for what takes an hour.
func TestServerTimeout(t *testing.T) {
	t.Parallel()
	l := newServer(t)
	res, err := l.web(l.environment(), webEvent("/slow", "one"), 6*time.Second)
	if err != nil || res.StatusCode != http.StatusGatewayTimeout {
		t.Fatalf("%+v, %v", res, err)
	}
	if err := l.clock.Advance(2 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if n := l.count(l.environment(), webEvent("/", "two")); n != 2 {
		t.Errorf("the second is %d", n)
	}
}

// TestServerTwiceAtOnce delivers a request again while it is being worked on, and just after somebody has looked whether it was answered.
func TestServerTwiceAtOnce(t *testing.T) {
	t.Parallel()
	l := newServer(t)
	event := webEvent("/slow", "one")
	if res, err := l.web(l.environment(), event, 6*time.Second); err != nil || res.StatusCode != http.StatusGatewayTimeout {
		t.Fatalf("%+v, %v", res, err)
	}
	if err := l.clock.Advance(2 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if n := l.count(l.environment(), event); n != 1 {
		t.Errorf("it was counted again: %d", n)
	}
	if n := l.count(l.environment(), webEvent("/", "two")); n != 2 {
		t.Errorf("the second is %d", n)
	}
	q, err := decodeWeb(event)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.AppendEvent(t.Context(), l.store, l.serverRun(), q.id, "http", q.text); err != nil {
		t.Fatal(err)
	}
	if n := l.count(l.environment(), webEvent("/", "three")); n != 3 {
		t.Errorf("the third is %d", n)
	}
	if list, err := store.Events(t.Context(), l.store, l.serverRun()); err != nil || len(list) > 0 {
		t.Errorf("in the mailbox are %v, %v", list, err)
	}
}

func TestServerOfTwoAddresses(t *testing.T) {
	t.Parallel()
	l := newServer(t)
	l.entry.Args = append(l.entry.Args, ":81")
	res, err := l.web(l.environment(), webEvent("/", "one"), 20*time.Second)
	if err != nil || res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(res.Body, "one API") {
		t.Errorf("%+v, %v", res, err)
	}
}

// TestSigned tells signed calls by their route.
func TestSigned(t *testing.T) {
	t.Parallel()
	l := newServer(t)
	if n := l.count(l.host, webEvent("/", "one")); n != 1 {
		t.Errorf("the first is %d", n)
	}
	call := func(route, action, body string, signed bool) *events.APIGatewayV2HTTPResponse {
		t.Helper()
		e := events.APIGatewayV2HTTPRequest{RouteKey: route, RawPath: "/_hark/fake/" + action, PathParameters: map[string]string{"action": action}, Body: body}
		e.RequestContext.HTTP.Method = "POST"
		e.RequestContext.RequestID = action + body
		if signed {
			e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{IAM: &events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription{AccessKey: "k"}}
		}
		res, err := l.web(l.host, mustJSON(e), 20*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	const run = `{"run":"fake-v3"}`
	for _, tt := range []struct {
		action, body string
		signed       bool
		status       int
		text         string
	}{
		{"inspect", run, false, 403, "not signed"},
		{"inspect", `{}`, true, 400, "body"},
		{"inspect", `{"run":"other"}`, true, 404, "no such run"},
		{"eat", run, true, 404, "no such action"},
		{"inspect", run, true, 200, `"memory"`},
		{"resume", run, true, 200, `"state"`},
		{"cancel", run, true, 200, `"signal":"canceled"`},
	} {
		if res := call(l.signedRoute(), tt.action, tt.body, tt.signed); res.StatusCode != tt.status || !strings.Contains(res.Body, tt.text) {
			t.Errorf("%s %s: %d %s", tt.action, tt.body, res.StatusCode, res.Body)
		}
	}
	if res := call("$default", "cancel", run, true); res.StatusCode != http.StatusServiceUnavailable { // it comes to the server, which has been canceled
		t.Errorf("%+v", res)
	}
}
