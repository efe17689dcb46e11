package rt_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/harkgen/harkgen/rt"
)

// A mailHost is a memHost with a mailbox.
type mailHost struct {
	memHost
	came chan struct{}

	mu      sync.Mutex
	box     []rt.Event // not taken
	sent    int        // of box
	said    []string   // responses of the next commit
	answers []string   // that are committed
	steps   []string   // "REASON external: TAKEN" of each commit
	respond func(h *mailHost, id string)
}

func (h *mailHost) Came() <-chan struct{} { return h.came }

func (h *mailHost) post(id, kind, data string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.box = append(h.box, rt.Event{ID: id, Kind: kind, Data: []byte(data)})
	select {
	case h.came <- struct{}{}:
	default:
	}
}

func (h *mailHost) Events() []rt.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := slices.Clone(h.box[h.sent:])
	h.sent = len(h.box)
	return list
}

func (h *mailHost) Respond(id string, data []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said = append(h.said, id+"="+string(data))
}

func (h *mailHost) Load(ctx context.Context) (*rt.Start, error) {
	h.mu.Lock()
	h.sent, h.said = 0, nil
	if len(h.box) > 0 {
		select {
		case h.came <- struct{}{}:
		default:
		}
	}
	h.mu.Unlock()
	return h.memHost.Load(ctx)
}

func (h *mailHost) Commit(ctx context.Context, s *rt.Step) (rt.Verdict, error) {
	v, err := h.memHost.Commit(ctx, s)
	if err != nil {
		return v, err
	}
	h.mu.Lock()
	for _, id := range s.Taken {
		i := slices.IndexFunc(h.box, func(e rt.Event) bool { return e.ID == id })
		h.box = slices.Delete(h.box, i, i+1)
		h.sent--
	}
	var news []string
	for _, a := range h.said {
		id, _, _ := strings.Cut(a, "=")
		news = append(news, id)
	}
	h.answers = append(h.answers, h.said...)
	h.said = nil
	h.steps = append(h.steps, fmt.Sprintf("%s %v: %s", s.Reason, s.External, strings.Join(s.Taken, ",")))
	h.mu.Unlock()
	for _, id := range news {
		if h.respond != nil {
			h.respond(h, id)
		}
	}
	return v, nil
}

func newMailHost(start rt.Start) *mailHost {
	return &mailHost{memHost: memHost{start: start}, came: make(chan struct{}, 1)}
}

// listenMain takes events of kind "a x" until there are none, and answers each with how many there were.
type listenMain struct{}

func (*listenMain) Run(g *rt.G) { listen(g) }

type listen__f struct {
	rt.Frame
	n int
}

var _ = rt.Register[listen__f]("main.listen", rt.Point{PC: 1, Pos: "main.go:10:2", Op: "event"})

func listen(g *rt.G) {
	n := 0
	if g.Resuming() {
		f := rt.Pop[listen__f](g)
		n = f.n
	}
	for {
		id, data, ok := rt.NextEvent(g, "a x")
		if g.Suspending() {
			g.Push(&listen__f{rt.Frame{PC: 1}, n})
			return
		}
		if !ok {
			break
		}
		n++
		say("%s", data)
		if string(data) == "stop" {
			rt.StopEvents("a x")
		}
		rt.Respond(id, fmt.Append(nil, n))
	}
	say("end %d", n)
}

// TestEvents: each event is taken once and in order, and answered, however often the process is restored.
func TestEvents(t *testing.T) {
	for _, chaos := range []int{0, 1, 3} {
		t.Run(fmt.Sprint("chaos", chaos), func(t *testing.T) {
			h := newMailHost(rt.Start{Events: true, Chaos: chaos, InProc: true})
			var want, answers []string
			for i := range 20 {
				want = append(want, fmt.Sprint("event ", i))
				answers = append(answers, fmt.Sprintf("id%d=%d", i, i+1))
			}
			h.respond = func(h *mailHost, id string) { // the next one comes after the answer
				var i int
				fmt.Sscanf(id, "id%d", &i)
				if i == 19 {
					h.post("id20", "a x", "stop")
				} else if i < 19 {
					h.post(fmt.Sprint("id", i+1), []string{"a", "a x"}[i%2], want[i+1])
				}
			}
			h.post("other", "b", "for somebody else")
			h.post("id0", "a", want[0])
			if s := run(t, &listenMain{}, h); s != 0 {
				t.Errorf("status %d", s)
			}
			if want = append(want, "stop", "end 21"); !slices.Equal(out, want) {
				t.Errorf("out %q, want %q", out, want)
			}
			if !slices.Equal(h.answers[:20], answers) {
				t.Errorf("answers %q", h.answers)
			}
		})
	}
}

// TestEventsTwice: an event that comes again, before it is taken, while it is worked on, or when it is answered, is the same one.
func TestEventsTwice(t *testing.T) {
	for _, chaos := range []int{0, 1, 3} {
		t.Run(fmt.Sprint("chaos", chaos), func(t *testing.T) {
			h := newMailHost(rt.Start{Events: true, Chaos: chaos, InProc: true})
			h.respond = func(h *mailHost, id string) {
				if id == "1" {
					h.post("2", "a x", "two")
				}
				h.post("1", "a x", "one")
				if id == "2" {
					h.post("3", "a x", "stop")
				}
			}
			h.post("1", "a x", "one")
			h.post("1", "a x", "one")
			if s := run(t, &listenMain{}, h); s != 0 {
				t.Errorf("status %d", s)
			}
			if want := []string{"one", "two", "stop", "end 3"}; !slices.Equal(out, want) {
				t.Errorf("out %q, want %q", out, want)
			}
		})
	}
}

// TestEventsUnloaded: a process that waits for events is idle, and goes on with the next one elsewhere.
func TestEventsUnloaded(t *testing.T) {
	h := newMailHost(rt.Start{Events: true})
	h.verdict = rt.Exit
	if s := run(t, &listenMain{}, h); s != rt.StatusUnloaded {
		t.Fatalf("status %d", s)
	}
	if last := h.steps[len(h.steps)-1]; last != "idle true: " {
		t.Errorf("steps %q", h.steps)
	}
	for i, text := range []string{"first", "second", "stop"} {
		if last := h.commits[len(h.commits)-1]; !last.Wake.IsZero() || !last.External {
			t.Errorf("wakes %v, external %v", last.Wake, last.External)
		}
		h.from = h.commits[len(h.commits)-1].snapshot
		h.post(fmt.Sprint(i), "a x", text)
		want := rt.StatusUnloaded
		if text == "stop" {
			want = 0
		}
		if s := run(t, &listenMain{}, h); s != want {
			t.Errorf("status %d, want %d", s, want)
		}
	}
	if want := []string{"first", "second", "stop", "end 3"}; !slices.Equal(out, want) {
		t.Errorf("out %q, want %q", out, want)
	}
	if want := []string{"0=1", "1=2"}; !slices.Equal(h.answers, want) {
		t.Errorf("answers %q, want %q", h.answers, want)
	}
}

// TestNoEvents: where none can come nobody waits for one.
func TestNoEvents(t *testing.T) {
	if s := run(t, &listenMain{}, newMailHost(rt.Start{})); s != 0 {
		t.Errorf("status %d", s)
	}
	if want := []string{"end 0"}; !slices.Equal(out, want) {
		t.Errorf("out %q, want %q", out, want)
	}
}

// lingerMain waits for a channel on which nobody sends.
type lingerMain struct{ linger bool }

func (m *lingerMain) Run(g *rt.G) {
	if m.linger {
		rt.Linger()
	}
	rt.Recv(g, make(chan int))
}

// TestLinger: the end of the last goroutine that can go on is that of the run.
func TestLinger(t *testing.T) {
	for _, test := range []struct {
		linger bool
		status int
	}{{false, 2}, {true, 0}} {
		if s := run(t, &lingerMain{test.linger}, &memHost{}); s != test.status {
			t.Errorf("linger %v: status %d", test.linger, s)
		}
	}
}
