package directive

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/internal/lazyre"
)

// This file reads what follows the trigger: memory=2048 timeout=5m.

// settings takes the rest of the directive. Only keys of may, separated by spaces, are allowed.
func (s *scanner) settings(to *Setting, may string) bool {
	ok := true
	seen := map[string]bool{}
	for word, pos := s.word(); word != ""; word, pos = s.word() {
		key, value, is := strings.Cut(word, "=")
		switch {
		case !is || !slices.Contains(strings.Fields(may), key):
			do := "remove it"
			if may != "" {
				do = "write " + strings.Join(strings.Fields(may), "=, ") + "=, or remove it"
			}
			s.problem(pos, "unexpected "+word, "it is no setting of this directive", do)
			ok = false
		case seen[key]:
			s.problem(pos, key+" is set twice", "", "remove one")
			ok = false
		default:
			if err := to.set(key, value); err != nil {
				s.problem(pos, word, err.Error(), "write another value")
				ok = false
			}
		}
		seen[key] = true
	}
	return ok
}

func (t *Setting) set(key, value string) (err error) {
	switch key {
	case "memory":
		t.Memory, err = number(value, plan.MinMemory, plan.MaxMemory, " (MB)")
	case "storage":
		t.Storage, err = number(value, plan.MinStorage, plan.MaxStorage, " (MB)")
	case "concurrency":
		t.Concurrency, err = number(value, plan.MinConcurrency, plan.MaxConcurrency, "")
	case "timeout":
		t.Timeout, err = plan.ParseTimeout(value)
	case "name":
		t.Name, err = value, CheckName(value)
	}
	return err
}

func number(text string, low, high int, unit string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("it must be a whole number from %d to %d%s", low, high, unit)
	}
	return n, nil
}

var nameForm = lazyre.New(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// CheckName returns an error if name cannot be that of an entry.
func CheckName(name string) error {
	if !nameForm().MatchString(name) || len(name) > 60 {
		return errors.New("a name is of small letters and digits, with single dashes between, at most 60 characters")
	}
	return nil
}
