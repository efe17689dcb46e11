// Vetbench measures the checks of harkvet on programs that were not written for harkgen:
//
//	go run ./internal/vetbench [-seed N] [-sample N] [-time] [std | MODULE@VERSION ...]
//
// It prints how many findings each check has in a thousand lines, and a random sample of them to be judged by hand. With -time it prints the processor
// time of go vet with harkvet beside that of go vet alone, each with nothing in the cache but compiled packages.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/harkgen/harkgen/analyzer/driver"
)

var modules = []string{
	"std", "golang.org/x/sync@v0.24.0", "github.com/hashicorp/raft@v1.7.3", "github.com/hashicorp/memberlist@v0.5.3", "go.etcd.io/bbolt@v1.4.3",
	"github.com/prometheus/client_golang@v1.23.2",
}

func main() {
	seed := flag.Uint64("seed", 1, "of the sample")
	size := flag.Int("sample", 50, "findings to print")
	timed := flag.Bool("time", false, "measure time, too")
	flag.Parse()
	log.SetFlags(0)
	args := flag.Args()
	if len(args) == 0 {
		args = modules
	}
	var all []string
	for _, m := range args {
		found, err := measure(m, *timed)
		if err != nil {
			log.Fatalf("%s: %v", m, err)
		}
		all = append(all, found...)
	}
	fmt.Printf("\nsample of %d, seed %d\n", min(*size, len(all)), *seed)
	r := rand.New(rand.NewPCG(*seed, 0))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, f := range all[:min(*size, len(all))] {
		fmt.Println(f)
	}
}

// measure prints the numbers of a module, and returns its findings.
func measure(module string, timed bool) ([]string, error) {
	dir, pattern, err := find(module)
	if err != nil {
		return nil, err
	}
	res, err := driver.Run(context.Background(), dir, []string{pattern})
	if err != nil {
		return nil, err
	}
	lines, err := count(dir, pattern)
	if err != nil {
		return nil, err
	}
	by := map[string]int{}
	var found []string
	for _, f := range res.Findings {
		by[f.Category]++
		at := res.Fset.Position(f.Pos)
		found = append(found, fmt.Sprintf("%s:%d:%d: %s", strings.TrimPrefix(at.Filename, filepath.Dir(dir)+"/"), at.Line, at.Column, f.Message))
	}
	fmt.Printf("%s: %d lines, %d findings, %.2f in a thousand lines", module, lines, len(found), 1000*float64(len(found))/float64(lines))
	for _, name := range slices.Sorted(maps.Keys(by)) {
		fmt.Printf("; %s %d (%.2f)", name, by[name], 1000*float64(by[name])/float64(lines))
	}
	fmt.Println()
	if timed {
		return found, compare(dir, pattern)
	}
	return found, nil
}

// find returns the directory of a module, and the pattern for its packages.
func find(module string) (dir, pattern string, err error) {
	if module == "std" {
		out, err := exec.Command("go", "env", "GOROOT").Output()
		return filepath.Join(strings.TrimSpace(string(out)), "src"), "std", err
	}
	out, err := exec.Command("go", "mod", "download", "-json", module).Output()
	if err != nil {
		return "", "", fmt.Errorf("go mod download: %w", err)
	}
	var m struct{ Dir string }
	err = json.Unmarshal(out, &m)
	return m.Dir, "./...", err
}

// count counts the lines of the files that are checked.
func count(dir, pattern string) (int, error) {
	cmd := exec.Command("go", "list", "-f", `{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}`, pattern)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("go list: %w", err)
	}
	n := 0
	for name := range strings.FieldsSeq(string(out)) {
		text, err := os.ReadFile(name)
		if err != nil {
			return 0, err
		}
		n += bytes.Count(text, []byte("\n"))
	}
	return n, nil
}

// compare prints the processor time of harkvet and of go vet.
func compare(dir, pattern string) error {
	tmp, err := os.MkdirTemp("", "vetbench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	tool := filepath.Join(tmp, "harkvet")
	if _, err := run(".", nil, "go", "build", "-o", tool, "github.com/harkgen/harkgen/cmd/harkvet"); err != nil {
		return err
	}
	env := append(os.Environ(), "GOCACHE="+filepath.Join(tmp, "cache"))
	if _, err := run(dir, env, "go", "build", pattern); err != nil {
		return err
	}
	plain, _ := run(dir, env, "go", "vet", pattern) // it may have findings
	ours, _ := run(dir, env, "go", "vet", "-vettool="+tool, pattern)
	fmt.Printf("\tgo vet %.1f s, with harkvet %.1f s: %.2f times\n", plain.Seconds(), ours.Seconds(), ours.Seconds()/plain.Seconds())
	return nil
}

// run returns the processor time of a command and those that it starts.
func run(dir string, env []string, command ...string) (time.Duration, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, out)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), err
}
