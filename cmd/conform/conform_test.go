package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fake is a harkgen that goes by the name of the program. In place of a program that passes it prints what that would.
const fake = `#!/bin/sh
for file; do case $file in *.go) break;; esac; done
case $file in
pass.go) echo "$PWD" >/dev/null; echo hello;;
status.go) echo boom >&2; echo exit status 3 >&2; exit 1;;
differs.go) echo other;;
refused.go) echo "refused.go:3:1: function f may suspend; why; do" >&2; exit 1;;
hangs.go) sleep 1000 & sleep 1000;;
esac
`

const hello = "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"hello\") }\n"

func TestConform(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds programs")
	}
	t.Setenv("GOCACHE", goCache(t))
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir := writeTree(t, map[string]string{
		"pass.go":     hello + "\n// Output:\n// hello\n",
		"status.go":   "package main\n\nimport \"os\"\n\nfunc main() {\n\tos.Stderr.WriteString(\"boom\\n\")\n\tos.Exit(3)\n}\n",
		"differs.go":  hello,
		"refused.go":  hello,
		"hangs.go":    hello,
		"unsteady.go": "package main\n\nimport \"time\"\n\nfunc main() { println(time.Now().UnixNano()) }\n",
		"wrong.go":    hello + "\n// Output: bye\n",
		"broken.go":   "package main\n\nfunc main() { x }\n",
		"listed.go":   hello,
		"other.go":    "//go:build plan9\n\npackage main\n",
	})
	bin := writeTree(t, map[string]string{"harkgen": fake, "skip": "listed.go it is about the runtime\n"})
	harkgen, report := filepath.Join(bin, "harkgen"), filepath.Join(bin, "report.json")
	if err := os.Chmod(harkgen, 0o777); err != nil {
		t.Fatal(err)
	}
	o := &options{p: 2, timeout: 5 * time.Second, harkgen: harkgen, skip: filepath.Join(bin, "skip"), json: report}
	want := map[string]string{
		"pass.go": "", "status.go": "",
		"differs.go": badOutput, "refused.go": refused, "hangs.go": timeout,
		"unsteady.go": unsteady, "wrong.go": failsNatively, "broken.go": "does not build natively",
		"listed.go": "skip list", "other.go": "not for this platform",
	}
	for _, pass := range []string{"first", "cached"} {
		failed, err := conform(context.Background(), o, []string{dir})
		if failed != 3 || err != nil {
			t.Errorf("%s: %d failed, %v; want 3", pass, failed, err)
		}
		for _, r := range readReport(t, report) {
			if r.Reason != want[r.Name] {
				t.Errorf("%s: %s: got %q: %s, want %q", pass, r.Name, r.Reason, r.Detail, want[r.Name])
			}
			if (r.Got != nil) != (r.Status == fail) {
				t.Errorf("%s: %s: output %v", pass, r.Name, r.Got)
			}
		}
	}
}

func goCache(t *testing.T) string {
	t.Helper()
	o, err := command{dir: t.TempDir(), args: []string{"go", "env", "GOCACHE"}, timeout: time.Minute}.run(t.Context())
	if err != nil || o.Status != 0 {
		t.Fatal(o, err)
	}
	return strings.TrimSpace(o.Stdout)
}

func readReport(t *testing.T, name string) (rs []*result) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &rs); err != nil {
		t.Fatal(err)
	}
	return rs
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	r := newReport(&out, null, 9, false)
	for _, name := range strings.Fields("g f e d c b") {
		r.add(name, skipped(failsNatively, ""))
	}
	r.add("a", &result{Status: pass})
	r.add("j", &result{Status: pass, Reason: "too many operations"})
	r.add("h", &result{Status: fail, Reason: refused, Detail: "why", Native: time.Second, Durable: 2 * time.Second})
	r.add("i", &result{Status: fail, Reason: timeout})
	if failed, err := r.finish(""); failed != 2 || err != nil {
		t.Error(failed, err)
	}
	want := `FAIL h (1.00s, 2.00s): refused by harkgen: why
FAIL i: timeout

passed, but
     1  too many operations
        j

skipped
     6  fails natively
        b c d e f and 1 more

failed
     1  refused by harkgen: why
        h
     1  timeout
        i

2 passed, 2 failed, 6 skipped
`
	if out.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", out.String(), want)
	}
}
