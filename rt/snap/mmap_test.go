//go:build unix

package snap

import (
	"io"
	"strings"
	"syscall"
	"testing"
)

func TestForeignMemory(t *testing.T) {
	b, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(b)
	for _, root := range []any{&struct{ p *byte }{&b[0]}, &struct{ p []byte }{b}} {
		if err := Save(io.Discard, root); err == nil || !strings.Contains(err.Error(), "p -> uint8: it is not in Go memory") {
			t.Error(err)
		}
	}
}
