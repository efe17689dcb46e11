package scheduler

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harkgen/harkgen/internal/awsemu/api"
	"github.com/harkgen/harkgen/internal/awsemu/schedule"
)

// This file defines the operations.

// spec is a schedule as a request describes it.
type spec struct {
	Name                       string `json:",omitempty"`
	GroupName                  string
	ScheduleExpression         string
	ScheduleExpressionTimezone string   `json:",omitempty"`
	StartDate                  *float64 `json:",omitempty"`
	EndDate                    *float64 `json:",omitempty"`
	FlexibleTimeWindow         window
	ActionAfterCompletion      string
	State                      string
	Description                string `json:",omitempty"`
	Target                     Target
	ClientToken                string `json:",omitempty"`
}

type window struct {
	Mode                   string
	MaximumWindowInMinutes int `json:",omitempty"`
}

// Op names the operation of a request: "GetSchedule".
func (s *Service) Op(r *http.Request) string {
	verbs := map[string]string{"POST": "Create", "GET": "Get", "PUT": "Update", "DELETE": "Delete"}
	kind, name := split(r)
	switch noun := map[string]string{"schedules": "Schedule", "schedule-groups": "ScheduleGroup"}[kind]; {
	case noun == "" || verbs[r.Method] == "":
		return ""
	case name == "" && r.Method == "GET":
		return "List" + noun + "s"
	default:
		return verbs[r.Method] + noun
	}
}

func split(r *http.Request) (kind, name string) {
	kind, name, _ = strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
	return kind, name
}

// Serve does the operation of a request.
func (s *Service) Serve(r *http.Request, body []byte) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, name := split(r)
	q := r.URL.Query()
	switch s.Op(r) {
	case "CreateSchedule":
		return s.createSchedule(name, body)
	case "UpdateSchedule":
		return s.updateSchedule(name, body)
	case "GetSchedule":
		return s.getSchedule(name, q.Get("groupName"))
	case "DeleteSchedule":
		return s.deleteSchedule(name, q.Get("groupName"))
	case "ListSchedules":
		return s.listSchedules(q)
	case "CreateScheduleGroup":
		return s.createGroup(name, body)
	case "GetScheduleGroup":
		return s.getGroup(name)
	case "DeleteScheduleGroup":
		return s.deleteGroup(name)
	case "ListScheduleGroups":
		return s.listGroups(q)
	}
	return nil, api.Errorf("UnknownOperationException", "the emulator does not know %s %s of the scheduler", r.Method, r.URL.Path)
}

func notFound(kind, name string) error {
	return &api.Error{Status: http.StatusNotFound, Code: "ResourceNotFoundException", Message: fmt.Sprintf("%s %s does not exist.", kind, name)}
}

func conflict(kind, name string) error {
	return &api.Error{Status: http.StatusConflict, Code: "ConflictException", Message: fmt.Sprintf("%s %s already exists.", kind, name)}
}

func (s *Service) group(name string) (*group, error) {
	if name == "" {
		name = "default"
	}
	g := s.groups[name]
	if g == nil {
		return nil, notFound("Schedule group", name)
	}
	return g, nil
}

func (s *Service) find(name, groupName string) (*entry, error) {
	g, err := s.group(groupName)
	if err != nil {
		return nil, err
	}
	e := g.schedules[name]
	if e == nil {
		return nil, notFound("Schedule", name)
	}
	return e, nil
}

func (e *entry) arn() string {
	return api.ARN("scheduler", "schedule/"+e.group.name+"/"+e.spec.Name)
}

var goodName = regexp.MustCompile(`^[0-9a-zA-Z-_.]{1,64}$`)

// decode reads and checks a schedule.
func (s *Service) decode(name string, body []byte) (*entry, error) {
	var in spec
	if err := api.Decode(body, &in); err != nil {
		return nil, err
	}
	if in.Name = name; !goodName.MatchString(name) {
		return nil, api.Invalid("1 validation error detected: Value '%s' at 'name' failed to satisfy constraint", name)
	}
	g, err := s.group(in.GroupName)
	if err != nil {
		return nil, err
	}
	in.GroupName = g.name
	zone := in.ScheduleExpressionTimezone
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		return nil, api.Invalid("Invalid Schedule Expression Timezone %s.", zone)
	}
	parsed, err := schedule.Parse(in.ScheduleExpression, loc)
	if err != nil {
		return nil, api.Invalid("Invalid Schedule Expression %s. %v", in.ScheduleExpression, err)
	}
	if err := in.complete(); err != nil {
		return nil, err
	}
	return &entry{spec: in, parsed: parsed, group: g}, nil
}

// complete checks what is left, and fills in what is not given.
func (in *spec) complete() error {
	in.ScheduleExpressionTimezone = or(in.ScheduleExpressionTimezone, "UTC")
	in.State = or(in.State, "ENABLED")
	in.ActionAfterCompletion = or(in.ActionAfterCompletion, "NONE")
	w := in.FlexibleTimeWindow
	switch age, retries := in.Target.limits(); {
	case in.State != "ENABLED" && in.State != "DISABLED":
		return api.Invalid("State must be ENABLED or DISABLED")
	case in.ActionAfterCompletion != "NONE" && in.ActionAfterCompletion != "DELETE":
		return api.Invalid("ActionAfterCompletion must be NONE or DELETE")
	case w.Mode != "OFF" && w.Mode != "FLEXIBLE":
		return api.Invalid("FlexibleTimeWindow.Mode must be OFF or FLEXIBLE")
	case (w.Mode == "FLEXIBLE") != (w.MaximumWindowInMinutes > 0) || w.MaximumWindowInMinutes > 1440:
		return api.Invalid("FlexibleTimeWindow.MaximumWindowInMinutes must be from 1 to 1440 with the mode FLEXIBLE, and absent without")
	case !strings.HasPrefix(in.Target.Arn, "arn:"):
		return api.Invalid("Provided Arn is not in correct format.")
	case !strings.HasPrefix(in.Target.RoleArn, "arn:aws:iam::"):
		return api.Invalid("Provided Role Arn is not in correct format.")
	case age < time.Minute || age > maxAge || retries < 0 || retries > maxRetries:
		return api.Invalid("RetryPolicy is out of range")
	}
	return nil
}

func or(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

type scheduleARN struct{ ScheduleArn string }

func (s *Service) createSchedule(name string, body []byte) (any, error) {
	e, err := s.decode(name, body)
	if err != nil {
		return nil, err
	}
	if old := e.group.schedules[name]; old != nil {
		if old.spec.ClientToken != "" && old.spec.ClientToken == e.spec.ClientToken {
			return scheduleARN{old.arn()}, nil // a repeat
		}
		return nil, conflict("Schedule", name)
	}
	now := s.clock.Now()
	e.created, e.modified = now, now
	e.begin(now)
	e.group.schedules[name] = e
	s.changed()
	return scheduleARN{e.arn()}, nil
}

func (s *Service) updateSchedule(name string, body []byte) (any, error) {
	e, err := s.decode(name, body)
	if err != nil {
		return nil, err
	}
	old := e.group.schedules[name]
	if old == nil {
		return nil, notFound("Schedule", name)
	}
	now := s.clock.Now()
	e.created, e.modified = old.created, now
	e.begin(now)
	e.group.schedules[name] = e
	s.changed()
	return scheduleARN{e.arn()}, nil
}

type getScheduleOutput struct {
	spec
	Arn                                string
	CreationDate, LastModificationDate float64
}

func (s *Service) getSchedule(name, groupName string) (any, error) {
	e, err := s.find(name, groupName)
	if err != nil {
		return nil, err
	}
	out := getScheduleOutput{e.spec, e.arn(), epoch(e.created), epoch(e.modified)}
	out.ClientToken = ""
	return out, nil
}

func (s *Service) deleteSchedule(name, groupName string) (any, error) {
	e, err := s.find(name, groupName)
	if err != nil {
		return nil, err
	}
	delete(e.group.schedules, name)
	return api.None{}, nil
}

type summary struct {
	Arn, Name, GroupName, State        string
	CreationDate, LastModificationDate float64
	Target                             struct{ Arn string }
}

type listSchedulesOutput struct {
	Schedules []summary
	NextToken string `json:",omitempty"`
}

func (s *Service) listSchedules(q url.Values) (any, error) {
	max, err := maxResults(q)
	if err != nil {
		return nil, err
	}
	var es []*entry
	for _, g := range s.groups {
		for _, e := range g.schedules {
			want := or(q.Get("ScheduleGroup"), g.name) == g.name && or(q.Get("State"), e.spec.State) == e.spec.State
			if want && strings.HasPrefix(e.spec.Name, q.Get("NamePrefix")) && e.arn() > q.Get("NextToken") {
				es = append(es, e)
			}
		}
	}
	slices.SortFunc(es, func(a, b *entry) int { return strings.Compare(a.arn(), b.arn()) })
	out := listSchedulesOutput{Schedules: []summary{}}
	for i, e := range es {
		if i == max {
			out.NextToken = es[i-1].arn()
			break
		}
		sum := summary{e.arn(), e.spec.Name, e.group.name, e.spec.State, epoch(e.created), epoch(e.modified), struct{ Arn string }{e.spec.Target.Arn}}
		out.Schedules = append(out.Schedules, sum)
	}
	return out, nil
}

func maxResults(q url.Values) (int, error) {
	text := or(q.Get("MaxResults"), "100")
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 100 {
		return 0, api.Invalid("1 validation error detected: Value '%s' at 'maxResults' failed to satisfy constraint: Member must be between 1 and 100", text)
	}
	return n, nil
}

func (s *Service) addGroup(name string) *group {
	now := s.clock.Now()
	g := &group{name, api.ARN("scheduler", "schedule-group/"+name), now, now, map[string]*entry{}}
	s.groups[name] = g
	return g
}

func (s *Service) createGroup(name string, body []byte) (any, error) {
	var in struct {
		ClientToken string
		Tags        []json.RawMessage
	}
	if err := api.Decode(body, &in); err != nil {
		return nil, err
	}
	switch {
	case len(in.Tags) > 0:
		return nil, errors.New("the emulator does not know tags of schedule groups")
	case !goodName.MatchString(name):
		return nil, api.Invalid("1 validation error detected: Value '%s' at 'name' failed to satisfy constraint", name)
	case s.groups[name] != nil:
		return nil, conflict("Schedule group", name)
	}
	return struct{ ScheduleGroupArn string }{s.addGroup(name).arn}, nil
}

type groupOutput struct {
	Arn, Name, State                   string
	CreationDate, LastModificationDate float64
}

func (g *group) describe() groupOutput {
	return groupOutput{g.arn, g.name, "ACTIVE", epoch(g.created), epoch(g.modified)}
}

func (s *Service) getGroup(name string) (any, error) {
	g, err := s.group(name)
	if err != nil {
		return nil, err
	}
	return g.describe(), nil
}

func (s *Service) deleteGroup(name string) (any, error) {
	g, err := s.group(name)
	if err != nil {
		return nil, err
	}
	if g.name == "default" {
		return nil, api.Invalid("The default schedule group cannot be deleted.")
	}
	delete(s.groups, g.name)
	return api.None{}, nil
}

type listGroupsOutput struct {
	ScheduleGroups []groupOutput
	NextToken      string `json:",omitempty"`
}

func (s *Service) listGroups(q url.Values) (any, error) {
	max, err := maxResults(q)
	if err != nil {
		return nil, err
	}
	out := listGroupsOutput{ScheduleGroups: []groupOutput{}}
	for _, name := range slices.Sorted(maps.Keys(s.groups)) {
		if !strings.HasPrefix(name, q.Get("NamePrefix")) || name <= q.Get("NextToken") {
			continue
		}
		if len(out.ScheduleGroups) == max {
			out.NextToken = out.ScheduleGroups[max-1].Name
			break
		}
		out.ScheduleGroups = append(out.ScheduleGroups, s.groups[name].describe())
	}
	return out, nil
}
