// Package logs emulates CloudWatch Logs: groups, streams, events, and searching them with filter patterns.
//
// Patterns of columns ([a, b]) and regular expressions are refused. Answers are not cut short by how much was searched, only by how much was found.
package logs

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/harkgen/harkgen/internal/awsemu/api"
	"github.com/harkgen/harkgen/internal/lazyre"
	"github.com/harkgen/harkgen/rt/clock"
)

// Service is CloudWatch Logs.
type Service struct {
	clock *clock.Clock

	mu     sync.Mutex
	groups map[string]*group
	events int // so far, for their ids
}

type group struct {
	name      string
	created   time.Time
	retention int // days, 0 for ever
	streams   map[string]*stream
}

type stream struct {
	name    string
	created time.Time
	events  []event // in the order of their times
}

// Times of events are Unix times in milliseconds.
type event struct {
	id       int
	stream   string
	time     int64
	ingested int64
	message  string
}

// New returns a CloudWatch Logs without groups.
func New(c *clock.Clock) *Service { return &Service{clock: c, groups: map[string]*group{}} }

// Ops returns the operations.
func (s *Service) Ops() api.Ops {
	return api.Ops{
		"CreateLogGroup":     api.JSON(s.createLogGroup),
		"DeleteLogGroup":     api.JSON(s.deleteLogGroup),
		"DescribeLogGroups":  api.JSON(s.describeLogGroups),
		"PutRetentionPolicy": api.JSON(s.putRetentionPolicy),
		"CreateLogStream":    api.JSON(s.createLogStream),
		"DescribeLogStreams": api.JSON(s.describeLogStreams),
		"PutLogEvents":       api.JSON(s.putLogEvents),
		"GetLogEvents":       api.JSON(s.getLogEvents),
		"FilterLogEvents":    api.JSON(s.filterLogEvents),
	}
}

// Append adds an event of now, and makes the group and the stream if they are not there.
func (s *Service) Append(groupName, streamName, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	g := s.groups[groupName]
	if g == nil {
		g = &group{name: groupName, created: now, streams: map[string]*stream{}}
		s.groups[groupName] = g
	}
	st := g.streams[streamName]
	if st == nil {
		st = &stream{name: streamName, created: now}
		g.streams[streamName] = st
	}
	s.add(st, now.UnixMilli(), message)
}

func (s *Service) add(st *stream, at int64, message string) {
	s.events++
	e := event{s.events, st.name, at, s.clock.Now().UnixMilli(), message}
	i := len(st.events)
	for i > 0 && st.events[i-1].time > at {
		i--
	}
	st.events = slices.Insert(st.events, i, e)
}

func badParameter(format string, args ...any) error {
	return api.Errorf("InvalidParameterException", format, args...)
}

func (s *Service) group(name string) (*group, error) {
	if _, after, ok := strings.Cut(name, ":log-group:"); ok {
		name = strings.TrimSuffix(after, ":*")
	}
	g := s.groups[name]
	if g == nil {
		return nil, api.Errorf("ResourceNotFoundException", "The specified log group does not exist.")
	}
	if g.retention > 0 {
		oldest := s.clock.Now().AddDate(0, 0, -g.retention).UnixMilli()
		for _, st := range g.streams {
			st.events = slices.DeleteFunc(st.events, func(e event) bool { return e.time < oldest })
		}
	}
	return g, nil
}

func (s *Service) stream(groupName, name string) (*stream, error) {
	g, err := s.group(groupName)
	if err != nil {
		return nil, err
	}
	st := g.streams[name]
	if st == nil {
		return nil, api.Errorf("ResourceNotFoundException", "The specified log stream does not exist.")
	}
	return st, nil
}

type createLogGroupInput struct {
	LogGroupName  string
	LogGroupClass string
	Tags          map[string]string
}

var groupName = lazyre.New(`^[.\-_/#A-Za-z0-9]{1,512}$`)

func (s *Service) createLogGroup(_ *api.Call, in *createLogGroupInput) (none api.None, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !groupName().MatchString(in.LogGroupName):
		return none, badParameter("1 validation error detected: Value '%s' at 'logGroupName' failed to satisfy constraint", in.LogGroupName)
	case s.groups[in.LogGroupName] != nil:
		return none, api.Errorf("ResourceAlreadyExistsException", "The specified log group already exists")
	}
	s.groups[in.LogGroupName] = &group{name: in.LogGroupName, created: s.clock.Now(), streams: map[string]*stream{}}
	return none, nil
}

type groupInput struct{ LogGroupName string }

func (s *Service) deleteLogGroup(_ *api.Call, in *groupInput) (none api.None, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(in.LogGroupName)
	if err != nil {
		return none, err
	}
	delete(s.groups, g.name)
	return none, nil
}

type retentionInput struct {
	LogGroupName    string
	RetentionInDays int
}

func (s *Service) putRetentionPolicy(_ *api.Call, in *retentionInput) (none api.None, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(in.LogGroupName)
	if err != nil {
		return none, err
	}
	if !slices.Contains([]int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}, in.RetentionInDays) {
		return none, badParameter("1 validation error detected: Value '%d' at 'retentionInDays' failed to satisfy constraint", in.RetentionInDays)
	}
	g.retention = in.RetentionInDays
	return none, nil
}

type describeInput struct {
	LogGroupName        string // of streams
	LogGroupNamePrefix  string // of groups
	LogStreamNamePrefix string // of streams
	OrderBy             string // of streams: only LogStreamName
	Descending          bool
	Limit               *int
	NextToken           string
}

// page returns up to limit of the sorted names after the token, and the next one.
func (in *describeInput) page(names []string) (page []string, next string, err error) {
	limit := 50
	if in.Limit != nil {
		limit = *in.Limit
	}
	if limit < 1 || limit > 50 {
		return nil, "", badParameter("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint", limit)
	}
	for _, name := range names {
		switch {
		case name <= in.NextToken:
		case len(page) == limit:
			return page, page[limit-1], nil
		default:
			page = append(page, name)
		}
	}
	return page, "", nil
}

type groupDescription struct {
	LogGroupName    string `json:"logGroupName"`
	Arn             string `json:"arn"`
	CreationTime    int64  `json:"creationTime"`
	RetentionInDays int    `json:"retentionInDays,omitempty"`
	StoredBytes     int    `json:"storedBytes"`
}

type describeGroupsOutput struct {
	LogGroups []groupDescription `json:"logGroups"`
	NextToken string             `json:"nextToken,omitempty"`
}

func (s *Service) describeLogGroups(_ *api.Call, in *describeInput) (out describeGroupsOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(s.groups)), func(n string) bool { return !strings.HasPrefix(n, in.LogGroupNamePrefix) })
	page, next, err := in.page(names)
	out = describeGroupsOutput{[]groupDescription{}, next}
	for _, name := range page {
		g := s.groups[name]
		out.LogGroups = append(out.LogGroups, groupDescription{name, g.arn() + ":*", g.created.UnixMilli(), g.retention, 0})
	}
	return out, err
}

func (g *group) arn() string { return api.ARN("logs", "log-group:"+g.name) }

type createStreamInput struct{ LogGroupName, LogStreamName string }

func (s *Service) createLogStream(_ *api.Call, in *createStreamInput) (none api.None, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(in.LogGroupName)
	switch {
	case err != nil:
		return none, err
	case in.LogStreamName == "" || len(in.LogStreamName) > 512 || strings.ContainsAny(in.LogStreamName, ":*"):
		return none, badParameter("1 validation error detected: Value '%s' at 'logStreamName' failed to satisfy constraint", in.LogStreamName)
	case g.streams[in.LogStreamName] != nil:
		return none, api.Errorf("ResourceAlreadyExistsException", "The specified log stream already exists")
	}
	g.streams[in.LogStreamName] = &stream{name: in.LogStreamName, created: s.clock.Now()}
	return none, nil
}

type streamDescription struct {
	LogStreamName       string `json:"logStreamName"`
	Arn                 string `json:"arn"`
	CreationTime        int64  `json:"creationTime"`
	FirstEventTimestamp int64  `json:"firstEventTimestamp,omitempty"`
	LastEventTimestamp  int64  `json:"lastEventTimestamp,omitempty"`
}

type describeStreamsOutput struct {
	LogStreams []streamDescription `json:"logStreams"`
	NextToken  string              `json:"nextToken,omitempty"`
}

func (s *Service) describeLogStreams(_ *api.Call, in *describeInput) (out describeStreamsOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(in.LogGroupName)
	if err != nil {
		return out, err
	}
	if in.OrderBy != "" && in.OrderBy != "LogStreamName" || in.Descending {
		return out, badParameter("the emulator orders streams by LogStreamName only")
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(g.streams)), func(n string) bool { return !strings.HasPrefix(n, in.LogStreamNamePrefix) })
	page, next, err := in.page(names)
	out = describeStreamsOutput{[]streamDescription{}, next}
	for _, name := range page {
		st := g.streams[name]
		d := streamDescription{LogStreamName: name, Arn: g.arn() + ":log-stream:" + name, CreationTime: st.created.UnixMilli()}
		if n := len(st.events); n > 0 {
			d.FirstEventTimestamp, d.LastEventTimestamp = st.events[0].time, st.events[n-1].time
		}
		out.LogStreams = append(out.LogStreams, d)
	}
	return out, err
}

type inputEvent struct {
	Timestamp int64
	Message   string
}

type putInput struct {
	LogGroupName, LogStreamName string
	LogEvents                   []inputEvent
	SequenceToken               string // is ignored, as the service does
}

type rejected struct {
	TooOld *int `json:"tooOldLogEventEndIndex,omitempty"`
	TooNew *int `json:"tooNewLogEventStartIndex,omitempty"`
}

type putOutput struct {
	NextSequenceToken     string    `json:"nextSequenceToken"`
	RejectedLogEventsInfo *rejected `json:"rejectedLogEventsInfo,omitempty"`
}

const (
	maxEvents    = 10_000
	maxPut       = 1 << 20
	eventOver    = 26 // bytes that count for each event
	maxOld       = 14 * 24 * time.Hour
	maxNew       = 2 * time.Hour
	maxPutSpread = 24 * time.Hour
)

func (s *Service) putLogEvents(_ *api.Call, in *putInput) (out putOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.stream(in.LogGroupName, in.LogStreamName)
	if err != nil {
		return out, err
	}
	if err := checkEvents(in.LogEvents); err != nil {
		return out, err
	}
	now := s.clock.Now()
	out.NextSequenceToken = strconv.Itoa(s.events)
	for i, e := range in.LogEvents {
		switch {
		case e.Timestamp < now.Add(-maxOld).UnixMilli():
			out.rejected().TooOld = new(i + 1)
		case e.Timestamp > now.Add(maxNew).UnixMilli():
			if r := out.rejected(); r.TooNew == nil {
				r.TooNew = new(i)
			}
		default:
			s.add(st, e.Timestamp, e.Message)
		}
	}
	return out, nil
}

func (out *putOutput) rejected() *rejected {
	if out.RejectedLogEventsInfo == nil {
		out.RejectedLogEventsInfo = &rejected{}
	}
	return out.RejectedLogEventsInfo
}

func checkEvents(es []inputEvent) error {
	size := 0
	for _, e := range es {
		if size += len(e.Message) + eventOver; e.Message == "" {
			return badParameter("1 validation error detected: a message must have length greater than or equal to 1")
		}
	}
	switch {
	case len(es) == 0 || len(es) > maxEvents:
		return badParameter("1 validation error detected: 'logEvents' has %d members, must have 1 to %d", len(es), maxEvents)
	case size > maxPut:
		return badParameter("Upload too large: %d bytes exceeds limit of %d", size, maxPut)
	case !slices.IsSortedFunc(es, func(a, b inputEvent) int { return cmp.Compare(a.Timestamp, b.Timestamp) }):
		return badParameter("Log events in a single PutLogEvents request must be in chronological order.")
	case es[len(es)-1].Timestamp-es[0].Timestamp > maxPutSpread.Milliseconds():
		return badParameter("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	return nil
}

func (e event) token() string { return fmt.Sprintf("%020d/%020d", e.time, e.id) }
