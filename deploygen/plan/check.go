package plan

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/harkgen/harkgen/internal/lazyre"
)

// An Error is one thing that is wrong with a plan.
type Error struct {
	Pos string // file:line:col in the source, or ""
	Msg string
}

func (e *Error) Error() string {
	if e.Pos == "" {
		return "deploy: " + e.Msg
	}
	return e.Pos + ": " + e.Msg
}

// Messages lists what is wrong, given the error of [Plan.Check], without the places.
func Messages(err error) []string {
	var out []string
	for _, e := range Errors(err) {
		out = append(out, e.Msg)
	}
	return out
}

// Errors lists the parts of the error of [Plan.Check].
func Errors(err error) []*Error {
	var out []*Error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			out = append(out, e.(*Error))
		}
	}
	return out
}

// ParseTimeout reads the time an invocation may take, like "5m", in seconds.
func ParseTimeout(text string) (int, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d%time.Second != 0 || d < MinTimeout*time.Second || d > MaxTimeout*time.Second {
		return 0, fmt.Errorf("%q is not a time from %ds to %dm, in whole seconds", text, MinTimeout, MaxTimeout/60)
	}
	return int(d / time.Second), nil
}

// A checker collects errors.
type checker struct{ errs []error }

func (c *checker) errorf(pos, format string, args ...any) {
	c.errs = append(c.errs, &Error{pos, fmt.Sprintf(format, args...)})
}

func (c *checker) within(pos, what string, v, low, high int) {
	if v < low || v > high {
		c.errorf(pos, "%s is %d, must be %d to %d", what, v, low, high)
	}
}

// Check returns a copy of the plan with its defaults filled in and its entries
// in the order of their names, or an error that joins all that is wrong with it, each an [*Error].
func (p *Plan) Check() (*Plan, error) {
	out := *p
	out.Entries = slices.Clone(p.Entries)
	slices.SortStableFunc(out.Entries, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	c := new(checker)
	c.plan(&out)
	if len(out.Entries) == 0 {
		c.errorf("", "the program has no entry points")
	}
	valid := len(c.errs)
	for i := range out.Entries {
		e := &out.Entries[i]
		e.Triggers, e.Goroutines = slices.Clone(e.Triggers), slices.Clone(e.Goroutines)
		c.entry(e)
	}
	c.entryNames(&out)
	c.sources(&out)
	if len(c.errs) == valid { // else errors would come twice
		c.resources(&out)
	}
	return &out, errors.Join(c.errs...)
}

// retentions are the days that CloudWatch Logs accepts.
var retentions = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

var stackName = lazyre.New(`^[A-Za-z][A-Za-z0-9-]{0,127}$`)

// stackOf makes a name for the stack of a program.
func stackOf(program string) string {
	name := strings.Trim(notStack().ReplaceAllString(path.Base(program), "-"), "-")
	if !stackName().MatchString(name) {
		name = ("harkgen-" + name)[:min(len("harkgen-")+len(name), 128)]
	}
	return strings.TrimRight(name, "-")
}

var notStack = lazyre.New(`[^A-Za-z0-9]+`)

// plan checks what concerns all entries.
func (c *checker) plan(p *Plan) {
	p.Stack = cmp.Or(p.Stack, stackOf(p.Program))
	if !stackName().MatchString(p.Stack) {
		c.errorf("", "%q cannot be the name of a stack: letters, digits and -, a letter first, at most 128", p.Stack)
	}
	p.LogRetention = cmp.Or(p.LogRetention, DefaultLogRetention)
	p.RunRetention = cmp.Or(p.RunRetention, DefaultRunRetention)
	if !slices.Contains(retentions, p.LogRetention) {
		c.errorf("", "logs cannot be kept for %d days; possible are %v", p.LogRetention, retentions)
	}
	c.within("", "days that finished runs are kept", p.RunRetention, 1, maxRetention)
	if p.AlarmTopic != "" && !isARNOf("sns", p.AlarmTopic) {
		c.errorf("", "the topic of alarms is %q, must be the ARN of an SNS topic", p.AlarmTopic)
	}
	if u, err := url.Parse(p.Tracing); p.Tracing != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		c.errorf("", "traces are to go to %q, must be an http or https URL", p.Tracing)
	}
	c.tags(p.Tags)
}

var tagText = lazyre.New(`^[\pL\pZ\pN_.:/=+\-@]*$`)

func (c *checker) tags(tags map[string]string) {
	const maxTags = 40 // of AWS's 50: CloudFormation and SAM add some
	if len(tags) > maxTags {
		c.errorf("", "there are %d tags, at most %d are possible", len(tags), maxTags)
	}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		v := tags[k]
		switch {
		case k == "" || len([]rune(k)) > 128 || len([]rune(v)) > 256:
			c.errorf("", "the tag %.150q: names have 1 to 128 letters, values at most 256", k)
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			c.errorf("", "the tag %q: names with aws: are AWS's own", k)
		case !tagText().MatchString(k) || !tagText().MatchString(v):
			c.errorf("", "the tag %q: only letters, digits, spaces and _ . : / = + - @ are possible", k)
		}
	}
}

// entry checks one entry and fills in its defaults.
func (c *checker) entry(e *Entry) {
	if e.ID() == "" || len(e.ID()) > MaxID {
		c.errorf(e.Pos, "%q cannot be the name of an entry point", e.Name)
		return
	}
	who := "entry point " + e.Name
	e.Kind = cmp.Or(e.Kind, Main)
	if !slices.Contains([]Kind{Main, Lambda, Server, Func}, e.Kind) {
		c.errorf(e.Pos, "%s: there is no kind %q", who, e.Kind)
	}
	e.Target = cmp.Or(e.Target, "./cmd/"+e.Name)
	if !strings.HasPrefix(e.Target, "./") || path.Clean(e.Target) != e.Target[2:] || !plainPath(e.Target) {
		c.errorf(e.Pos, "%s: the package %q is not a plain path within the output module", who, e.Target)
	}
	if !plainPath(strings.ReplaceAll(e.Tags, ",", "")) || strings.Contains(e.Tags, "/") {
		c.errorf(e.Pos, "%s: %q are not build tags, with commas between them", who, e.Tags)
	}
	e.Concurrency = cmp.Or(e.Concurrency, DefaultConcurrency)
	c.within(e.Pos, who+": concurrency", e.Concurrency, MinConcurrency, MaxConcurrency)
	c.limits(e.Pos, who, &e.Resources, Resources{DefaultMemory, MaxTimeout, DefaultStorage})
	c.classes(e, who)
	c.env(e, who)
	c.policies(e, who)
	if (e.Kind == Server || e.hasRoutes()) && !pathLiteral().MatchString(e.Name) {
		c.errorf(e.Pos, "%s: it is reached by HTTP, and its name cannot be part of a path; rename it, with name= in a directive", who)
	}
	c.triggers(e)
}

func (c *checker) limits(pos, who string, r *Resources, defaults Resources) {
	r.Memory = cmp.Or(r.Memory, defaults.Memory)
	r.Timeout = cmp.Or(r.Timeout, defaults.Timeout)
	r.Storage = cmp.Or(r.Storage, defaults.Storage)
	c.within(pos, who+": memory (MB)", r.Memory, MinMemory, MaxMemory)
	c.within(pos, who+": timeout (s)", r.Timeout, MinTimeout, MaxTimeout)
	c.within(pos, who+": storage (MB)", r.Storage, MinStorage, MaxStorage)
}

var className = lazyre.New(`^[A-Za-z0-9-]{1,40}$`)

// classes checks goroutine classes; what they do not say they have from their entry.
func (c *checker) classes(e *Entry, who string) {
	names := map[string]bool{}
	for i := range e.Goroutines {
		k := &e.Goroutines[i]
		if !className().MatchString(k.Name) || stem(k.Name) == "" || names[k.Name] {
			c.errorf(e.Pos, "%s: %q cannot be the name of a class of goroutines", who, k.Name)
		}
		names[k.Name] = true
		c.limits(e.Pos, who+": goroutines "+k.Name, &k.Resources, e.Resources)
	}
	if len(e.Goroutines) > 0 && !e.Spread {
		c.errorf(e.Pos, "%s: it has goroutines with resources of their own, but its runs have one process", who)
	}
}

var envName = lazyre.New(`^[A-Za-z][A-Za-z0-9_]+$`)

// reserved are the names that Lambda sets or does not let through.
var reserved = strings.Fields(`AWS_DEFAULT_REGION AWS_REGION AWS_EXECUTION_ENV AWS_ACCESS_KEY AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
	AWS_LAMBDA_FUNCTION_NAME AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME
	AWS_LAMBDA_LOG_STREAM_NAME AWS_LAMBDA_RUNTIME_API LAMBDA_TASK_ROOT LAMBDA_RUNTIME_DIR`)

// env checks the environment. Lambda has room for 4 KB, of which harkgen's own need one, and the ARN of each class.
func (c *checker) env(e *Entry, who string) {
	const maxEnv, arnSize = 3 << 10, 200
	names, size := map[string]bool{}, arnSize*len(e.Goroutines)
	for _, v := range e.Env {
		size += len(v.Name) + len(v.Value)
		switch {
		case !envName().MatchString(v.Name):
			c.errorf(e.Pos, "%s: %q cannot be the name of an environment variable on Lambda: letters, digits and _, at least two, a letter first", who, v.Name)
		case strings.HasPrefix(v.Name, "HARK") || slices.Contains(reserved, v.Name):
			c.errorf(e.Pos, "%s: the environment variable %s is reserved; choose another name", who, v.Name)
		case names[v.Name]:
			c.errorf(e.Pos, "%s: the environment variable %s is there twice", who, v.Name)
		}
		names[v.Name] = true
	}
	if size > maxEnv {
		c.errorf(e.Pos, "%s: the environment variables, with %d for each class of goroutines, have %d bytes; at most %d are possible", who, arnSize, size, maxEnv)
	}
}

var action = lazyre.New(`^[a-z0-9-]+:[A-Za-z0-9*?]+$`)

func (c *checker) policies(e *Entry, who string) {
	for _, p := range e.Policies {
		if len(p.Actions) == 0 || len(p.Resources) == 0 {
			c.errorf(e.Pos, "%s: a policy needs actions and resources", who)
		}
		for _, a := range p.Actions {
			if !action().MatchString(a) {
				c.errorf(e.Pos, "%s: %q is not an action, like s3:GetObject", who, a)
			}
		}
		for _, r := range p.Resources {
			if r != "*" && !isARN(r) {
				c.errorf(e.Pos, `%s: %q is not a resource: an ARN, or "*"`, who, r)
			}
		}
	}
}

// entryNames checks that no two entries have the same ids.
func (c *checker) entryNames(p *Plan) {
	names := map[string]string{} // lower-case stem -> entry
	for i := range p.Entries {
		e := &p.Entries[i]
		id := strings.ToLower(e.ID())
		if other, clash := names[id]; clash {
			c.errorf(e.Pos, "the entry points %q and %q would both be %s in the template; rename one", other, e.Name, e.ID())
		}
		names[id] = e.Name
	}
}

// resources checks that the template would be one that CloudFormation takes.
func (c *checker) resources(p *Plan) {
	ids, total := map[string]Resource{}, 0
	for _, r := range p.Resources() {
		total += r.Count
		low := strings.ToLower(r.ID)
		if other, clash := ids[low]; clash {
			c.errorf(r.pos, "%s and %s would both be %s in the template; rename one", other.name(), r.name(), r.ID)
		}
		ids[low] = r
	}
	if total > MaxResources {
		c.errorf("", "the template would have %d resources, CloudFormation takes %d; deploy fewer entry points together, by compiling fewer packages into an output directory", total, MaxResources)
	}
}

func (r Resource) name() string {
	if r.Entry == "" {
		return r.What
	}
	return r.What + " of " + r.Entry
}

// plainPath reports whether p means itself to make and to the shell.
func plainPath(p string) bool {
	return !strings.ContainsFunc(p, func(r rune) bool {
		return r != '.' && r != '/' && r != '-' && r != '_' && r != '+' && r != '~' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

var arn = lazyre.New(`^arn:aws[a-z-]*:([a-z0-9-]+):[a-z0-9-]*:([0-9]{12}|aws)?:[^\s]+$`)

func isARN(s string) bool { return arn().MatchString(s) }

func isARNOf(service, s string) bool {
	m := arn().FindStringSubmatch(s)
	return m != nil && m[1] == service
}
