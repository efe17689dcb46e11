package plan

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

func quote(s string) string { return strconv.Quote(s) }

// checkPattern checks an event pattern of EventBridge: an object whose leaves are lists of values and filters.
func checkPattern(text string) string {
	const maxPattern = 2048
	var p map[string]any
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return "the pattern " + quote(text) + " is not a JSON object: " + err.Error()
	}
	if len(p) == 0 || len(text) > maxPattern {
		return "the pattern " + quote(text) + ": it must name a field at least, and have at most " + strconv.Itoa(maxPattern) + " bytes"
	}
	return patternObject(p, "")
}

func patternObject(p map[string]any, at string) string {
	for _, k := range slices.Sorted(maps.Keys(p)) {
		here := at + "." + k
		if at == "" {
			here = k
		}
		if msg := patternField(k, p[k], here); msg != "" {
			return msg
		}
	}
	return ""
}

func patternField(name string, v any, at string) string {
	if name == "$or" {
		return patternOr(v, at)
	}
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			return "the pattern has nothing in " + at
		}
		return patternObject(v, at)
	case []any:
		return patternList(v, at)
	}
	return "the pattern has no list in " + at + "; write [value]"
}

func patternOr(v any, at string) string {
	list, _ := v.([]any)
	if len(list) < 2 {
		return "the pattern needs a list of two patterns or more in " + at
	}
	for _, o := range list {
		m, ok := o.(map[string]any)
		if !ok || len(m) == 0 {
			return "the pattern has something else than a pattern in " + at
		}
		if msg := patternObject(m, at); msg != "" {
			return msg
		}
	}
	return ""
}

// filters are the comparisons that EventBridge has.
var filters = []string{"prefix", "suffix", "anything-but", "numeric", "exists", "cidr", "equals-ignore-case", "wildcard"}

func patternList(list []any, at string) string {
	if len(list) == 0 {
		return "the pattern has an empty list in " + at
	}
	for _, v := range list {
		switch v := v.(type) {
		case []any:
			return "the pattern has a list in a list in " + at
		case map[string]any:
			for k := range v {
				if len(v) != 1 || !slices.Contains(filters, k) {
					return "the pattern has no such filter in " + at + ": " + quote(k)
				}
			}
			if len(v) == 0 {
				return "the pattern has an empty filter in " + at
			}
		}
	}
	return ""
}
