package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// This file compares two plans. No change of a plan makes CloudFormation replace a resource: what differs has another logical
// id, or is changed in place.

// A Change is one difference between two plans, in words.
type Change struct {
	Kind  ChangeKind
	Entry string // "" if it concerns all
	What  string
}

// A ChangeKind says what happens to the thing.
type ChangeKind byte

const (
	Added   ChangeKind = '+'
	Removed ChangeKind = '-'
	Changed ChangeKind = '~'
)

func (c Change) String() string {
	who := ""
	if c.Entry != "" {
		who = c.Entry + ": "
	}
	return fmt.Sprintf("%c %s%s", c.Kind, who, c.What)
}

// Diff returns what a deployment of the checked plan changes where the checked plan before is deployed: what is shared, then
// the entries in the order of their names. Values of environment variables are not told.
func Diff(before, now *Plan) []Change {
	d := new(differ)
	d.plan(before, now)
	d.resources("", before, now)
	old, entries := byName(before), byName(now)
	names := slices.Sorted(maps.Keys(old))
	for name := range entries {
		if old[name] == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		d.entry = name
		switch a, b := old[name], entries[name]; {
		case a == nil:
			d.add(Added, "an entry point of kind %s, with %s", b.Kind, whats(b))
			for i := range b.Triggers {
				d.add(Added, "is started by %s", b.Triggers[i].words())
			}
		case b == nil:
			d.add(Removed, "the entry point, with %s; wake-ups and dead letters in them are lost, the state of runs stays in the table", whats(a))
		default:
			d.entries(a, b)
			d.resources(name, before, now)
		}
	}
	return d.list
}

func byName(p *Plan) map[string]*Entry {
	m := map[string]*Entry{}
	for i := range p.Entries {
		m[p.Entries[i].Name] = &p.Entries[i]
	}
	return m
}

// whats names the resources of an entry.
func whats(e *Entry) string {
	var names []string
	for _, r := range e.resources() {
		names = append(names, r.What)
	}
	return strings.Join(names, ", ")
}

// A differ collects changes, of an entry or of what is shared.
type differ struct {
	entry string
	list  []Change
}

func (d *differ) add(kind ChangeKind, format string, args ...any) {
	d.list = append(d.list, Change{kind, d.entry, fmt.Sprintf(format, args...)})
}

// value tells of a value that is another.
func (d *differ) value(what string, a, b any) {
	if x, y := fmt.Sprint(a), fmt.Sprint(b); x != y {
		d.add(Changed, "%s: %s, was %s", what, orNone(y), orNone(x))
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// set tells of what is in only one of two lists.
func (d *differ) set(format string, a, b []string) {
	for _, x := range a {
		if !slices.Contains(b, x) {
			d.add(Removed, format, x)
		}
	}
	for _, x := range b {
		if !slices.Contains(a, x) {
			d.add(Added, format, x)
		}
	}
}

func (d *differ) plan(a, b *Plan) {
	d.value("the program", a.Program, b.Program)
	if a.Stack != b.Stack {
		d.add(Changed, "the stack: %s, was %s; it is deployed beside that, which stays", b.Stack, a.Stack)
	}
	d.value("days that logs are kept", a.LogRetention, b.LogRetention)
	d.value("days that finished runs are kept", a.RunRetention, b.RunRetention)
	d.value("continuous backups of the table", a.PointInTimeRecovery, b.PointInTimeRecovery)
	d.value("the topic of alarms", a.AlarmTopic, b.AlarmTopic)
	d.value("where traces go", a.Tracing, b.Tracing)
	d.set("the tag %s", tagList(a.Tags), tagList(b.Tags))
}

func tagList(tags map[string]string) []string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, k+"="+tags[k])
	}
	return list
}

// resources tells of the resources of an entry, or the shared ones, that are in only one of the plans.
func (d *differ) resources(entry string, a, b *Plan) {
	list := func(p *Plan) (ids map[string]string) {
		ids = map[string]string{}
		for _, r := range p.Resources() {
			if r.Entry == entry {
				ids[r.ID] = r.What
			}
		}
		return ids
	}
	old, now := list(a), list(b)
	for _, id := range slices.Sorted(maps.Keys(old)) {
		if now[id] == "" {
			kept := ""
			if strings.HasSuffix(id, sources["s3"].suffix) || strings.HasSuffix(id, sources["dynamodb-stream"].suffix) {
				kept = "; it is kept, outside the stack"
			}
			d.add(Removed, "%s%s", old[id], kept)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(now)) {
		if old[id] == "" {
			d.add(Added, "%s", now[id])
		}
	}
}

func (d *differ) entries(a, b *Entry) {
	d.value("kind", a.Kind, b.Kind)
	d.value("package", a.Package, b.Package)
	d.limits("", a.Resources, b.Resources)
	d.value("concurrency", a.Concurrency, b.Concurrency)
	d.value("arguments", quoted(a.Args), quoted(b.Args))
	if a.Spread != b.Spread {
		d.add(Changed, "%s", map[bool]string{true: "runs may have several processes", false: "runs have one process"}[b.Spread])
	}
	for i := range b.Goroutines {
		c := &b.Goroutines[i]
		if j := slices.IndexFunc(a.Goroutines, func(o Class) bool { return o.Name == c.Name }); j >= 0 {
			d.limits("goroutines "+c.Name+": ", a.Goroutines[j].Resources, c.Resources)
		}
	}
	d.set("is started by %s", triggerList(a), triggerList(b))
	d.set("may do %s", policyList(a), policyList(b))
	d.env(a, b)
}

func (d *differ) limits(of string, a, b Resources) {
	d.value(of+"memory (MB)", a.Memory, b.Memory)
	d.value(of+"timeout (s)", a.Timeout, b.Timeout)
	d.value(of+"storage (MB)", a.Storage, b.Storage)
}

func quoted(args []string) string {
	var q []string
	for _, a := range args {
		q = append(q, quote(a))
	}
	return strings.Join(q, " ")
}

func triggerList(e *Entry) []string {
	var list []string
	for i := range e.Triggers {
		list = append(list, e.Triggers[i].words())
	}
	return list
}

func policyList(e *Entry) []string {
	var list []string
	for _, p := range e.Policies {
		list = append(list, strings.Join(p.Actions, ", ")+" on "+strings.Join(p.Resources, ", "))
	}
	return list
}

func (d *differ) env(a, b *Entry) {
	values := func(e *Entry) (names []string, m map[string]string) {
		m = map[string]string{}
		for _, v := range e.Env {
			names, m[v.Name] = append(names, v.Name), v.Value
		}
		return names, m
	}
	oldNames, old := values(a)
	names, now := values(b)
	d.set("the environment variable %s", oldNames, names)
	for _, name := range names {
		if v, ok := old[name]; ok && v != now[name] {
			d.add(Changed, "the value of the environment variable %s", name)
		}
	}
}

// words says what starts the entry.
func (t *Trigger) words() string {
	text := ""
	switch t.Type {
	case "http":
		text = "http " + t.Method + " " + t.Path
	case "schedule":
		text = "schedule " + t.Schedule
	case "eventbridge":
		text = "eventbridge " + t.Pattern
	default:
		text = t.Type + " " + sources[t.Type].name(t)
	}
	if t.Type == "s3" {
		text = strings.TrimSpace(text + " " + t.Event + " " + t.Suffix)
	}
	if t.Batch {
		text += ", in batches"
	}
	return text
}
