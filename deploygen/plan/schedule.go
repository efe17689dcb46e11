package plan

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// This file defines the checks of schedules and patterns, as EventBridge has them.

var rate = regexp.MustCompile(`^rate\(([1-9][0-9]{0,8}) (minute|hour|day)(s?)\)$`)

func checkSchedule(s string) string {
	bad := "the schedule " + quote(s)
	if strings.HasPrefix(s, "rate(") {
		m := rate.FindStringSubmatch(s)
		switch {
		case m == nil:
			return bad + " is not rate(N minutes), rate(N hours) or rate(N days), with N at least 1"
		case (m[1] == "1") != (m[3] == ""):
			return bad + ": it is rate(1 " + m[2] + ") but rate(2 " + m[2] + "s)"
		}
		return ""
	}
	inner, ok := strings.CutPrefix(s, "cron(")
	inner, ok2 := strings.CutSuffix(inner, ")")
	fields := strings.Fields(inner)
	switch {
	case !ok || !ok2:
		return bad + " is neither rate(...) nor cron(...)"
	case len(fields) != len(cronFields):
		return bad + ": cron has six fields: minutes, hours, day of month, month, day of week, year"
	}
	for i, f := range cronFields {
		if !f.matches(fields[i]) {
			return bad + ": " + quote(fields[i]) + " is no " + f.name
		}
	}
	if (fields[2] == "?") == (fields[4] == "?") {
		return bad + ": one of day of month and day of week must be ?, and only one"
	}
	return ""
}

// A cronField is one field: a list of *, values and ranges, each with a step, and what is special in it.
type cronField struct {
	name      string
	low, high int
	names     []string // of values, from low on
	special   *regexp.Regexp
}

var cronFields = []cronField{
	{name: "minute", low: 0, high: 59},
	{name: "hour", low: 0, high: 23},
	{name: "day of month", low: 1, high: 31, special: regexp.MustCompile(`^(\?|L|LW|([1-9]|[12][0-9]|3[01])W)$`)},
	{name: "month", low: 1, high: 12, names: strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")},
	{name: "day of week", low: 1, high: 7, names: strings.Fields("SUN MON TUE WED THU FRI SAT"), special: regexp.MustCompile(`^(\?|L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5]))$`)},
	{name: "year", low: 1970, high: 2199},
}

func (f *cronField) matches(s string) bool {
	if f.special != nil && f.special.MatchString(s) {
		return true
	}
	for item := range strings.SplitSeq(s, ",") {
		if !f.item(item) {
			return false
		}
	}
	return true
}

func (f *cronField) item(s string) bool {
	base, step, stepped := strings.Cut(s, "/")
	if stepped {
		n, err := strconv.Atoi(step)
		if err != nil || n < 1 || n > f.high {
			return false
		}
	}
	if base == "*" {
		return true
	}
	from, to, isRange := strings.Cut(base, "-")
	a, ok := f.value(from)
	if !isRange || !ok {
		return ok
	}
	b, ok := f.value(to)
	return ok && a <= b
}

func (f *cronField) value(s string) (int, bool) {
	if i := slices.Index(f.names, strings.ToUpper(s)); i >= 0 {
		return f.low + i, true
	}
	n, err := strconv.ParseUint(s, 10, 16)
	return int(n), err == nil && int(n) >= f.low && int(n) <= f.high
}
