// Saga is a shop: an order reserves goods, takes the money, waits for a person to approve, and is undone if that fails, is refused, or
// takes longer than seven days. It is an ordinary HTTP server that keeps its orders in memory.
//
//	POST /orders               {"item": "book", "quantity": 2, "price": 1500}    the order, with its id
//	GET  /orders/{id}          the order, with what has happened to it
//	POST /orders/{id}/approve  by a person
//	POST /orders/{id}/refuse
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// patience is how long an order waits for approval.
const patience = 7 * 24 * time.Hour

func main() {
	addr := flag.String("addr", "localhost:8080", "where to listen")
	flag.Parse()
	s := &shop{
		stock:  map[string]int{"book": 10, "lamp": 3},
		orders: map[int]*order{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", s.create)
	mux.HandleFunc("GET /orders/{id}", s.show)
	mux.HandleFunc("POST /orders/{id}/{verdict}", s.decide)
	log.Fatal(http.ListenAndServe(*addr, mux))
}

// A shop is what it has, what it owes, and its orders.
type shop struct {
	mu     sync.Mutex
	stock  map[string]int
	taken  int // cents
	orders map[int]*order
}

// An order is guarded by the shop's mutex, but for its channel.
type order struct {
	ID       int      `json:"id"`
	Item     string   `json:"item"`
	Quantity int      `json:"quantity"`
	Price    int      `json:"price"` // cents, of one
	State    string   `json:"state"`
	Events   []string `json:"events"`

	verdict chan bool
}

func (s *shop) create(w http.ResponseWriter, r *http.Request) {
	var o order
	err := json.NewDecoder(r.Body).Decode(&o)
	if err == nil && (o.Quantity <= 0 || o.Price < 0) {
		err = errors.New("quantity must be above 0, price not below")
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	o.ID, o.State, o.Events, o.verdict = len(s.orders)+1, "new", []string{}, make(chan bool, 1)
	s.orders[o.ID] = &o
	s.mu.Unlock()
	go s.process(&o)
	w.WriteHeader(http.StatusAccepted)
	s.write(w, &o)
}

func (s *shop) find(w http.ResponseWriter, r *http.Request) *order {
	id, _ := strconv.Atoi(r.PathValue("id"))
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orders[id]
	if o == nil {
		http.Error(w, "no such order", http.StatusNotFound)
	}
	return o
}

func (s *shop) show(w http.ResponseWriter, r *http.Request) {
	if o := s.find(w, r); o != nil {
		s.write(w, o)
	}
}

func (s *shop) write(w http.ResponseWriter, o *order) {
	s.mu.Lock()
	defer s.mu.Unlock()
	json.NewEncoder(w).Encode(o)
}

func (s *shop) decide(w http.ResponseWriter, r *http.Request) {
	verdict := r.PathValue("verdict")
	o := s.find(w, r)
	switch {
	case o == nil:
	case verdict != "approve" && verdict != "refuse":
		http.NotFound(w, r)
	default:
		select {
		case o.verdict <- verdict == "approve":
			w.WriteHeader(http.StatusNoContent)
		default:
			http.Error(w, "it was decided before", http.StatusConflict)
		}
	}
}

// A step of a saga has something that undoes it.
type step struct {
	name     string
	do, undo func() error
}

// process is the saga: what has been done is undone in the opposite order when something fails.
func (s *shop) process(o *order) {
	var done []step
	for _, st := range []step{
		{"reserve", func() error { return s.reserve(o, o.Quantity) }, func() error { return s.reserve(o, -o.Quantity) }},
		{"charge", func() error { return s.charge(o.Quantity * o.Price) }, func() error { return s.charge(-o.Quantity * o.Price) }},
		{"approval", func() error { return s.approval(o) }, nil},
	} {
		if err := st.do(); err != nil {
			s.note(o, "cancelled", fmt.Sprintf("%s: %v", st.name, err))
			for _, d := range slices.Backward(done) {
				d.undo()
				s.note(o, "cancelled", "undone: "+d.name)
			}
			return
		}
		s.note(o, "waiting", st.name)
		done = append(done, st)
	}
	s.note(o, "shipped", "shipped")
}

func (s *shop) note(o *order, state, event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o.State = state
	o.Events = append(o.Events, event)
}

func (s *shop) reserve(o *order, n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stock[o.Item] < n {
		return errors.New("not enough in stock")
	}
	s.stock[o.Item] -= n
	return nil
}

func (s *shop) charge(cents int) error {
	time.Sleep(100 * time.Millisecond) // the bank
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken += cents
	return nil
}

func (s *shop) approval(o *order) error {
	select {
	case ok := <-o.verdict:
		if !ok {
			return errors.New("refused")
		}
		return nil
	case <-time.After(patience):
		return errors.New("nobody has approved it in time")
	}
}
