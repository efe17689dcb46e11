package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// sameVet is the command samevet of scripts.
func sameVet(ts *testscript.TestScript, neg bool, args []string) {
	tool, err := exec.LookPath("harkvet")
	ts.Check(err)
	unit := findings(ts, "go", "vet", "-json", "-vettool="+tool, "./...")
	whole := findings(ts, "harkgen", "vet", "-json", "./...")
	if !slices.Equal(unit, whole) {
		ts.Fatalf("go vet finds\n%s\nharkgen vet\n%s", strings.Join(unit, "\n"), strings.Join(whole, "\n"))
	}
	if n, err := strconv.Atoi(args[0]); err != nil || len(unit) != n {
		ts.Fatalf("%d findings, not %s:\n%s", len(unit), args[0], strings.Join(unit, "\n"))
	}
}

// findings lists what a command prints in the shape of go vet -json, sorted.
func findings(ts *testscript.TestScript, command ...string) (out []string) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(cmd.Environ(), "HOME="+ts.Getenv("HOME"), "GOCACHE="+ts.Getenv("GOCACHE"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && stdout.Len()+stderr.Len() == 0 {
		ts.Fatalf("%s: %v", command, err)
	}
	var text strings.Builder
	for line := range strings.Lines(stdout.String() + stderr.String()) {
		if !strings.HasPrefix(line, "#") { // go vet names the packages
			text.WriteString(line)
		}
	}
	for d := json.NewDecoder(strings.NewReader(text.String())); ; {
		var found map[string]map[string][]struct{ Category, Posn, Message string }
		if err := d.Decode(&found); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			ts.Fatalf("%s: %v:\n%s", command, err, text.String())
		}
		for pkg, checks := range found {
			for check, list := range checks {
				for _, f := range list {
					out = append(out, fmt.Sprintf("%s %s %s %s: %s", pkg, check, f.Category, f.Posn, f.Message))
				}
			}
		}
	}
	slices.Sort(out)
	return out
}
