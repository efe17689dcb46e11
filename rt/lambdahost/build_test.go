package lambdahost

import (
	"os/exec"
	"strings"
	"testing"
)

// TestLinkerID compares with the go command.
func TestLinkerID(t *testing.T) {
	exe := t.TempDir() + "/bootstrap"
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", exe, "./testdata/bootstrap")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want, err := exec.Command("go", "tool", "buildid", exe).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := linkerID(exe); got == "" || got != strings.TrimSpace(string(want)) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := linkerID("build_test.go"); got != "" {
		t.Errorf("a text has the build id %q", got)
	}
}
