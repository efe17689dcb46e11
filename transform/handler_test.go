package transform_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/pebble"
	"github.com/harkgen/harkgen/transform"
)

// answers are the responses of a run, by event.
type answers struct {
	mu   sync.Mutex
	text map[string]string
}

func (a *answers) Appended() <-chan struct{} { return nil }

func (a *answers) Listen([]string) error { return nil }

func (a *answers) Respond(id string, data []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.text[id] = string(data)
	return nil
}

// TestHandlers: handlers of each form, started by an event, decode it, wait, and answer, though their worker is killed at each operation.
func TestHandlers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds with the go command")
	}
	dir := entriesModule(t, "")
	res := compile(t, &transform.Options{Dir: dir, Lambda: true})
	out := t.TempDir()
	save(t, res, out)
	s, err := pebble.Open(filepath.Join(out, "store"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	tests := []struct{ entry, event, answer, stdout string }{
		{"fn", `{"First":"<you>"}`, `+{"text":"hello <you>"}`, ""},
		{"fn", `[]`, `-{"errorMessage":"json: cannot unmarshal array into Go value of type names.Name","errorType":"UnmarshalTypeError"}`, ""},
		{"multi-tick", `{"detail-type":"Scheduled Event","detail":{"N":7}}`, "+null", "tick 7\n"},
		{"empty-on-event", `{"detail-type":"x","source":"my.app","detail":{}}`, "+null", ""},
		{"shop-ship", `{"eventSource":"aws:sqs","body":"{\"ID\":\"42\"}"}`, `+"shipped 42"`, ""},
		{"shop-ship", `{"ID":"43"}`, `+"shipped 43"`, ""},
		{"shop-create-order", "POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n", ""},
	}
	built := map[string]string{}
	for _, tt := range tests {
		exe := built[tt.entry]
		if exe == "" {
			exe = filepath.Join(out, tt.entry)
			built[tt.entry] = exe
			for _, e := range res.Plan.Entries {
				if e.Name == tt.entry {
					goTool(t, out, "build", "-trimpath", "-tags", e.Tags, "-o", exe, e.Target)
				}
			}
		}
		prog := store.Program{Package: tt.entry, Cwd: out, Event: &store.Event{ID: "e1", Kind: "lambda", Content: store.Content{Inline: []byte(tt.event)}}}
		r, err := local.Create(t.Context(), filepath.Join(out, "state"), s, prog, "build")
		if err != nil {
			t.Fatal(err)
		}
		a := &answers{text: map[string]string{}}
		var stdout, stderr bytes.Buffer
		done, err := r.Execute(t.Context(), &local.Options{
			Store: s, Dir: filepath.Join(out, "state"), Worker: exe, Events: a, Stdout: &stdout, Stderr: &stderr, Chaos: 1,
		})
		if err != nil || done.Exit != 0 || !strings.HasPrefix(a.text["e1"], tt.answer) || stdout.String() != tt.stdout {
			t.Errorf("%s %s: %v, %+v, answers %q, stdout %q, stderr %q", tt.entry, tt.event, err, done, a.text, &stdout, &stderr)
		}
	}
}
