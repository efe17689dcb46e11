package deptest

// This file defines the import policy and checks it, in the style of
// go/build/deps_test.go.
//
// The table is a statement of policy. Do not change it to make a build pass:
// a row says what a package is for, and what it must do without.

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/harkgen/harkgen"

// A rule says what a package may import, apart from the standard library.
type rule struct {
	pkg string // path in this module; "x/..." is x and all below it
	may string // packages of this module, "x/..." as above
	ext string // prefixes of packages of other modules
	std string // if set, the only packages of the standard library
	why string
}

const aws = "github.com/aws/aws-sdk-go-v2 github.com/aws/smithy-go"

var policy = []rule{
	// What generated programs link. It is copied into each of them, starts with each step, and is all
	// that a program carries of harkgen: so few imports, and never the compiler.
	{
		pkg: "rt", may: "rt/snap rt/exchange",
		std: "bytes cmp context errors fmt io math maps os reflect runtime runtime/debug slices strconv strings sync sync/atomic time unicode/utf8 unique unsafe weak",
		why: "every compiled program links it; a worker must start in a few milliseconds, and link fast",
	},
	{
		pkg: "rt/snap",
		std: "bufio bytes cmp encoding/binary errors fmt hash/crc32 io maps math math/bits os reflect runtime slices sort strconv strings sync time unique unsafe weak",
		why: "the codec knows memory, not goroutines or stores",
	},
	{
		pkg: "rt/snap/netaddr", std: "net/netip reflect unsafe",
		why: "what snapshots need for net/netip; programs without it do not link it",
	},
	{pkg: "rt/snap/expvars", may: "rt/snap", std: "expvar", why: "state of package expvar; programs without it do not link it"},
	{pkg: "rt/snap/warm/flate", std: "compress/flate strings", why: "what restored values need of compress/flate; programs without it do not link it"},
	{pkg: "rt/snap/warm/des", std: "crypto/des", why: "what restored values need of crypto/des; programs without it do not link it"},
	{
		pkg: "rt/exchange",
		std: "bytes cmp encoding/binary errors fmt hash/crc32 io maps math slices strconv strings",
		why: "messages are linked into every compiled program; the state machine has no clock, no chance and no I/O",
	},
	{pkg: "rt/engine", may: "rt/exchange rt/store rt/store/pages", why: "carries steps between stores, the exchange and workers; knows no program"},
	{
		pkg: "rt/wire", may: "rt rt/exchange",
		std: "bufio bytes context encoding/binary encoding/json errors fmt io math os strconv sync syscall time",
		why: "the worker's end of the protocol is linked into every compiled program",
	},

	// Stores, and what keeps processes in them.
	{pkg: "rt/store", why: "the interface knows no store that implements it"},
	{pkg: "rt/store/storetest", may: "rt/store", why: "the conformance suite is called by the stores, not the other way"},
	{pkg: "rt/store/pebble", may: "rt/store", ext: "github.com/cockroachdb/pebble/v2", why: "the only package that knows Pebble"},
	{pkg: "rt/store/shared", may: "rt/store rt/store/pebble", why: "the lock of the embedded store is what it shares"},
	{pkg: "rt/store/behind", may: "rt/store", why: "over any store that makes several changes at once"},
	{pkg: "rt/store/dynamo/...", may: "rt/store", ext: aws, why: "DynamoDB and S3"},
	{
		pkg: "rt/store/pages", may: "rt/store", ext: "github.com/klauspost/compress github.com/PlakarKorp/go-cdc-chunkers",
		why: "how snapshots are cut, compressed and named, over any store",
	},
	{pkg: "rt/local", may: "rt/clock rt/runlog rt/store rt/store/pages rt/wire rt/engine rt/exchange", ext: "golang.org/x/sys", why: "the supervisor works with any store, and never links a program"},
	{pkg: "rt/front", may: "rt/store", why: "speaks HTTP with the clients of a run on this machine; knows mailboxes, not processes"},
	{pkg: "rt/runlog", why: "the log of a run on AWS: the handler writes it, harkgen reads it"},
	{pkg: "rt/spans", why: "the trace of a run, as data"},
	{pkg: "rt/spans/otlp", may: "rt/spans", ext: "go.opentelemetry.io/otel", why: "the only package that links OpenTelemetry; handlers do with a build tag"},
	{pkg: "rt/clock", why: "the time of a deployment, for what runs it and for what runs in it"},
	{pkg: "rt/lambdahost/awscall", ext: aws, why: "calls of services by their names"},
	{
		pkg: "rt/lambdahost", may: "rt rt/clock rt/engine rt/front rt/lambdahost/awscall rt/local rt/runlog rt/spans rt/spans/otlp rt/wire rt/store rt/store/behind rt/store/dynamo", ext: aws + " github.com/aws/aws-lambda-go github.com/awslabs/aws-lambda-go-api-proxy/core",
		why: "a program on Lambda links this one host and one store",
	},

	// The compiler: load -> ir -> lower -> emit, with the facade over them.
	{pkg: "analyzer/directive", may: "deploygen/plan internal/lazyre internal/spell", why: "directives are the part of the plan that stands in the source"},
	{pkg: "analyzer/driver", may: "analyzer/suite analyzer/vet", ext: "golang.org/x/tools/go/analysis golang.org/x/tools/go/packages", why: "runs the checks in one process; a check never loads packages"},
	{pkg: "analyzer/suite", may: "analyzer/...", ext: "golang.org/x/tools/go/analysis", why: "the list of checks, for every driver"},
	{pkg: "analyzer/entry", may: "analyzer/directive analyzer/suspend deploygen/plan", ext: "golang.org/x/tools", why: "entry points are the part of the plan that the source makes"},
	{pkg: "analyzer/repeat", may: "analyzer/... internal/lazyre", ext: "golang.org/x/tools", why: "a check, as the others; its expressions are compiled when it runs"},
	{pkg: "analyzer/...", may: "analyzer/...", ext: "golang.org/x/tools", why: "facts about source, used by the compiler and by vet tools"},
	{pkg: "transform", may: ". analyzer/... deploygen deploygen/config deploygen/cost deploygen/plan transform/diag transform/graph transform/load transform/glue transform/ir transform/lower transform/emit internal/spell",
		ext: "golang.org/x/tools golang.org/x/mod", why: "the facade: the only one that sees all phases, and the packaging after them"},
	{pkg: "transform/diag", why: "errors with positions, for every phase"},
	{pkg: "transform/graph", why: "the picture of a program, as data, and how it is drawn; knows no compiler"},
	{pkg: "transform/load", may: "analyzer/compilable analyzer/refuse transform/diag", ext: "golang.org/x/tools", why: "phase 1: packages, types, SSA"},
	{pkg: "transform/glue", may: "transform/diag transform/load analyzer/entry", ext: "golang.org/x/tools/go/packages", why: "the source of glue as data, and what of it a program needs"},
	{pkg: "transform/glue/hark_event", why: "is compiled along with the user's program, in its module"},
	{pkg: "transform/glue/hark_http", may: "transform/glue/hark_event", why: "is compiled along with the user's program, in its module"},
	{pkg: "transform/ir", why: "the data between lower and emit: plain, so that it can be printed and checked alone"},
	{pkg: "transform/lower", may: "analyzer/compilable analyzer/flow analyzer/library analyzer/placement analyzer/refuse analyzer/suspend analyzer/state transform/diag transform/load transform/ir", ext: "golang.org/x/tools", why: "phase 2: SSA to ir"},
	{
		pkg: "transform/emit", may: "analyzer/compilable transform/diag transform/load transform/ir transform/lower",
		ext: "golang.org/x/tools/go/packages github.com/dave/jennifer",
		why: "phase 3: ir to text; it does not see SSA",
	},

	// Packaging and commands.
	{pkg: ".", why: "holds the source of rt for the compiler, as data"},
	{pkg: "deploygen", may: "deploygen/...", why: "a plan to files"},
	{pkg: "deploygen/config", may: "deploygen/plan", ext: "github.com/pelletier/go-toml/v2", why: "reads hark.toml into a plan"},
	{pkg: "deploygen/cost", why: "plain data"},
	{pkg: "deploygen/plan", may: "internal/awsemu/pattern internal/awsemu/schedule internal/lazyre", why: "plain data"},
	{pkg: "deploygen/sam", may: "deploygen/plan", ext: "github.com/goccy/go-yaml", why: "writes a template; knows no cloud's SDK"},
	{
		pkg: "deploygen/local", may: "deploygen/plan deploygen/local/... internal/awsemu/... rt/clock", ext: aws,
		why: "runs the plan on this machine; knows no program, only its handlers",
	},
	{pkg: "deploygen/local/lambda", may: "rt/clock", why: "emulates one service; knows no plan"},
	{pkg: "deploygen/local/gateway", may: "deploygen/local/lambda rt/clock", ext: aws, why: "HTTP in front of functions; knows no plan"},
	{pkg: "deploygen/local/source", may: "deploygen/local/lambda internal/awsemu/... rt/clock", ext: aws + " github.com/aws/aws-lambda-go", why: "brings events to functions; knows no plan"},
	{pkg: "deploygen/local/eventtest", why: "for tests"},
	{pkg: "deploygen/local/localtest", may: "deploygen/local deploygen/local/lambda rt/runlog", ext: aws, why: "for tests: drives compiled programs in the local cloud"},
	{
		pkg: "cmd/harkgen", may: "analyzer/driver transform deploygen deploygen/plan deploygen/local deploygen/local/lambda internal/deployed rt/front rt/local rt/runlog rt/store rt/store/shared rt/store/pebble",
		ext: "github.com/pelletier/go-toml/v2 github.com/spf13/cobra github.com/spf13/pflag golang.org/x/term",
		why: "the user's command: it compiles and supervises, and does not link rt itself",
	},
	{pkg: "cmd/harkvet", may: "analyzer/suite", ext: "golang.org/x/tools/go/analysis", why: "the vet tool: the list of checks and a driver"},
	{pkg: "cmd/conform", ext: "golang.org/x/term", why: "tests harkgen from outside, as a user would, with any corpus"},
	{pkg: "cmd/harkbench/...", why: "measures harkgen from outside, as a user would"},
	{pkg: "cmd/harkbench/programs/snapshot", may: "rt/snap", why: "measures the codec itself"},
	{pkg: "cmd/harkbench/programs/sleepers", may: "rt/engine rt/exchange rt/store rt/store/pebble", why: "measures the engine itself"},
	{pkg: "cmd/harkbench/programs/away", may: "rt/engine rt/exchange rt/store/behind rt/store/dynamo internal/awsemu internal/awsemu/emutest", ext: aws, why: "measures the engine on AWS"},
	{pkg: "cmd/harkbench/programs/cloud", may: "deploygen/plan deploygen/local deploygen/local/lambda rt/runlog", ext: aws, why: "measures what a deployment uses"},
	{pkg: "cmd/harkbench/programs/empty", ext: "github.com/aws/aws-lambda-go", why: "a handler to compare with"},
	{pkg: "examples/...", why: "ordinary Go programs: no import of harkgen, nothing to download"},
	{pkg: "examples/s3words", ext: "github.com/aws/aws-sdk-go-v2", why: "an ordinary Go program that uses AWS by itself"},

	{pkg: "internal/...", ext: "github.com/rogpeppe/go-internal", why: "tests"},
	{
		pkg: "internal/awsemu/...", may: "internal/awsemu/... internal/lazyre rt/clock", ext: aws + " github.com/johannesboyne/gofakes3",
		why: "the services for the local cloud and for tests; knows no program and no harkgen",
	},
	{pkg: "internal/vetbench", may: "analyzer/driver", why: "measures the checks"},
	{pkg: "internal/deployed", may: "deploygen/plan rt/runlog rt/store rt/store/dynamo", ext: aws, why: "the only package of the command that speaks to AWS"},
	{pkg: "internal/linear", ext: "github.com/anishathalye/porcupine", why: "checks histories, for tests"},
	{pkg: "internal/model", may: "rt/exchange", why: "explores the protocol with the real state machine"},
}

// TestPolicy checks every import of every file that is not a test.
func TestPolicy(t *testing.T) {
	seen := map[int]bool{}
	for pkg, imports := range packages(t) {
		i := ruleFor(pkg)
		if i < 0 {
			t.Errorf("%s is not in the table: add it, with the reason for what it may import", pkg)
			continue
		}
		seen[i] = true
		for imp, where := range imports {
			if bad := policy[i].check(imp); bad != "" {
				t.Errorf("%s: %s imports %q: %s\n\t(%s)", where, pkg, imp, bad, policy[i].why)
			}
		}
	}
	for i, r := range policy {
		if !seen[i] {
			t.Logf("no package for the row %s", r.pkg)
		}
	}
}

// TestCheck tries the table on imports that it is there to forbid.
func TestCheck(t *testing.T) {
	for _, test := range []struct {
		pkg, imp string
		ok       bool
	}{
		{"rt", module + "/transform", false},
		{"rt", module + "/analyzer/suspend", false},
		{"rt", module + "/deploygen", false},
		{"rt", module + "/rt/snap", true},
		{"rt", "net/http", false},
		{"rt/snap", module + "/rt", false},
		{"rt/local", "github.com/cockroachdb/pebble/v2", false},
		{"rt/store/pebble", "github.com/cockroachdb/pebble/v2/vfs", true},
		{"rt/store/pebble", "github.com/cockroachdb/pebble/v22", false},
		{"rt/local", "github.com/aws/aws-sdk-go-v2/aws", false},
		{"rt/store/dynamo", "github.com/aws/aws-sdk-go-v2/aws", true},
		{"transform/load", module + "/transform/lower", false},
		{"transform/ir", module + "/transform/emit", false},
		{"transform/lower", module + "/transform/emit", false},
		{"transform/emit", "golang.org/x/tools/go/ssa", false},
		{"examples/wordcount", module + "/rt", false},
	} {
		i := ruleFor(test.pkg)
		if i < 0 {
			t.Errorf("no rule for %s", test.pkg)
			continue
		}
		if bad := policy[i].check(test.imp); (bad == "") != test.ok {
			t.Errorf("%s imports %s: %q", test.pkg, test.imp, bad)
		}
	}
}

// ruleFor returns the row for a package, the most exact one, or -1.
func ruleFor(pkg string) int {
	best := -1
	for i, r := range policy {
		if matches(r.pkg, pkg) && (best < 0 || len(r.pkg) > len(policy[best].pkg)) {
			best = i
		}
	}
	return best
}

// check returns what is wrong with an import, or "".
func (r rule) check(imp string) string {
	if imp == module || strings.HasPrefix(imp, module+"/") {
		rel := strings.TrimPrefix(strings.TrimPrefix(imp, module), "/")
		if rel == "" {
			rel = "."
		}
		for _, p := range strings.Fields(r.may) {
			if matches(p, rel) {
				return ""
			}
		}
		return "of this module it may import only: " + list(r.may)
	}
	if first, _, _ := strings.Cut(imp, "/"); strings.Contains(first, ".") {
		for _, p := range strings.Fields(r.ext) {
			if imp == p || strings.HasPrefix(imp, p+"/") {
				return ""
			}
		}
		return "of other modules it may import only: " + list(r.ext)
	}
	if r.std != "" && !slices.Contains(strings.Fields(r.std), imp) {
		return "of the standard library it may import only: " + r.std
	}
	return ""
}

func list(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// matches reports whether a pattern of the table covers a package.
func matches(pattern, pkg string) bool {
	if dir, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == dir || strings.HasPrefix(pkg, dir+"/")
	}
	return pattern == pkg
}

// packages returns the imports of each package of this module, each with a
// place where it is written.
func packages(t *testing.T) map[string]map[string]string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	pkgs := map[string]map[string]string{}
	err = filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if file != root && (ignored(d.Name()) || isModule(file)) {
				return filepath.SkipDir
			}
			return nil
		}
		if path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(rel)
		if pkgs[pkg] == nil {
			pkgs[pkg] = map[string]string{}
		}
		for _, spec := range f.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			pos := fset.Position(spec.Pos())
			pkgs[pkg][imp] = fmt.Sprintf("%s/%s:%d", pkg, filepath.Base(file), pos.Line)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pkgs
}

// ignored reports whether the go command, or git, does not look into a directory.
func ignored(name string) bool {
	return name[0] == '.' || name[0] == '_' || name == "testdata" || name == "vendor" || name == "harkout" || strings.HasPrefix(name, "tmp")
}

// isModule reports whether a directory is a module of its own.
func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}
