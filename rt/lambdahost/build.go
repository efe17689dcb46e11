package lambdahost

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
)

// This file defines the identity of the binary, which a snapshot belongs to.

// A buildName is how a record names what it was started by: "version/identity".
func buildName(version, identity string) string { return version + "/" + identity }

func splitBuild(name string) (version, identity string) {
	version, identity, _ = strings.Cut(name, "/")
	return version, identity
}

// buildIdentity returns a hash of the binary: of the build id that the linker left in it, which
// covers its content, or of the file itself if it has none.
func buildIdentity(path string) (string, error) {
	if id := linkerID(path); id != "" {
		sum := sha256.Sum256([]byte(id))
		return hex.EncodeToString(sum[:16]), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("identify the program: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("identify the program: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

// linkerID reads the note that the Go linker writes: sizes of name and
// description, a tag, "Go\0\0", the id.
func linkerID(path string) string {
	f, err := elf.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	s := f.Section(".note.go.buildid")
	if s == nil {
		return ""
	}
	note, err := s.Data()
	if err != nil || len(note) < 16 {
		return ""
	}
	n := binary.LittleEndian.Uint32(note[4:])
	if string(note[12:16]) != "Go\x00\x00" || uint64(n) > uint64(len(note)-16) {
		return ""
	}
	return string(note[16 : 16+n])
}
