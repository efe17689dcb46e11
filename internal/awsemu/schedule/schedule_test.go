package schedule

import (
	"testing"
	"time"
)

const layout = "2006-01-02T15:04"

// TestNext checks the first times after a time.
func TestNext(t *testing.T) {
	for _, test := range []struct {
		expr, zone, after string
		want              []string
	}{
		{"at(2026-11-20T13:00:00)", "", "2026-01-01T00:00", []string{"2026-11-20T13:00", ""}},
		{"at(2026-11-20T13:00:00)", "America/New_York", "2026-01-01T00:00", []string{"2026-11-20T18:00", ""}},
		{"rate(5 minutes)", "", "2026-01-01T00:01", []string{"2026-01-01T00:06", "2026-01-01T00:11"}},
		{"rate(1 day)", "", "2026-01-01T00:01", []string{"2026-01-02T00:01"}},
		// The examples of the manual.
		{"cron(0 10 * * ? *)", "", "2026-01-01T10:00", []string{"2026-01-02T10:00", "2026-01-03T10:00"}},
		{"cron(15 12 * * ? *)", "", "2026-01-01T10:00", []string{"2026-01-01T12:15"}},
		{"cron(0 18 ? * MON-FRI *)", "", "2026-01-02T18:00", []string{"2026-01-05T18:00", "2026-01-06T18:00"}},
		{"cron(0 8 1 * ? *)", "", "2026-01-02T18:00", []string{"2026-02-01T08:00"}},
		{"cron(0/15 * * * ? *)", "", "2026-01-02T18:01", []string{"2026-01-02T18:15", "2026-01-02T18:30", "2026-01-02T18:45", "2026-01-02T19:00"}},
		{"cron(0/5 8-17 ? * MON-FRI *)", "", "2026-01-02T17:54", []string{"2026-01-02T17:55", "2026-01-05T08:00"}},
		{"cron(15 10 ? * 6L 2026-2027)", "", "2026-12-01T00:00", []string{"2026-12-25T10:15", "2027-01-29T10:15"}},
		{"cron(0 9 ? * 2#1 *)", "", "2026-01-01T00:00", []string{"2026-01-05T09:00", "2026-02-02T09:00"}},
		{"cron(0 9 ? * TUE#5 *)", "", "2026-01-01T00:00", []string{"2026-03-31T09:00", "2026-06-30T09:00"}},
		{"cron(0 0 L * ? *)", "", "2028-02-01T00:00", []string{"2028-02-29T00:00", "2028-03-31T00:00"}},
		{"cron(0 0 3W * ? *)", "", "2026-01-01T00:00", []string{"2026-01-02T00:00", "2026-02-03T00:00"}},
		{"cron(0 0 1W * ? *)", "", "2026-07-15T00:00", []string{"2026-08-03T00:00"}}, // the 1st is a Saturday
		{"cron(0 0 LW * ? *)", "", "2026-05-01T00:00", []string{"2026-05-29T00:00"}},
		{"cron(0 0 1,15,L JAN,jul ? *)", "", "2026-01-02T00:00", []string{"2026-01-15T00:00", "2026-01-31T00:00", "2026-07-01T00:00"}},
		{"cron(0 0 29 2 ? *)", "", "2026-01-02T00:00", []string{"2028-02-29T00:00", "2032-02-29T00:00"}},
		{"cron(0 0 30 2 ? *)", "", "2026-01-02T00:00", []string{""}},
		{"cron(0 0 1 1 ? 2020)", "", "2026-01-02T00:00", []string{""}},
		{"cron(30 1/6 ? * SUN *)", "", "2026-01-02T00:00", []string{"2026-01-04T01:30", "2026-01-04T07:30"}},
		// Clocks change: 02:30 is skipped on 29 March, and 02:30 comes twice on 25 October.
		{"cron(30 2 * * ? *)", "Europe/Berlin", "2026-03-28T12:00", []string{"2026-03-30T00:30"}},
		{"cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-24T12:00", []string{"2026-10-25T00:30", "2026-10-26T01:30"}},
	} {
		loc, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(test.expr, loc)
		if err != nil {
			t.Error(err)
			continue
		}
		at, err := time.Parse(layout, test.after)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range test.want {
			at = s.Next(at)
			got := ""
			if !at.IsZero() {
				got = at.UTC().Format(layout)
			}
			if got != want {
				t.Errorf("%s %s: next is %q, want %q", test.expr, test.zone, got, want)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, expr := range []string{
		"", "5 minutes", "rate(0 minutes)", "rate(1 minutes)", "rate(2 minute)", "rate(2 weeks)", "rate(-1 minute)", "rate(5 minutes",
		"at(2026-11-20)", "at(tomorrow)", "every(1 day)",
		"cron(* * * * *)", "cron(0 8 * * * *)", "cron(0 8 ? * ? *)", "cron(60 8 ? * MON *)", "cron(0 24 ? * MON *)", "cron(0 8 32 * ? *)",
		"cron(0 8 ? 13 MON *)", "cron(0 8 ? * 8 *)", "cron(0 8 ? * MON 1969)", "cron(0 8 ? * MON#6 *)", "cron(5-1 8 ? * MON *)", "cron(0/0 8 ? * MON *)",
		"cron(0 8 W * ? *)", "cron(x 8 ? * MON *)", "cron(0 8 ? * MONDAY *)", "cron(,0 8 ? * MON *)",
	} {
		if s, err := Parse(expr, nil); err == nil {
			t.Errorf("%q is taken: %+v", expr, s)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("cron(0/5 8-17 ? * MON-FRI,6L,2#1 *)")
	f.Add("cron(0 0 3W,LW,L 1-12/2 ? 2020,2026)")
	f.Add("rate(5 minutes)")
	f.Add("at(2026-11-20T13:00:00)")
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, expr string) {
		s, err := Parse(expr, nil)
		if err != nil {
			return
		}
		if next := s.Next(start); !next.IsZero() && !next.After(start) {
			t.Errorf("%q: next is %v", expr, next)
		}
	})
}
