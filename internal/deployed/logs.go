package deployed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/rt/runlog"
	"github.com/harkgen/harkgen/rt/store"
)

// This file reads the log of a run.

const (
	pollLogs = 2 * time.Second  // how often to look for more
	lateLogs = 30 * time.Second // by how much CloudWatch may show an event later than one with the same time
)

// Logs calls show with the lines that the log group of the run's entry has about it, in the order in which the program has written them. With follow it
// waits for more until the run has ended.
func (d *Deployment) Logs(ctx context.Context, id string, follow bool, show func(*runlog.Record) error) error {
	r, err := d.Run(ctx, id)
	if err != nil {
		return err
	}
	e := &plan.Entry{Name: r.Program.Package}
	group, err := d.output(e.Name, e.LogsID())
	if err != nil {
		return err
	}
	l := &logReader{d: d, group: group, run: id, since: r.Created.Add(-time.Minute), seen: map[string]bool{}} // clocks differ
	for {
		last := !follow || r.Ended() || r.State == store.Failed
		more, err := l.read(ctx)
		if err != nil {
			return fmt.Errorf("the logs of %s: %w", e.Name, err)
		}
		if last && !(follow && more) {
			l.settle()
			return l.show(show)
		}
		if err := l.show(show); err != nil {
			return err
		}
		select {
		case <-time.After(pollLogs):
		case <-ctx.Done():
			return ctx.Err()
		}
		if r, err = d.Run(ctx, id); err != nil {
			return err
		}
	}
}

// A logReader reads the events of a run, again and again.
type logReader struct {
	d          *Deployment
	group, run string
	since      time.Time       // for events to look at
	seen       map[string]bool // ids of those that were read
	fresh      []*runlog.Record
	merge      runlog.Merge
}

// read reads what has come, and reports whether anything has. What had come before is to be shown: now lines that are before it have come too.
func (l *logReader) read(ctx context.Context) (more bool, err error) {
	l.settle()
	newest := l.since
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(l.d.logs, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName:  aws.String(l.group),
		FilterPattern: aws.String(`"` + l.run + `"`), // the events with this text
		StartTime:     aws.Int64(l.since.UnixMilli()),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return more, err
		}
		for _, e := range page.Events {
			if l.seen[aws.ToString(e.EventId)] {
				continue
			}
			l.seen[aws.ToString(e.EventId)], more = true, true
			if at := time.UnixMilli(aws.ToInt64(e.Timestamp)).Add(-lateLogs); at.After(newest) {
				newest = at
			}
			if r := l.record(&e); r != nil {
				l.fresh = append(l.fresh, r)
			}
		}
	}
	l.since = newest
	return more, nil
}

// record returns what an event says about the run, nil if nothing.
func (l *logReader) record(e *types.FilteredLogEvent) *runlog.Record {
	text := bytes.TrimRight([]byte(aws.ToString(e.Message)), "\n")
	if r, err := runlog.Parse(text); err == nil {
		if r.Run != l.run {
			return nil
		}
		return r
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(text, &object) == nil && (object["_aws"] != nil || object["type"] != nil) {
		return nil // metrics, or Lambda about an invocation
	}
	message, err := json.Marshal(string(text))
	if err != nil {
		return nil
	}
	return &runlog.Record{Time: time.UnixMilli(aws.ToInt64(e.Timestamp)).UTC(), Level: "INFO", Run: l.run, Message: message}
}

// settle lets what was read be shown.
func (l *logReader) settle() {
	for _, r := range l.fresh {
		l.merge.Add(r)
	}
	l.fresh = nil
}

func (l *logReader) show(show func(*runlog.Record) error) error {
	for _, r := range l.merge.Take() {
		if err := show(r); err != nil {
			return err
		}
	}
	return nil
}
