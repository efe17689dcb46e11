// Package config reads hark.toml, which says of a deployment what the source does not:
//
//	[deploy]
//	log_retention = 30                # days that logs are kept
//	run_retention = 14                # days that finished runs are kept
//	point_in_time_recovery = true     # continuous backups of the table
//	alarm_topic = "arn:aws:sns:..."   # where alarms are sent
//	tracing = "https://..."           # an OTLP endpoint
//	tags = { team = "shop" }
//
//	[entry.shop]                      # of an entry point, by its name
//	memory = 2048
//	timeout = "5m"
//	storage = 1024
//	concurrency = 10
//	schedule = "rate(1 hour)"         # or a list
//	args = ["-v"]
//	env = { LEVEL = "debug" }
//
//	[[entry.shop.policy]]             # what its code may do
//	actions = ["s3:GetObject"]
//	resources = ["arn:aws:s3:::mine/*"]
//
// What it says of resources goes before what directives say. Whether a value is possible is for package plan to say; here each is tried
// alone, so that what is wrong is told where it stands.
package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/harkgen/harkgen/deploygen/plan"
)

// FileName is the name of the file, in the root of the module.
const FileName = "hark.toml"

// An Error is something wrong with the file.
type Error struct {
	File          string
	Line, Col     int // 0: of the whole file
	What, Why, Do string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s; %s; %s", e.File, e.Line, e.Col, e.What, e.Why, e.Do)
}

// A Config is the file. Nil says nothing.
type Config struct {
	name  string
	text  document
	where *positions
}

// The document, as TOML has it.
type document struct {
	Deploy deploy           `toml:"deploy"`
	Entry  map[string]entry `toml:"entry"`
}

type deploy struct {
	LogRetention        int               `toml:"log_retention"`
	RunRetention        int               `toml:"run_retention"`
	PointInTimeRecovery bool              `toml:"point_in_time_recovery"`
	Tags                map[string]string `toml:"tags"`
	AlarmTopic          string            `toml:"alarm_topic"`
	Tracing             string            `toml:"tracing"`
}

type entry struct {
	Memory      int               `toml:"memory"`
	Timeout     string            `toml:"timeout"`
	Storage     int               `toml:"storage"`
	Concurrency int               `toml:"concurrency"`
	Schedule    any               `toml:"schedule"`
	Args        []string          `toml:"args"`
	Env         map[string]string `toml:"env"`
	Policy      []policy          `toml:"policy"`
}

type policy struct {
	Actions   []string `toml:"actions"`
	Resources []string `toml:"resources"`
}

// Read reads the file, nil if there is none. What is wrong with it, all of it, is in errs; err is a failure to read.
func Read(name string) (c *Config, errs []*Error, err error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	c = &Config{name: name, where: locate(data)}
	dec := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	err = dec.Decode(&c.text)
	var strict *toml.StrictMissingError
	var wrong *toml.DecodeError
	switch {
	case errors.As(err, &strict):
		for i := range strict.Errors {
			e := &strict.Errors[i]
			line, col := e.Position()
			what, why := unknown(e.Key())
			errs = append(errs, &Error{name, line, col, what, why, "write one of them, or remove it"})
		}
	case errors.As(err, &wrong):
		line, col := wrong.Position()
		errs = append(errs, &Error{name, line, col, "this is not as it should be", strings.TrimPrefix(wrong.Error(), "toml: "), "see docs/deploy.md"})
	case err != nil:
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, errs, nil
}

// Name is the name of the file.
func (c *Config) Name() string { return c.name }

// unknown says that there is no such key, and what there is in its place.
func unknown(key toml.Key) (what, why string) {
	var t reflect.Type
	switch {
	case len(key) > 1 && key[0] == "deploy":
		t = reflect.TypeFor[deploy]()
	case len(key) > 3 && key[0] == "entry" && key[2] == "policy":
		t = reflect.TypeFor[policy]()
	case len(key) > 2 && key[0] == "entry":
		t = reflect.TypeFor[entry]()
	default:
		return "unknown key " + key[0], "there are deploy and entry"
	}
	var names []string
	for i := range t.NumField() {
		names = append(names, t.Field(i).Tag.Get("toml"))
	}
	slices.Sort(names)
	return "unknown key " + strings.Join(key, "."), "there are " + strings.Join(names, ", ")
}

// Apply puts what the file says into p. What is wrong is not put in. whole: p has all entry points of the module.
func (c *Config) Apply(p *plan.Plan, whole bool) []*Error {
	if c == nil {
		return nil
	}
	a := &applier{Config: c}
	for _, s := range c.text.Deploy.settings() {
		a.try(p, s.key, s.set, &plan.Plan{Entries: []plan.Entry{{Name: "x"}}})
	}
	for _, name := range c.where.entries {
		i := slices.IndexFunc(p.Entries, func(e plan.Entry) bool { return e.Name == name })
		if i < 0 && !whole {
			continue
		}
		if i < 0 {
			a.fail("entry/"+name, "unknown entry point "+name, "there are "+names(p), "write one of them, or remove it")
			continue
		}
		e := &p.Entries[i]
		text := c.text.Entry[name]
		for _, s := range text.settings("entry/"+name, a) {
			scratch := &plan.Plan{Entries: []plan.Entry{{Name: e.Name, Kind: e.Kind}}}
			a.try(p, s.key, func(p *plan.Plan) { s.set(find(p, name)) }, scratch)
		}
	}
	slices.SortStableFunc(a.errs, func(x, y *Error) int { return cmp.Or(cmp.Compare(x.Line, y.Line), cmp.Compare(x.Col, y.Col)) })
	return a.errs
}

func find(p *plan.Plan, name string) *plan.Entry {
	return &p.Entries[slices.IndexFunc(p.Entries, func(e plan.Entry) bool { return e.Name == name })]
}

func names(p *plan.Plan) string {
	var out []string
	for _, e := range p.Entries {
		out = append(out, e.Name)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// An applier collects what is wrong.
type applier struct {
	*Config
	errs []*Error
}

func (a *applier) fail(key, what, why, do string) {
	at := a.where.of(key)
	a.errs = append(a.errs, &Error{a.name, at.line, at.col, what, why, do})
}

// try sets something of p, if the file has the key, and a plan with nothing else is right.
func (a *applier) try(p *plan.Plan, key string, set func(*plan.Plan), scratch *plan.Plan) {
	if !a.where.has(key) {
		return
	}
	set(scratch)
	_, err := scratch.Check()
	if err == nil {
		set(p)
		return
	}
	what, _, _ := strings.Cut(key[strings.LastIndex(key, "/")+1:], "#")
	for _, msg := range plan.Messages(err) {
		a.fail(key, what, msg, "write another value")
	}
}
