package rt_test

import (
	"os"
	"testing"

	"github.com/harkgen/harkgen/rt"
)

func TestEnviron(t *testing.T) {
	t.Setenv("HARK_KEPT", "1")
	t.Setenv("HARK_GONE", "2")
	t.Setenv("HARK_CHANGED", "3")
	if got := rt.Environ(); got != "" {
		t.Fatalf("changes at the beginning: %q", got)
	}
	os.Unsetenv("HARK_GONE")
	os.Setenv("HARK_CHANGED", "a=b\nc")
	os.Setenv("HARK_NEW", "")
	changes := rt.Environ()
	if want := "HARK_CHANGED=a=b\nc\x00HARK_GONE\x00HARK_NEW=\x00"; changes != want {
		t.Fatalf("changes %q, want %q", changes, want)
	}
	rt.SetEnviron("")
	if got := rt.Environ(); got != "" || os.Getenv("HARK_GONE") != "2" {
		t.Fatalf("after the changes were taken back there are %q", got)
	}
	rt.SetEnviron(changes)
	if got := rt.Environ(); got != changes {
		t.Fatalf("restored %q, want %q", got, changes)
	}
	os.Unsetenv("HARK_NEW")
}
