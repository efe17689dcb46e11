package faulttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/harkgen/harkgen/deploygen/local/localtest"
)

// This file drives the examples that are servers. Like any client of HTTP, it does not know whether a request that has failed has taken effect, and sends it again; what
// counts is what becomes of that which was answered.

// ask sends a request until it has one of the answers.
func ask(c *localtest.Cloud, entry, method, path, body string, statuses ...int) (a *localtest.Answer) {
	c.Until(method+" "+path, func() bool {
		var err error
		if a, err = c.Do(entry, method, path, body); err != nil {
			return false
		}
		for _, s := range statuses {
			if a.Status == s {
				return true
			}
		}
		return c.Advance(time.Second) != nil
	})
	return a
}

type order struct {
	ID     int
	State  string
	Events []string
}

// await asks for an order until it has so many events.
func await(t *testing.T, c *localtest.Cloud, id, events int) (o order) {
	c.Until(fmt.Sprint("order ", id, " has ", events, " events"), func() bool {
		a := ask(c, "saga", "GET", fmt.Sprint("/orders/", id), "", http.StatusOK)
		o = order{}
		if err := json.Unmarshal([]byte(a.Body), &o); err != nil {
			t.Fatalf("%v: %s", err, a.Body)
		}
		return len(o.Events) >= events || c.Advance(time.Second) != nil
	})
	return o
}

// saga has one order approved, one refused, and one forgotten.
func saga(t *testing.T, c *localtest.Cloud) *outcome {
	var ids []int
	for range 3 {
		var o order
		a := ask(c, "saga", "POST", "/orders", `{"item":"book","quantity":1,"price":100}`, http.StatusAccepted)
		if err := json.Unmarshal([]byte(a.Body), &o); err != nil {
			t.Fatalf("%v: %s", err, a.Body)
		}
		ids = append(ids, o.ID)
		await(t, c, o.ID, 2)
	}
	decide := func(id int, verdict string) {
		ask(c, "saga", "POST", fmt.Sprintf("/orders/%d/%s", id, verdict), "", http.StatusNoContent, http.StatusConflict)
	}
	decide(ids[0], "approve")
	decide(ids[1], "refuse")
	var got outcome
	for i, events := range []int{4, 5, 5} {
		if i == 2 {
			if err := c.Advance(7 * 24 * time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		o := await(t, c, ids[i], events)
		got.Lines = append(got.Lines, fmt.Sprint(o.State, o.Events))
	}
	return &got
}

// jobs has primes counted.
func jobs(t *testing.T, c *localtest.Cloud) *outcome {
	path := ask(c, "jobs", "POST", "/jobs?below=300000", "", http.StatusAccepted).Header.Get("Location")
	var j struct {
		Primes int
		Done   bool
	}
	c.Until("the primes are counted", func() bool {
		a := ask(c, "jobs", "GET", path, "", http.StatusOK)
		if err := json.Unmarshal([]byte(a.Body), &j); err != nil {
			t.Fatalf("%v: %s", err, a.Body)
		}
		return j.Done || c.Advance(time.Second) != nil
	})
	return &outcome{Lines: []string{fmt.Sprint(j.Primes, " primes")}}
}
