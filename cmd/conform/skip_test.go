package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// maxSkips bounds the list: what is not about the runtime is a failure.
const maxSkips = 60

func TestSkipList(t *testing.T) {
	skips, err := (&options{place: "remote"}).skips()
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{defaultSkips, remoteSkips} {
		if n := strings.Count(list, "\n"); n > maxSkips {
			t.Errorf("%d lines; at most %d are wanted", n, maxSkips)
		}
	}
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(strings.TrimSpace(string(out)), "test")
	if _, err := os.Stat(root); err != nil {
		t.Skip("this Go has no GOROOT/test:", err)
	}
	for path := range skips.reasons {
		p, err := readProgram(path, filepath.Join(root, path), root)
		if err != nil {
			t.Error(err)
		} else if !p.belongs(false) {
			t.Errorf("%s is not in the corpus", path)
		}
	}
}

func TestParseSkips(t *testing.T) {
	got, err := parseSkips("# why\n\na.go what it is\nb/c.go  other \n")
	if err != nil || len(got) != 2 || got["a.go"] != "what it is" || got["b/c.go"] != "other" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, text := range []string{"a.go\n", "a.go x\na.go y\n"} {
		if _, err := parseSkips(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

func TestSkipReason(t *testing.T) {
	s := skipList{map[string]string{"a.go": "x", "b/c.go": "y"}, true}
	header := &recipe{kind: "run"}
	for _, test := range []struct {
		p    program
		want string
	}{
		{program{name: "a.go", recipe: header}, "x"},
		{program{name: "a.go"}, ""},
		{program{name: "d/a.go", recipe: header}, ""},
		{program{name: "/go/test/b/c.go", recipe: header}, "y"},
	} {
		if got := s.reason(&test.p); got != test.want {
			t.Errorf("%s: got %q, want %q", test.p.name, got, test.want)
		}
	}
}
