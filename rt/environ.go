package rt

import (
	"maps"
	"os"
	"slices"
	"strings"
)

// This file makes a setting of the environment. What is saved is only what the program has changed, since each machine has an environment of its own.

// environ is the environment after initialisation.
var environ map[string]string

// Environ returns what the program has changed in the environment: "NAME=VALUE" for what it has set, "NAME" for what it has unset, each followed by a zero byte.
func Environ() string {
	now := environment()
	if environ == nil {
		environ = now
		return ""
	}
	var changes []string
	for name, value := range now {
		if old, ok := environ[name]; !ok || old != value {
			changes = append(changes, name+"="+value)
		}
	}
	for name := range environ {
		if _, ok := now[name]; !ok {
			changes = append(changes, name)
		}
	}
	if changes == nil {
		return ""
	}
	slices.Sort(changes)
	return strings.Join(changes, "\x00") + "\x00"
}

// SetEnviron changes the environment that there was after initialisation by what Environ has returned.
func SetEnviron(changes string) {
	want := maps.Clone(environ)
	for change := range strings.SplitSeq(strings.TrimSuffix(changes, "\x00"), "\x00") {
		if name, value, ok := strings.Cut(change, "="); ok {
			want[name] = value
		} else {
			delete(want, name)
		}
	}
	for name := range environment() {
		if _, ok := want[name]; !ok {
			_ = os.Unsetenv(name)
		}
	}
	for name, value := range want {
		_ = os.Setenv(name, value) // it was possible in the process that saved
	}
}

func environment() map[string]string {
	m := map[string]string{}
	for _, text := range os.Environ() {
		if name, value, ok := strings.Cut(text[min(1, len(text)):], "="); ok { // on Windows a name may begin with =
			m[text[:1]+name] = value
		}
	}
	return m
}
