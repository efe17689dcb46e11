// Package schedule reads the schedule expressions of EventBridge and tells when they are due:
//
//	at(2026-11-20T13:00:00)
//	rate(5 minutes)
//	cron(0 8 ? * MON-FRI *)     minutes hours day-of-month month day-of-week year
package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Schedule says when something is due.
type Schedule struct {
	at    time.Time
	every time.Duration
	cron  *cron
	loc   *time.Location
}

// Once reports whether it is due only once.
func (s Schedule) Once() bool { return !s.at.IsZero() }

// Rate returns the interval of rate(...), 0 for other schedules.
func (s Schedule) Rate() time.Duration { return s.every }

// Parse reads an expression. Times of day are in loc; nil is UTC.
func Parse(expr string, loc *time.Location) (Schedule, error) {
	if loc == nil {
		loc = time.UTC
	}
	kind, arg, ok := strings.Cut(expr, "(")
	arg, closed := strings.CutSuffix(arg, ")")
	s := Schedule{loc: loc}
	var err error
	switch {
	case !ok || !closed:
		err = fmt.Errorf("want at(...), rate(...) or cron(...)")
	case kind == "at":
		s.at, err = time.ParseInLocation("2006-01-02T15:04:05", arg, loc)
	case kind == "rate":
		s.every, err = parseRate(arg)
	case kind == "cron":
		s.cron, err = parseCron(arg)
	default:
		err = fmt.Errorf("unknown kind %q", kind)
	}
	if err != nil {
		return Schedule{}, fmt.Errorf("schedule expression %q: %w", expr, err)
	}
	return s, nil
}

func parseRate(arg string) (time.Duration, error) {
	value, unit, _ := strings.Cut(arg, " ")
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is not a positive number", value)
	}
	units := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
	one, plural := strings.CutSuffix(unit, "s")
	d, ok := units[one]
	if !ok {
		return 0, fmt.Errorf("unknown unit %q", unit)
	}
	if plural == (n == 1) {
		return 0, fmt.Errorf("the unit of 1 is minute, hour or day, that of more minutes, hours or days")
	}
	if n > 10_000_000 {
		return 0, fmt.Errorf("%d is too large", n)
	}
	return time.Duration(n) * d, nil
}

// Next returns when it is due next after t, the zero time if never. A rate is counted from t.
func (s Schedule) Next(t time.Time) time.Time {
	switch {
	case s.Once():
		if s.at.After(t) {
			return s.at
		}
		return time.Time{}
	case s.every > 0:
		return t.Add(s.every)
	case s.cron != nil:
		return s.cron.next(t.In(s.loc))
	}
	return time.Time{}
}
