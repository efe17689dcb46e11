package config

import (
	"maps"
	"slices"

	"github.com/harkgen/harkgen/deploygen/plan"
)

// This file says what each key sets.

// A setting is a key, and what it sets of a T.
type setting[T any] struct {
	key string
	set func(*T)
}

func (d *deploy) settings() []setting[plan.Plan] {
	return []setting[plan.Plan]{
		{"deploy/log_retention", func(p *plan.Plan) { p.LogRetention = d.LogRetention }},
		{"deploy/run_retention", func(p *plan.Plan) { p.RunRetention = d.RunRetention }},
		{"deploy/point_in_time_recovery", func(p *plan.Plan) { p.PointInTimeRecovery = d.PointInTimeRecovery }},
		{"deploy/tags", func(p *plan.Plan) { p.Tags = d.Tags }},
		{"deploy/alarm_topic", func(p *plan.Plan) { p.AlarmTopic = d.AlarmTopic }},
		{"deploy/tracing", func(p *plan.Plan) { p.Tracing = d.Tracing }},
	}
}

// settings lists those of the entry at key; values that are none are told to a.
func (e *entry) settings(key string, a *applier) []setting[plan.Entry] {
	out := []setting[plan.Entry]{
		{key + "/memory", func(to *plan.Entry) { to.Memory = e.Memory }},
		{key + "/storage", func(to *plan.Entry) { to.Storage = e.Storage }},
		{key + "/concurrency", func(to *plan.Entry) { to.Concurrency = e.Concurrency }},
		{key + "/args", func(to *plan.Entry) { to.Args = e.Args }},
	}
	if a.where.has(key + "/timeout") {
		if s, err := plan.ParseTimeout(e.Timeout); err != nil {
			a.fail(key+"/timeout", "timeout", err.Error(), "write another value")
		} else {
			out = append(out, setting[plan.Entry]{key + "/timeout", func(to *plan.Entry) { to.Timeout = s }})
		}
	}
	out = append(out, e.schedules(key, a)...)
	for _, name := range slices.Sorted(maps.Keys(e.Env)) {
		out = append(out, setting[plan.Entry]{key + "/env/" + name, func(to *plan.Entry) {
			to.Env = append(to.Env, plan.EnvVar{Name: name, Value: e.Env[name]})
		}})
	}
	for i, p := range e.Policy {
		out = append(out, setting[plan.Entry]{indexed(key+"/policy", i), func(to *plan.Entry) {
			to.Policies = append(to.Policies, plan.Policy(p))
		}})
	}
	return out
}

// schedules are those of the key schedule, a string or several.
func (e *entry) schedules(key string, a *applier) (out []setting[plan.Entry]) {
	key += "/schedule"
	list, ok := e.Schedule.([]any)
	if !ok && a.where.has(key) {
		list = []any{e.Schedule}
	}
	for _, v := range list {
		text, ok := v.(string)
		if !ok {
			a.fail(key, "schedule", "it is neither a string nor a list of strings", `write schedule = "rate(1 hour)"`)
			continue
		}
		out = append(out, setting[plan.Entry]{key, func(to *plan.Entry) {
			to.Triggers = append(to.Triggers, plan.Trigger{Type: "schedule", Schedule: text, Pos: a.where.of(key).in(a.name)})
		}})
	}
	return out
}
