package pattern

import (
	"strings"
	"testing"
)

// The events of the tests.
const sample = `{"source": "my.app", "detail-type": "Order Created", "account": "1", "resources": ["a", "b"],
	"detail": {"state": "running", "n": 5, "price": 5.5, "ip": "10.0.0.9", "file": "dir/pic.PNG", "none": null, "yes": true, "empty": "",
		"tags": ["x", "y"], "items": [{"id": 1, "kind": "book"}, {"id": 2, "kind": "pen"}], "inner": {"deep": "v"}}}`

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		pattern string
		want    bool
	}{
		{`{"source": ["my.app"]}`, true},
		{`{"source": ["other", "my.app"]}`, true},
		{`{"source": ["other"]}`, false},
		{`{"source": ["my.app"], "account": ["2"]}`, false},
		{`{"resources": ["b"]}`, true},
		{`{"resources": ["c"]}`, false},
		{`{"detail": {"state": ["running"]}}`, true},
		{`{"detail": {"n": [5]}}`, true},
		{`{"detail": {"n": [5.0]}}`, true},
		{`{"detail": {"n": ["5"]}}`, false},
		{`{"detail": {"none": [null]}}`, true},
		{`{"detail": {"missing": [null]}}`, false},
		{`{"detail": {"yes": [true]}}`, true},
		{`{"detail": {"empty": [""]}}`, true},
		{`{"detail": {"inner": {"deep": ["v"]}}}`, true},
		{`{"detail": {"state": {"deep": ["v"]}}}`, false},
		{`{"detail": {"items": {"kind": ["pen"]}}}`, true},
		{`{"detail": {"items": {"kind": ["cup"]}}}`, false},
		{`{"detail": {"state": [{"prefix": "run"}]}}`, true},
		{`{"detail": {"state": [{"prefix": "Run"}]}}`, false},
		{`{"detail": {"state": [{"prefix": {"equals-ignore-case": "RUN"}}]}}`, true},
		{`{"detail": {"file": [{"suffix": ".png"}]}}`, false},
		{`{"detail": {"file": [{"suffix": {"equals-ignore-case": ".png"}}]}}`, true},
		{`{"detail": {"file": [{"suffix": ".PNG"}]}}`, true},
		{`{"detail": {"n": [{"prefix": "5"}]}}`, false},
		{`{"detail": {"state": [{"equals-ignore-case": "RUNNING"}]}}`, true},
		{`{"detail": {"file": [{"wildcard": "dir/*.PNG"}]}}`, true},
		{`{"detail": {"file": [{"wildcard": "*.PNG"}]}}`, true},
		{`{"detail": {"file": [{"wildcard": "d*r"}]}}`, false},
		{`{"detail": {"state": [{"anything-but": "stopped"}]}}`, true},
		{`{"detail": {"state": [{"anything-but": ["stopped", "running"]}]}}`, false},
		{`{"detail": {"n": [{"anything-but": [6]}]}}`, true},
		{`{"detail": {"missing": [{"anything-but": "x"}]}}`, false},
		{`{"detail": {"state": [{"anything-but": {"prefix": "stop"}}]}}`, true},
		{`{"detail": {"state": [{"anything-but": {"prefix": ["stop", "run"]}}]}}`, false},
		{`{"detail": {"file": [{"anything-but": {"wildcard": "dir/*"}}]}}`, false},
		{`{"detail": {"state": [{"anything-but": {"equals-ignore-case": "RUNNING"}}]}}`, false},
		{`{"detail": {"n": [{"numeric": ["=", 5]}]}}`, true},
		{`{"detail": {"n": [{"numeric": [">", 0, "<=", 5]}]}}`, true},
		{`{"detail": {"price": [{"numeric": [">", 5, "<", 5.5]}]}}`, false},
		{`{"detail": {"state": [{"numeric": [">", 5]}]}}`, false},
		{`{"detail": {"state": [{"exists": true}]}}`, true},
		{`{"detail": {"inner": [{"exists": true}]}}`, false},
		{`{"detail": {"missing": [{"exists": false}]}}`, true},
		{`{"detail": {"state": [{"exists": false}]}}`, false},
		{`{"missing": {"deep": [{"exists": false}]}}`, true},
		{`{"detail": {"none": [{"exists": true}]}}`, true},
		{`{"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}}`, true},
		{`{"detail": {"ip": [{"cidr": "10.1.0.0/24"}]}}`, false},
		{`{"detail": {"$or": [{"n": [6]}, {"state": ["running"]}]}}`, true},
		{`{"detail": {"$or": [{"n": [6]}, {"state": ["stopped"]}]}}`, false},
		{`{"source": ["other"], "$or": [{"account": ["1"]}, {"account": ["2"]}]}`, false},
		{`{"detail": {"tags": [{"anything-but": ["x"]}]}}`, true}, // one of the elements is another
	} {
		got, err := Match([]byte(test.pattern), []byte(sample))
		if got != test.want || err != nil {
			t.Errorf("%s: %v, %v", test.pattern, got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for p, want := range map[string]string{
		``: "is not a JSON object: EOF", `[]`: "is not a JSON object", `{}`: "must name a field at least", `{"a": ["b"]} {}`: "more than one JSON value",
		`{"a": "b"}`:      "has no list in a; write [value]",
		`{"b": {"a": 1}}`: "has no list in b.a; write [value]",
		`{"a": {}}`:       "has nothing in a",
		`{"a": []}`:       "has an empty list in a",
		`{"a": [[1]]}`:    "has a list in a list in a",
		`{"a": [{}]}`:     "has a filter of 0 members instead of one in a",
		`{"a": [{"prefix": "x", "suffix": "y"}]}`:           "has a filter of 2 members instead of one in a",
		`{"a": [{"prefix": 1}]}`:                            "has a filter prefix that is no text in a",
		`{"a": [{"unknown": 1}]}`:                           `has no such filter: "unknown", in a`,
		`{"a": [{"numeric": ["~", 1]}]}`:                    "has a filter numeric with ~ 1 in a",
		`{"a": [{"numeric": [">"]}]}`:                       "has a filter numeric without an operator and a number, once or twice, in a",
		`{"a": [{"cidr": "x"}]}`:                            "has a filter cidr that is none",
		`{"a": [{"exists": "yes"}]}`:                        "has a filter exists that is neither true nor false in a",
		`{"a": [{"anything-but": {"cidr": "10.0.0.0/8"}}]}`: `has a filter anything-but of "cidr" in a`,
		`{"a": [{"wildcard": "a**b"}]}`:                     "has a filter wildcard with ** in a",
		`{"$or": [{"a": [1]}]}`:                             "has no list of two patterns or more in $or",
		`{"b": {"$or": [{"a": [1]}, 2]}}`:                   "has something else than a pattern in b.$or",
		`{"b": {"$or": [{"a": [1]}, {"a": 2}]}}`:            "has no list in b.$or.a; write [value]",
	} {
		if _, err := Parse([]byte(p)); err == nil || !strings.HasPrefix(err.Error(), "pattern ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", p, err, want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add(`{"detail": {"state": [{"anything-but": {"prefix": ["stop", "run"]}}], "$or": [{"n": [6]}, {"n": [{"numeric": [">", 0, "<=", 5]}]}]}}`, sample)
	f.Add(`{"detail": {"file": [{"wildcard": "dir/*.PNG"}], "ip": [{"cidr": "10.0.0.0/24"}]}}`, `{"a": [1, "x", null]}`)
	f.Fuzz(func(t *testing.T, pattern, event string) {
		Match([]byte(pattern), []byte(event)) // it must not panic
	})
}
