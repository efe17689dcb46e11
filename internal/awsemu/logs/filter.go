package logs

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/harkgen/harkgen/internal/awsemu/api"
)

// This file defines how events are read.

type filterInput struct {
	LogGroupName        string
	LogGroupIdentifier  string
	LogStreamNames      []string
	LogStreamNamePrefix string
	StartTime, EndTime  *int64
	FilterPattern       string
	Limit               *int
	NextToken           string
	Interleaved         bool // always
}

type foundEvent struct {
	EventID       string `json:"eventId,omitempty"`
	LogStreamName string `json:"logStreamName,omitempty"`
	Timestamp     int64  `json:"timestamp"`
	IngestionTime int64  `json:"ingestionTime"`
	Message       string `json:"message"`
}

type filterOutput struct {
	Events             []foundEvent `json:"events"`
	NextToken          string       `json:"nextToken,omitempty"`
	SearchedLogStreams []struct{}   `json:"searchedLogStreams"` // always empty, as the service's
}

const (
	maxFound      = 10_000
	maxFoundBytes = 1 << 20
)

// limit returns how many events an answer may have.
func limit(n *int) (int, error) {
	if n == nil {
		return maxFound, nil
	}
	if *n < 1 || *n > maxFound {
		return 0, badParameter("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint", *n)
	}
	return *n, nil
}

func (s *Service) filterLogEvents(_ *api.Call, in *filterInput) (out filterOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(cmp.Or(in.LogGroupName, in.LogGroupIdentifier))
	if err != nil {
		return out, err
	}
	max, err := limit(in.Limit)
	if err != nil {
		return out, err
	}
	if in.LogStreamNames != nil && in.LogStreamNamePrefix != "" {
		return out, badParameter("logStreamNames and logStreamNamePrefix cannot be specified together")
	}
	p, err := parsePattern(in.FilterPattern)
	if err != nil {
		return out, badParameter("Invalid filter pattern: %v", err)
	}
	out.Events, out.SearchedLogStreams = []foundEvent{}, []struct{}{}
	size := 0
	last := ""
	for _, e := range g.between(in) {
		if e.token() <= in.NextToken || !p(e.message) {
			continue
		}
		if len(out.Events) == max || size > maxFoundBytes {
			out.NextToken = last
			break
		}
		size += len(e.message) + eventOver
		out.Events = append(out.Events, foundEvent{strconv.Itoa(e.id), e.stream, e.time, e.ingested, e.message})
		last = e.token()
	}
	return out, nil
}

// between returns the events of the streams and the time that a request wants, in order.
func (g *group) between(in *filterInput) (es []event) {
	for name, st := range g.streams {
		if in.LogStreamNames != nil && !slices.Contains(in.LogStreamNames, name) || !strings.HasPrefix(name, in.LogStreamNamePrefix) {
			continue
		}
		es = append(es, st.between(in.StartTime, in.EndTime, true)...)
	}
	slices.SortFunc(es, func(a, b event) int { return cmp.Or(cmp.Compare(a.time, b.time), a.id-b.id) })
	return es
}

// between returns the events of a time, with or without its last millisecond.
func (st *stream) between(start, end *int64, inclusive bool) (es []event) {
	for _, e := range st.events {
		if (start == nil || e.time >= *start) && (end == nil || e.time < *end || inclusive && e.time == *end) {
			es = append(es, e)
		}
	}
	return es
}

type getInput struct {
	LogGroupName, LogGroupIdentifier, LogStreamName string
	StartTime, EndTime                              *int64
	Limit                                           *int
	NextToken                                       string
	StartFromHead                                   bool
}

type getOutput struct {
	Events            []foundEvent `json:"events"`
	NextForwardToken  string       `json:"nextForwardToken"`
	NextBackwardToken string       `json:"nextBackwardToken"`
}

// getLogEvents reads a stream. Tokens are "f/" or "b/" and an index.
func (s *Service) getLogEvents(_ *api.Call, in *getInput) (out getOutput, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.stream(cmp.Or(in.LogGroupName, in.LogGroupIdentifier), in.LogStreamName)
	if err != nil {
		return out, err
	}
	n, err := limit(in.Limit)
	if err != nil {
		return out, err
	}
	es := st.between(in.StartTime, in.EndTime, false)
	from, to := len(es)-n, len(es)
	if in.StartFromHead {
		from, to = 0, n
	}
	if in.NextToken != "" {
		way, at, _ := strings.Cut(in.NextToken, "/")
		i, err := strconv.Atoi(at)
		if err != nil || way != "f" && way != "b" {
			return out, badParameter("The specified nextToken is invalid.")
		}
		if from, to = i, i+n; way == "b" {
			from, to = i-n, i
		}
	}
	to = max(0, min(to, len(es)))
	from = max(0, min(from, to))
	out.Events = []foundEvent{}
	for _, e := range es[from:to] {
		out.Events = append(out.Events, foundEvent{Timestamp: e.time, IngestionTime: e.ingested, Message: e.message})
	}
	out.NextForwardToken, out.NextBackwardToken = "f/"+strconv.Itoa(to), "b/"+strconv.Itoa(from)
	return out, nil
}
