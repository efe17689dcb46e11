package directive

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// This file checks schedules, as EventBridge defines them.

var rateForm = regexp.MustCompile(`^rate\(([0-9]+) (minute|hour|day)(s?)\)$`)

// CheckSchedule returns an error if text is neither rate(...) nor cron(...).
func CheckSchedule(text string) error {
	if m := rateForm.FindStringSubmatch(text); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil || n == 0 {
			return fmt.Errorf("%s is not a rate: the number must be 1 or more", text)
		}
		if (n == 1) != (m[3] == "") {
			return fmt.Errorf("%s: it is 1 %s, but 2 %ss", text, m[2], m[2])
		}
		return nil
	}
	if strings.HasPrefix(text, "cron(") && strings.HasSuffix(text, ")") {
		return checkCron(text[len("cron(") : len(text)-1])
	}
	return fmt.Errorf("%q is neither rate(N minutes), hours or days, nor cron(minutes hours day month weekday year)", text)
}

// A field is one of those of cron.
type field struct {
	name      string
	low, high int
	names     string // that stand for low, low+1, ...
	marks     string // what else may be in it
}

var fields = []field{
	{"minutes", 0, 59, "", ""},
	{"hours", 0, 23, "", ""},
	{"day of the month", 1, 31, "", "?LW"},
	{"month", 1, 12, "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC", ""},
	{"day of the week", 1, 7, "SUN MON TUE WED THU FRI SAT", "?L#"},
	{"year", 1970, 2199, "", ""},
}

func checkCron(text string) error {
	words := strings.Fields(text)
	if len(words) != len(fields) {
		return fmt.Errorf("cron(%s) has %d fields; they are minutes, hours, day, month, day of the week, year", text, len(words))
	}
	for i, w := range words {
		for _, part := range strings.Split(w, ",") {
			if !fields[i].valid(part) {
				return fmt.Errorf("cron(%s): %q cannot be the %s", text, w, fields[i].name)
			}
		}
	}
	if (words[2] == "?") == (words[4] == "?") {
		return fmt.Errorf("cron(%s): one of day of the month and day of the week must be ?, the other not", text)
	}
	return nil
}

// valid reports whether part, an element of a list, may be in the field: *, n, n-m, either with /step, and the marks.
func (f *field) valid(part string) bool {
	may := func(mark string) bool { return strings.Contains(f.marks, mark) }
	switch {
	case part == "?":
		return may("?")
	case part == "L" || part == "LW":
		return may("L") && (part == "L" || may("W"))
	case strings.HasSuffix(part, "W"):
		return may("W") && f.value(part[:len(part)-1])
	case strings.HasSuffix(part, "L") && f.value(part[:len(part)-1]):
		return may("L")
	}
	if day, nth, ok := strings.Cut(part, "#"); ok {
		return may("#") && f.value(day) && len(nth) == 1 && nth >= "1" && nth <= "5"
	}
	part, step, stepped := strings.Cut(part, "/")
	if n, err := strconv.Atoi(step); stepped && (err != nil || n < 1 || n > f.high) {
		return false
	}
	if part == "*" {
		return true
	}
	from, to, ranged := strings.Cut(part, "-")
	return f.value(from) && (!ranged || f.value(to))
}

func (f *field) value(s string) bool {
	for _, name := range strings.Fields(f.names) {
		if strings.EqualFold(name, s) {
			return true
		}
	}
	n, err := strconv.Atoi(s)
	return err == nil && n >= f.low && n <= f.high && s[0] != '+'
}
