// This file tests the takeover with real processes that are killed with SIGKILL.

package shared

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt/store"
)

// child works until it is killed. Each step puts its own record, of which it is the only writer, with a
// blob; appends to a mailbox; and adds a tag of its own to a common record. It prints a line per step done.
func child(dir, name string) {
	s, err := Open(dir, nil)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	check := func(err error) {
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
	background := context.Background()
	fmt.Println("open")
	for v := int64(0); ; v++ {
		blob := store.NewBlob(name, fmt.Append(nil, name, v))
		_, err := s.Put(background, store.Record{ID: name, Version: v, Data: []byte(blob.Name)}, blob)
		check(err)
		check(s.Append(background, "box", store.Message{Key: store.Key{Sender: name, Seq: uint64(v) + 1}}))
		for {
			r, err := s.Get(background, "common")
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				check(err)
			}
			r.ID, r.Token = "common", ""
			r.Data = fmt.Appendf(r.Data, "%s.%d ", name, v)
			if len(r.Data) > 100_000 {
				r.Data = r.Data[50_000:]
			}
			_, err = s.Put(background, r)
			if err == nil {
				break
			}
			if !errors.Is(err, store.ErrConflict) {
				check(err)
			}
		}
		fmt.Println("step", v+1, s.Serving())
	}
}

type process struct {
	name string
	cmd  *exec.Cmd

	mu      sync.Mutex
	version int64 // last printed
	serving bool
	err     string
	done    chan bool
}

func spawn(t *testing.T, dir, name string) *process {
	t.Helper()
	p := &process{name: name, cmd: exec.Command(os.Args[0]), done: make(chan bool)}
	p.cmd.Env = append(os.Environ(), "HARK_TEST_DIR="+dir, "HARK_TEST_NAME="+name)
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		for sc := bufio.NewScanner(out); sc.Scan(); {
			p.mu.Lock()
			if n, _ := fmt.Sscan(strings.TrimPrefix(sc.Text(), "step "), &p.version, &p.serving); n != 2 && sc.Text() != "open" {
				p.err = sc.Text()
			}
			p.mu.Unlock()
		}
	}()
	return p
}

func (p *process) state() (int64, bool, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.version, p.serving, p.err
}

func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.done
	p.cmd.Wait()
}

// TestKill kills the server again and again while others work. Each step that a
// process reported is there; a process that is the only writer of its record never sees a conflict.
func TestKill(t *testing.T) {
	kills := 12
	if testing.Short() {
		kills = 4
	}
	dir := t.TempDir()
	var all []*process
	live := map[*process]bool{}
	start := func() {
		p := spawn(t, dir, fmt.Sprint("p", len(all)))
		all = append(all, p)
		live[p] = true
	}
	defer func() {
		for p := range live {
			p.kill()
		}
	}()
	for range 3 {
		start()
	}
	deadline := time.Now().Add(120 * time.Second)
	for killed := 0; killed < kills; {
		if time.Now().After(deadline) {
			t.Fatalf("%d servers killed, then nobody served", killed)
		}
		time.Sleep(20 * time.Millisecond)
		// All have gone on since the last kill, so the server is alive and known.
		var server *process
		progress := true
		for p := range live {
			v, serving, err := p.state()
			if err != "" {
				t.Fatalf("%s: %s", p.name, err)
			}
			if serving {
				server = p
			}
			progress = progress && v > 3
		}
		if server == nil || !progress {
			continue
		}
		before := map[*process]int64{}
		server.kill()
		delete(live, server)
		killed++
		start()
		for p := range live {
			before[p], _, _ = p.state()
		}
		for p := range live { // all clients go on
			for v := before[p]; v < before[p]+3; v, _, _ = p.state() {
				if _, _, err := p.state(); err != "" {
					t.Fatalf("%s: %s", p.name, err)
				}
				if time.Now().After(deadline) {
					t.Fatalf("%s hangs at step %d", p.name, v)
				}
				time.Sleep(5 * time.Millisecond)
			}
		}
	}
	for p := range live {
		p.kill()
		delete(live, p)
	}
	s := open(t, dir)
	defer s.Close()
	for _, p := range all {
		acked, _, err := p.state()
		if err != "" {
			t.Errorf("%s: %s", p.name, err)
		}
		checkProcess(t, s, p.name, acked)
	}
}

func checkProcess(t *testing.T, s *Store, name string, acked int64) {
	t.Helper()
	r, err := s.Get(t.Context(), name)
	if acked == 0 && errors.Is(err, store.ErrNotFound) {
		return
	}
	if err != nil || r.Version < acked || r.Version > acked+1 {
		t.Errorf("%s: version %d, %v; it reported %d", name, r.Version, err, acked)
		return
	}
	for v := range r.Version {
		blob := store.NewBlob(name, fmt.Append(nil, name, v))
		if _, err := s.GetBlob(t.Context(), blob.Name); err != nil {
			t.Errorf("%s: blob of step %d: %v", name, v+1, err)
		}
	}
	n := int64(0)
	for after := (store.Key{Sender: name}); ; {
		ms, err := s.Messages(t.Context(), "box", after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(ms) == 0 || ms[0].Sender != name {
			break
		}
		for _, m := range ms {
			if m.Sender == name {
				n++
			}
			after = m.Key
		}
	}
	if n < acked || n > acked+1 {
		t.Errorf("%s: %d messages, it reported %d", name, n, acked)
	}
}
