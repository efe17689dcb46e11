package logs

import "testing"

func TestPattern(t *testing.T) {
	const doc = `{"run": "r-1", "n": 3, "ok": true, "none": null, "a": [{"b": "x"}], "text": "two words"}`
	for _, test := range []struct {
		pattern, message string
		want             bool
	}{
		{"", "anything", true},
		{"ERROR", "an ERROR here", true},
		{"ERROR", "an error here", false},
		{"ERROR here", "here is an ERROR", true},
		{"ERROR there", "here is an ERROR", false},
		{`"an ERROR"`, "here is an ERROR", true},
		{`"ERROR an"`, "here is an ERROR", false},
		{"?ERROR ?WARN", "a WARN", true},
		{"?ERROR ?WARN", "an INFO", false},
		{"ERROR -ignore", "ERROR", true},
		{"ERROR -ignore", "ERROR ignore", false},
		{`{ $.run = "r-1" }`, doc, true},
		{`{$.run="r-2"}`, doc, false},
		{`{ $.run = r-* }`, doc, true},
		{`{ $.run = "r-*" }`, doc, true},
		{`{ $.run != "r-2" }`, doc, true},
		{`{ $.missing != "r-2" }`, doc, false},
		{`{ $.text = "two words" }`, doc, true},
		{`{ $.n = 3 }`, doc, true},
		{`{ $.n > 3 }`, doc, false},
		{`{ $.n >= 3 && $.n < 4.5 }`, doc, true},
		{`{ $.n = 1 || $.run = "r-1" }`, doc, true},
		{`{ $.n = 1 || $.n = 3 && $.run = "r-2" }`, doc, false},
		{`{ ($.n = 1 || $.n = 3) && $.run = "r-1" }`, doc, true},
		{`{ $.ok IS TRUE }`, doc, true},
		{`{ $.ok IS FALSE }`, doc, false},
		{`{ $.none IS NULL }`, doc, true},
		{`{ $.missing IS NULL }`, doc, false},
		{`{ $.missing NOT EXISTS }`, doc, true},
		{`{ $.run NOT EXISTS }`, doc, false},
		{`{ $.a[0].b = "x" }`, doc, true},
		{`{ $.a[1].b = "x" }`, doc, false},
		{`{ $["run"] = "r-1" }`, doc, true},
		{`{ $.run = "r-1" }`, "not JSON", false},
	} {
		p, err := parsePattern(test.pattern)
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
			continue
		}
		if got := p(test.message); got != test.want {
			t.Errorf("%s on %s: %v", test.pattern, test.message, got)
		}
	}
}

func TestPatternRefuses(t *testing.T) {
	for _, p := range []string{
		`"open`, `a-b!`, `%re%`, `[a, b]`, `{ $.a = 1`, `{ }`, `{ a = 1 }`, `{ $.a }`, `{ $.a ~ 1 }`, `{ $.a = }`, `{ $.a > "x" }`,
		`{ $.a = 1 && }`, `{ ($.a = 1 }`, `{ $.a = 1) }`, `{ $.a IS 3 }`, `{ $.a NOT 3 }`, `{ $.a = %re% }`,
	} {
		if _, err := parsePattern(p); err == nil {
			t.Errorf("%s is taken", p)
		}
	}
}

func FuzzPattern(f *testing.F) {
	f.Add(`{ ($.n = 1 || $.n >= 3) && $["run"] = "r-*" && $.a[0] NOT EXISTS }`, `{"n": 3, "run": "r-1"}`)
	f.Add(`?ERROR "a b" -c`, "x")
	f.Fuzz(func(t *testing.T, text, message string) {
		if p, err := parsePattern(text); err == nil {
			p(message)
		}
	})
}
