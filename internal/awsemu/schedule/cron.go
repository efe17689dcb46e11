package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// This file defines cron expressions, see "Cron-based schedules" of the manual of EventBridge Scheduler. One
// of the days must be "?". A time that a change of the clocks skips is not due, one that it repeats is due once.

const (
	minYear = 1970
	maxYear = 2199
)

// A cron is due when all its fields match.
type cron struct {
	minute, hour, month, year set
	days                      []dayMatcher // one must match
}

// A set has members from 0 to 255.
type set [4]uint64

func (s *set) add(n int)      { s[n/64] |= 1 << (n % 64) }
func (s *set) has(n int) bool { return s[n/64]>>(n%64)&1 != 0 }

// A dayMatcher reports whether a day matches.
type dayMatcher func(day time.Time) bool

// A field is what the values of one field can be.
type field struct {
	name     string
	min, max int
	names    string // "JAN FEB ...", the first is min
}

var (
	minutes = field{"minutes", 0, 59, ""}
	hours   = field{"hours", 0, 23, ""}
	days    = field{"day-of-month", 1, 31, ""}
	months  = field{"month", 1, 12, "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"}
	weekday = field{"day-of-week", 1, 7, "SUN MON TUE WED THU FRI SAT"}
	years   = field{"year", minYear, maxYear, ""}
)

func parseCron(arg string) (*cron, error) {
	fs := strings.Fields(arg)
	if len(fs) != 6 {
		return nil, fmt.Errorf("%d fields instead of 6: minutes hours day-of-month month day-of-week year", len(fs))
	}
	if (fs[2] == "?") == (fs[4] == "?") {
		return nil, fmt.Errorf("one of day-of-month and day-of-week must be ?, and only one")
	}
	c := &cron{}
	var err error
	for i, f := range []struct {
		field
		to *set
	}{{minutes, &c.minute}, {hours, &c.hour}, {days, nil}, {months, &c.month}, {weekday, nil}, {years, &c.year}} {
		switch {
		case f.to != nil:
			*f.to, err = f.parse(fs[i])
		case fs[i] != "?":
			c.days, err = f.parseDays(fs[i])
		}
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (f field) bad(s string) error {
	return fmt.Errorf("%s: %q is not allowed", f.name, s)
}

// parse reads a list of values, ranges and steps. Years are from minYear.
func (f field) parse(text string) (s set, err error) {
	for part := range strings.SplitSeq(text, ",") {
		if err := f.parsePart(part, &s); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (f field) parsePart(part string, s *set) error {
	span, step, stepped := strings.Cut(part, "/")
	by := 1
	if stepped {
		n, err := strconv.Atoi(step)
		if err != nil || n < 1 || n > f.max {
			return f.bad(part)
		}
		by = n
	}
	from, to := f.min, f.max
	if span != "*" {
		low, high, ranged := strings.Cut(span, "-")
		var ok bool
		if from, ok = f.value(low); !ok {
			return f.bad(part)
		}
		switch {
		case ranged:
			if to, ok = f.value(high); !ok {
				return f.bad(part)
			}
		case !stepped:
			to = from
		}
	}
	if from > to {
		return f.bad(part)
	}
	for n := from; n <= to; n += by {
		s.add(n - f.base())
	}
	return nil
}

// base is the value that is member 0 of a set.
func (f field) base() int {
	if f.max > 255 {
		return f.min
	}
	return 0
}

func (f field) value(s string) (int, bool) {
	for i, name := range strings.Fields(f.names) {
		if strings.EqualFold(s, name) {
			return f.min + i, true
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= f.min && n <= f.max
}

// parseDays reads a field of days, which has more than parse knows: L, nW, LW; nL, n#m.
func (f field) parseDays(text string) (ms []dayMatcher, err error) {
	var plain set
	for part := range strings.SplitSeq(text, ",") {
		m, err := f.special(part)
		if err != nil {
			return nil, err
		}
		if m != nil {
			ms = append(ms, m)
		} else if err := f.parsePart(part, &plain); err != nil {
			return nil, err
		}
	}
	number := time.Time.Day
	if f.max == weekday.max {
		number = func(t time.Time) int { return int(t.Weekday()) + 1 }
	}
	return append(ms, func(t time.Time) bool { return plain.has(number(t)) }), nil
}

// special returns the matcher of a part that parse does not know, nil if it may know it.
func (f field) special(part string) (dayMatcher, error) {
	n, nth, isNth := strings.Cut(part, "#")
	last, isLast := strings.CutSuffix(part, "L")
	work, isWork := strings.CutSuffix(part, "W")
	isDay := f.max == days.max
	switch {
	case isDay && part == "L":
		return func(t time.Time) bool { return t.Day() == lastDay(t) }, nil
	case isDay && part == "LW":
		return func(t time.Time) bool { return t.Day() == workday(t, lastDay(t)) }, nil
	case isDay && isWork:
		d, ok := f.value(work)
		if !ok {
			return nil, f.bad(part)
		}
		return func(t time.Time) bool { return d <= lastDay(t) && t.Day() == workday(t, d) }, nil
	case !isDay && part == "L":
		return func(t time.Time) bool { return t.Weekday() == time.Saturday }, nil
	case !isDay && isLast:
		d, ok := f.value(last)
		if !ok {
			return nil, f.bad(part)
		}
		return func(t time.Time) bool { return int(t.Weekday())+1 == d && t.Day()+7 > lastDay(t) }, nil
	case !isDay && isNth:
		d, ok := f.value(n)
		k, err := strconv.Atoi(nth)
		if !ok || err != nil || k < 1 || k > 5 {
			return nil, f.bad(part)
		}
		return func(t time.Time) bool { return int(t.Weekday())+1 == d && (t.Day()-1)/7+1 == k }, nil
	}
	return nil, nil
}

func lastDay(t time.Time) int {
	return time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// workday returns the day from Monday to Friday of t's month that is nearest to day d.
func workday(t time.Time, d int) int {
	switch time.Date(t.Year(), t.Month(), d, 0, 0, 0, 0, time.UTC).Weekday() {
	case time.Saturday:
		if d == 1 {
			return 3
		}
		return d - 1
	case time.Sunday:
		if d == lastDay(t) {
			return d - 2
		}
		return d + 1
	}
	return d
}

// next returns the first time after t, in t's location, the zero time if there is none.
func (c *cron) next(t time.Time) time.Time {
	loc := t.Location()
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) // a date; the location may lack its midnight
	for day.Year() <= maxYear {
		switch {
		case day.Year() < minYear || !c.year.has(day.Year()-minYear):
			day = time.Date(day.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
			continue
		case !c.month.has(int(day.Month())):
			day = time.Date(day.Year(), day.Month()+1, 1, 0, 0, 0, 0, time.UTC)
			continue
		}
		if c.matchesDay(day) {
			if at := c.nextIn(day, t, loc); !at.IsZero() {
				return at
			}
		}
		day = day.AddDate(0, 0, 1)
	}
	return time.Time{}
}

func (c *cron) matchesDay(day time.Time) bool {
	for _, m := range c.days {
		if m(day) {
			return true
		}
	}
	return false
}

// nextIn returns the first time of a day that is after t.
func (c *cron) nextIn(day, t time.Time, loc *time.Location) time.Time {
	for h := range 24 {
		for m := range 60 {
			if !c.hour.has(h) || !c.minute.has(m) {
				continue
			}
			at := time.Date(day.Year(), day.Month(), day.Day(), h, m, 0, 0, loc)
			if first := at.Add(-time.Hour); first.Hour() == h && first.Minute() == m {
				at = first // of a time that comes twice
			}
			if at.After(t) && at.Hour() == h && at.Minute() == m {
				return at
			}
		}
	}
	return time.Time{}
}
