package main

import (
	"reflect"
	"runtime"
	"testing"
)

func TestParseRecipe(t *testing.T) {
	for src, want := range map[string]*recipe{
		"// run\n\npackage main\n":                               {kind: "run"},
		"//run\npackage main\n":                                  {kind: "run"},
		"// run arg1 arg2\npackage main\n":                       {kind: "run", args: []string{"arg1", "arg2"}},
		"// run other.go arg\npackage main\n":                    {kind: "run", files: []string{"other.go"}, args: []string{"arg"}},
		"//go:build linux\n// +build linux\n// run\n":            {kind: "run"},
		"// run -gcflags='all=-N -l' a\n":                        {kind: "run", flags: []string{"-gcflags=all=-N -l"}, args: []string{"a"}},
		"// run -gcflags -l=4\n":                                 {kind: "run", flags: []string{"-gcflags=-l=4"}},
		"// run -race -t 30\n":                                   {kind: "run", flags: []string{"-race"}},
		"// run -goexperiment fieldtrack\n":                      {kind: "run", env: []string{"GOEXPERIMENT=fieldtrack"}},
		"// rundir -l=4\n":                                       {kind: "rundir", flags: []string{"-gcflags=-l=4"}},
		"// rundir -ldflags -strictdups=2 -w=0\n":                {kind: "rundir", flags: []string{"-ldflags=-strictdups=2 -w=0"}},
		"// errorcheck -0 -m\n":                                  {kind: "errorcheck", flags: []string{"-m"}},
		"// skip\n":                                              {kind: "skip"},
		"// Package main runs.\npackage main\n":                  nil,
		"// running\npackage main\n":                             nil,
		"package main\n// run\n":                                 nil,
		"":                                                       nil,
		"// Copyright 2020 The Go Authors.\n// run\npackage p\n": nil,
	} {
		got, err := parseRecipe([]byte(src))
		if err != nil {
			t.Errorf("%q: %v", src, err)
		}
		if (got == nil) != (want == nil) || got != nil && !got.equal(want) {
			t.Errorf("%q: got %+v, want %+v", src, got, want)
		}
	}
	for _, src := range []string{"// run 'a b\n", "// run -gcflags\n"} {
		if _, err := parseRecipe([]byte(src)); err == nil {
			t.Errorf("%q: no error", src)
		}
	}
}

// equal takes an empty list for none.
func (r *recipe) equal(s *recipe) bool {
	eq := func(a, b []string) bool { return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b) }
	return r.kind == s.kind && eq(r.flags, s.flags) && eq(r.env, s.env) && eq(r.files, s.files) && eq(r.args, s.args)
}

func TestExcluded(t *testing.T) {
	other := "plan9"
	if runtime.GOOS == other {
		other = "linux"
	}
	for _, test := range []struct {
		src   string
		plain bool
		want  string
	}{
		{"// run\n\n//go:build " + runtime.GOOS + "\n\npackage main\n", false, ""},
		{"// run\n//go:build " + other + "\npackage main\n", false, "//go:build " + other},
		{"//go:build !" + runtime.GOARCH + "\npackage main\n", false, "//go:build !" + runtime.GOARCH},
		{"//go:build ignore\npackage main\n", false, "//go:build ignore"},
		{"//go:build ignore\npackage main\n", true, ""},
		{"//go:build go1.21\npackage main\n", false, ""},
		{"//go:build go9.99\npackage main\n", false, "//go:build go9.99"},
		{"//go:build goexperiment.nosuch\npackage main\n", false, "//go:build goexperiment.nosuch"},
		{"package main\n//go:build " + other + "\n", false, ""},
	} {
		if got := excluded([]byte(test.src), test.plain); got != test.want {
			t.Errorf("%q: got %q, want %q", test.src, got, test.want)
		}
	}
}

func TestOutputComment(t *testing.T) {
	for _, test := range []struct {
		src, want string
		ok        bool
	}{
		{"package main\n\nfunc main() {\n}\n\n// Output:\n// a\n//  b\n", "a\n b", true},
		{"package main\n\nfunc main() {\n\t// Output: a\n}\n", "a", true},
		{"package main\n// Output:\n", "", true},
		{"package main\n// Output: a\nfunc main() {}\n", "", false},
		{"package main\n", "", false},
	} {
		if got, ok := outputComment([]byte(test.src)); got != test.want || ok != test.ok {
			t.Errorf("%q: got %q, %v", test.src, got, ok)
		}
	}
}
