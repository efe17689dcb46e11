package transform_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/harkgen/harkgen/transform"
)

// maxHandler is how many bytes a handler may have but for the user's code: Lambda loads it at each cold start.
const maxHandler = 12_000_000

// TestHandlerSize builds the handler of a program that does nothing, as sam build does.
func TestHandlerSize(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds with the go command")
	}
	dir := extract(t, txtar.Parse([]byte("-- go.mod --\nmodule example.com/empty\n\ngo 1.26\n-- main.go --\npackage main\n\nfunc main() { println() }\n")))
	out := t.TempDir()
	save(t, compile(t, &transform.Options{Dir: dir, Lambda: true}), out)

	t.Run("size", func(t *testing.T) {
		built := t.TempDir()
		cmd := exec.CommandContext(t.Context(), "make", "-C", out, "build-EmptyFunction", "ARTIFACTS_DIR="+built)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		info, err := os.Stat(filepath.Join(built, "bootstrap"))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d bytes", info.Size())
		if info.Size() > maxHandler {
			t.Errorf("the handler has %d bytes, more than %d; see `go tool nm -size -sort size`", info.Size(), maxHandler)
		}
	})

	// A function that looks methods up by name makes the linker keep all exported methods of all types: 3 MB.
	t.Run("methods", func(t *testing.T) {
		cmd := exec.CommandContext(t.Context(), "go", "build", "-tags", "hark_lambda,lambda.norpc", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -dumpdep", "-o", os.DevNull, "./cmd/empty")
		cmd.Dir = out
		cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
		text, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "main.main") {
			t.Fatal("the linker has shown no dependencies")
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, "<ReflectMethod>") {
				t.Error(strings.TrimSpace(line))
			}
		}
	})
}
