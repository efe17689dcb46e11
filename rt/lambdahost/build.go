package lambdahost

import (
	"bytes"
	"crypto/sha256"
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

// linkerID reads the note that the Go linker writes near the beginning of the file: the sizes of name and description, a type, "Go\0\0", the id.
// Package debug/elf would find it by the section's name; but it links what it takes to read compressed debug information.
func linkerID(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return ""
	}
	i := bytes.Index(head, []byte("\x04\x00\x00\x00Go\x00\x00"))
	if i < 4 {
		return ""
	}
	size, id := binary.LittleEndian.Uint32(head[i-4:]), head[i+8:]
	if uint64(size) > uint64(len(id)) {
		return ""
	}
	return string(id[:size])
}
