package sam_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/harkgen/harkgen/deploygen"
	"github.com/harkgen/harkgen/deploygen/plan"
)

var update = flag.Bool("update", false, "write the golden files")

// plans are the goldens: testdata/NAME/template.yaml and Makefile.
var plans = map[string]*deploygen.Plan{
	"one": {Program: "example.com/wordcount", Entries: []deploygen.Entry{{Name: "wordcount"}}},
	"two": {
		Program:             "example.com/shop",
		LogRetention:        365,
		PointInTimeRecovery: true,
		Entries: []deploygen.Entry{
			{Name: "web.front", Target: "./cmd/web.front", Resources: plan.Resources{Timeout: 60}, Concurrency: 2},
			{Name: "order-saga", Resources: plan.Resources{Memory: 512}},
		},
	},
}

func files(t *testing.T, p *deploygen.Plan) []deploygen.File {
	t.Helper()
	fs, err := deploygen.Files(p)
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

func TestGolden(t *testing.T) {
	for name, p := range plans {
		again := files(t, p)
		for i, f := range files(t, p) {
			if !bytes.Equal(f.Data, again[i].Data) {
				t.Errorf("%s/%s differs when made twice", name, f.Path)
			}
			golden := filepath.Join("testdata", name, f.Path)
			if *update {
				if err := os.MkdirAll(filepath.Dir(golden), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(golden, f.Data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(f.Data, want) {
				t.Errorf("%s differs; if that is right, run go test ./deploygen/sam -update and read the diff", golden)
			}
		}
	}
}

// TestOdd checks that texts that YAML could take for something else survive.
func TestOdd(t *testing.T) {
	for _, program := range []string{"yes", "1.0", "a: b # c", "- x", "{x}", "'", "é", ""} {
		fs := files(t, &deploygen.Plan{Program: program, Entries: []deploygen.Entry{{Name: "a"}}})
		var doc struct {
			Description string `yaml:"Description"`
		}
		if err := yaml.Unmarshal(fs[0].Data, &doc); err != nil {
			t.Errorf("%q: %v", program, err)
		}
		if want := program + ", made durable by harkgen"; doc.Description != want {
			t.Errorf("description %q, want %q", doc.Description, want)
		}
	}
}

// tool returns a command that is installed from PyPI; where it is missing, the test is skipped, but in
// CI it fails.
func tool(t *testing.T, dir, name string, args ...string) *exec.Cmd {
	t.Helper()
	if testing.Short() {
		t.Skip("long")
	}
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed: pip install cfn-lint aws-sam-cli", name)
		}
		t.Skipf("%s is not installed (pip install cfn-lint aws-sam-cli)", name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "SAM_CLI_TELEMETRY=0", "AWS_DEFAULT_REGION=eu-central-1", "AWS_REGION=eu-central-1")
	return cmd
}

func TestCfnLint(t *testing.T) {
	t.Parallel()
	for name := range plans {
		cmd := tool(t, filepath.Join("testdata", name), "cfn-lint", "--include-checks", "I", "--", "template.yaml")
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func TestSamValidate(t *testing.T) {
	t.Parallel()
	for name := range plans {
		out, err := tool(t, filepath.Join("testdata", name), "sam", "validate", "--lint", "--template", "template.yaml").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "is a valid SAM Template") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// TestSamBuild lets sam build a small output module in its scratch directories, without Docker.
func TestSamBuild(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, data string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/shop\n\ngo 1.26\n")
	entries := []string{"web.front", "order-saga"}
	for _, e := range entries {
		write("cmd/"+e+"/main.go", "package main\n")
		write("cmd/"+e+"/harkmain.go", "//go:build !hark_lambda\n\npackage main\n\nfunc main() { println(\"worker\") }\n")
		write("cmd/"+e+"/harkmain_lambda.go", "//go:build hark_lambda\n\npackage main\n\nfunc main() { println(\"handler of "+e+"\") }\n")
	}
	for _, f := range files(t, plans["two"]) {
		write(f.Path, string(f.Data))
	}
	if out, err := tool(t, dir, "sam", "build").CombinedOutput(); err != nil {
		t.Fatalf("sam build: %v\n%s", err, out)
	}
	for i, id := range []string{"WebFrontFunction", "OrderSagaFunction"} {
		data, err := os.ReadFile(filepath.Join(dir, ".aws-sam", "build", id, "bootstrap"))
		if err != nil {
			t.Fatal(err)
		}
		const arm64 = "\xb7\x00" // e_machine, at byte 18
		if !bytes.HasPrefix(data, []byte("\x7fELF")) || string(data[18:20]) != arm64 {
			t.Errorf("bootstrap of %s is not an ELF binary for arm64", id)
		}
		if !bytes.Contains(data, []byte("handler of "+entries[i])) {
			t.Errorf("bootstrap of %s is not its handler", id)
		}
	}
	if out, err := tool(t, dir, "make", "run", "ENTRY=web.front").CombinedOutput(); err != nil || !strings.HasSuffix(string(out), "worker\n") {
		t.Errorf("make run: %v\n%s", err, out)
	}
}
