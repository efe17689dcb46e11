package difftest

// This file checks what harkgen refuses.

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var reError = regexp.MustCompile(`// ERROR (".*")$`)

// TestRefused: each program of testdata/refused is refused with exit status 1,
// with a message file:line:col: text for each line that ends in // ERROR "text",
// and with no output module.
func TestRefused(t *testing.T) {
	programs := load(t, "refused")
	dir := copyModule(t, programs)
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "out")
			o := command{dir: dir, args: append(append([]string{harkgen, "-o", out}, p.flags...), "./"+p.name)}.run(t)
			if o.status != 1 {
				t.Errorf("exit status %d, want 1", o.status)
			}
			if _, err := os.Stat(out); err == nil {
				t.Errorf("an output module was written")
			}
			wanted := 0
			for n, line := range strings.Split(readFile(t, p.src), "\n") {
				m := reError.FindStringSubmatch(line)
				if m == nil {
					continue
				}
				wanted++
				text, err := strconv.Unquote(strings.ReplaceAll(m[1], `\.`, `\\.`))
				if err != nil {
					t.Fatalf("%s:%d: %v", p.src, n+1, err)
				}
				re := regexp.MustCompile(`(?m)` + regexp.QuoteMeta(p.name+".go:"+strconv.Itoa(n+1)) + `:\d+: .*(` + text + `)`)
				if !re.MatchString(o.stderr) {
					t.Errorf("no message matches %q", re)
				}
			}
			if wanted == 0 {
				t.Errorf("%s: no // ERROR comment", p.src)
			}
			if strings.Contains(o.stderr, "panic:") || strings.Contains(o.stderr, "bug, compiling") {
				t.Errorf("harkgen panicked")
			}
			if t.Failed() {
				t.Log(o)
			}
		})
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
