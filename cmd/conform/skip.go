package main

// This file reads the skip lists: programs that are about the runtime itself, and cannot be the same when compiled; and those that
// cannot be the same when their goroutines are in processes of their own.

import (
	_ "embed"
	"fmt"
	"os"
	"strings"
)

//go:embed skip.txt
var defaultSkips string

//go:embed skip_remote.txt
var remoteSkips string

// A skipList has the reasons, by paths like chan/x.go.
type skipList struct {
	reasons map[string]string
	recipes bool // only for programs with a header
}

// skips returns the list to use.
func (o *options) skips() (skipList, error) {
	if o.skip == "" {
		text := defaultSkips
		if o.place == "remote" {
			text += "\n" + remoteSkips
		}
		reasons, err := parseSkips(text)
		return skipList{reasons, true}, err
	}
	data, err := os.ReadFile(o.skip)
	if err != nil {
		return skipList{}, err
	}
	reasons, err := parseSkips(string(data))
	if err != nil {
		return skipList{}, fmt.Errorf("%s: %w", o.skip, err)
	}
	return skipList{reasons, false}, nil
}

// parseSkips reads lines `path reason...`; empty lines and those that begin with # say nothing.
func parseSkips(text string) (map[string]string, error) {
	reasons := map[string]string{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		path, reason, _ := strings.Cut(line, " ")
		reason = strings.TrimSpace(reason)
		switch {
		case reason == "":
			return nil, fmt.Errorf("line %d: no reason for %s; write `path reason...`", i+1, path)
		case reasons[path] != "":
			return nil, fmt.Errorf("line %d: %s is listed twice; remove one", i+1, path)
		}
		reasons[path] = reason
	}
	return reasons, nil
}

// reason returns why a program is to be skipped, or "". A program given as a file is known by the end of its path.
func (s skipList) reason(p *program) string {
	if s.recipes && p.recipe == nil {
		return ""
	}
	if why, ok := s.reasons[p.name]; ok {
		return why
	}
	for path, why := range s.reasons {
		if strings.HasSuffix(p.name, "/"+path) && strings.Contains(path, "/") {
			return why
		}
	}
	return ""
}
