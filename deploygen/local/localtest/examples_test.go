package localtest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/harkgen/harkgen/deploygen/local"
	"github.com/harkgen/harkgen/deploygen/local/lambda"
)

// This file tests the examples that are servers, as a user would try them.

const examples = "../../../examples"

// must sends a request, and wants a status.
func (c *Cloud) must(status int, entry, method, path, body string) *Answer {
	c.t.Helper()
	a, err := c.Do(entry, method, path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	if a.Status != status {
		c.t.Fatalf("%s %s: %d %s", method, path, a.Status, a.Body)
	}
	return a
}

type order struct {
	ID     int
	State  string
	Events []string
}

func (c *Cloud) order(a *Answer) (o order) {
	c.t.Helper()
	if err := json.Unmarshal([]byte(a.Body), &o); err != nil {
		c.t.Fatalf("%v: %s", err, a.Body)
	}
	return o
}

// wantOrder waits for the state of an order.
func (c *Cloud) wantOrder(id int, state, last string) {
	c.t.Helper()
	c.Until(fmt.Sprintf("order %d is %s, %s", id, state, last), func() bool {
		o := c.order(c.must(http.StatusOK, "saga", "GET", fmt.Sprint("/orders/", id), ""))
		return o.State == state && len(o.Events) > 0 && o.Events[len(o.Events)-1] == last
	})
}

func TestSaga(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	c := Start(t, Compile(t, examples, "./saga"), local.Options{})
	buy := func(item string, n int) int {
		t.Helper()
		return c.order(c.must(http.StatusAccepted, "saga", "POST", "/orders", fmt.Sprintf(`{"item":%q,"quantity":%d,"price":100}`, item, n))).ID
	}
	approved, refused, forgotten, greedy := buy("book", 2), buy("book", 1), buy("lamp", 1), buy("lamp", 5)
	c.wantOrder(greedy, "cancelled", "reserve: not enough in stock")
	for _, id := range []int{approved, refused, forgotten} {
		c.wantOrder(id, "waiting", "charge")
	}
	c.must(http.StatusNoContent, "saga", "POST", fmt.Sprintf("/orders/%d/approve", approved), "")
	c.must(http.StatusNoContent, "saga", "POST", fmt.Sprintf("/orders/%d/refuse", refused), "")
	c.wantOrder(approved, "shipped", "shipped")
	c.wantOrder(refused, "cancelled", "undone: reserve")
	c.wantOrder(forgotten, "waiting", "charge")
	if err := c.Advance(7*24*time.Hour + time.Minute); err != nil {
		t.Fatal(err)
	}
	c.wantOrder(forgotten, "cancelled", "undone: reserve")
	c.must(http.StatusNotFound, "saga", "GET", "/orders/99", "")
	c.wantSigned("saga", "inspect", "saga-v1", `"memory"`)
}

// wantSigned asks for something by the route for signed calls.
func (c *Cloud) wantSigned(entry, action, run, text string) {
	c.t.Helper()
	path := "/_hark/" + entry + "/" + action
	c.must(http.StatusForbidden, entry, "POST", path, "{}")
	body := fmt.Sprintf(`{"run":%q}`, run)
	req, err := http.NewRequest("POST", c.URL(entry)+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(body))
	key := aws.Credentials{AccessKeyID: "key", SecretAccessKey: lambda.Secret}
	if err := v4.NewSigner().SignHTTP(c.t.Context(), key, req, hex.EncodeToString(sum[:]), "execute-api", c.Info().Region, time.Now()); err != nil {
		c.t.Fatal(err)
	}
	if a, err := Send(req); err != nil || a.Status != http.StatusOK || !strings.Contains(a.Body, text) {
		c.t.Errorf("%s: %+v, %v", action, a, err)
	}
}

// TestSagaTogether sends many requests at the same time.
func TestSagaTogether(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	c := Start(t, Compile(t, examples, "./saga"), local.Options{})
	const n = 12
	var mu sync.Mutex
	ids := map[int]bool{}
	var buyers sync.WaitGroup
	for range n {
		buyers.Go(func() {
			a, err := c.Do("saga", "POST", "/orders", `{"item":"book","quantity":1,"price":1}`)
			if err != nil || a.Status != http.StatusAccepted {
				t.Errorf("%+v, %v", a, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			ids[c.order(a).ID] = true
		})
	}
	buyers.Wait()
	if len(ids) != n {
		t.Errorf("%d orders: %v", len(ids), ids)
	}
}

func TestJobs(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	c := Start(t, Compile(t, examples, "./jobs"), local.Options{})
	a := c.must(http.StatusAccepted, "jobs", "POST", "/jobs?below=2000000", "")
	if a.Header.Get("Location") != "/jobs/0" {
		t.Errorf("%+v", a)
	}
	before := c.Log()
	c.Until("the job is done, though nobody asks", func() bool {
		return strings.Contains(c.Log()[len(before):], `"State":"waiting"`)
	})
	if a := c.must(http.StatusOK, "jobs", "GET", "/jobs/0", ""); !strings.Contains(a.Body, `"primes":148933,"done":true`) {
		t.Errorf("%+v", a)
	}
}
