package directive

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/token"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/harkgen/harkgen/deploygen/plan"
)

// This file reads what starts an entry.

// A kind of entry reads the words after its name. The error of read begins with what is wrong; pos is the word that is.
type kind struct {
	form string // what is to be written
	read func(s *scanner, t *plan.Trigger) (pos token.Pos, err error)
}

var kinds = map[string]kind{
	Main:              {"", func(s *scanner, _ *plan.Trigger) (token.Pos, error) { return s.at(), nil }},
	"http":            {"METHOD /path/{name}", readHTTP},
	"schedule":        {"rate(5 minutes) or cron(0 8 ? * MON *)", readSchedule},
	"sqs":             {"QUEUE", readSQS},
	"s3":              {"BUCKET EVENT [SUFFIX]", readS3},
	"sns":             {"TOPIC", readSNS},
	"dynamodb-stream": {"TABLE", readTable},
	"eventbridge":     {`{"source":["my.app"]}`, readPattern},
}

// trigger takes the kind and what belongs to it.
func (s *scanner) trigger(t *plan.Trigger) bool {
	name, pos := s.word()
	k, ok := kinds[name]
	if !ok {
		what := "event type unknown: " + name
		if name == "" {
			what = EntryName + " without the type of an event"
		}
		s.problem(pos, what, "there are "+strings.Join(slices.Sorted(maps.Keys(kinds)), ", "), "write one of them")
		return false
	}
	t.Type = name
	pos, err := k.read(s, t)
	if err != nil {
		s.problem(pos, EntryName+" "+name, err.Error(), "write "+EntryName+" "+name+" "+k.form)
		return false
	}
	return true
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "ANY"}

func readHTTP(s *scanner, t *plan.Trigger) (token.Pos, error) {
	method, pos := s.word()
	if !slices.Contains(methods, method) {
		return pos, fmt.Errorf("%q is no method; there are %s", method, strings.Join(methods, ", "))
	}
	if method != "ANY" {
		t.Method = method
	}
	t.Path, pos = s.word()
	return pos, checkPath(t.Path)
}

var literal = regexp.MustCompile(`^[A-Za-z0-9._~!$&'()*,;:@%-]+$`)
var variable = regexp.MustCompile(`^\{[A-Za-z_][A-Za-z0-9_]*\+?\}$`)

// checkPath checks a path as API Gateway writes it: variables are whole elements, {rest+} is the last.
func checkPath(path string) error {
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return fmt.Errorf("the path %q does not begin with /", path)
	}
	if rest == "" {
		return nil
	}
	seen := map[string]bool{}
	elems := strings.Split(rest, "/")
	for i, e := range elems {
		switch {
		case e == "":
			return fmt.Errorf("the path %q has an empty element", path)
		case literal.MatchString(e):
		case !variable.MatchString(e):
			return fmt.Errorf("%q is no element of a path; a variable is {name}, the rest of a path {name+}", e)
		case strings.HasSuffix(e, "+}") && i < len(elems)-1:
			return fmt.Errorf("%s stands for the rest of a path, but is not its end", e)
		case seen[e]:
			return fmt.Errorf("%s is there twice", e)
		default:
			seen[e] = true
		}
	}
	return nil
}

func readSchedule(s *scanner, t *plan.Trigger) (token.Pos, error) {
	pos := s.at()
	end := strings.IndexByte(s.text[s.off:], ')')
	if end < 0 {
		return pos, errors.New("a schedule is rate(...) or cron(...)")
	}
	t.Schedule = s.text[s.off : s.off+end+1]
	s.off += end + 1
	return pos, CheckSchedule(t.Schedule)
}

var (
	queueName  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)
	topicName  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)
	tableName  = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
)

// resource takes the name of something in the stack, or the ARN of something that is there already, of which form is an example.
func (s *scanner) resource(what string, name, arn *regexp.Regexp, form string) (string, token.Pos, error) {
	word, pos := s.word()
	switch {
	case word == "":
		return "", pos, fmt.Errorf("the name of the %s is missing", what)
	case strings.HasPrefix(word, "arn:") && !arn.MatchString(word):
		return "", pos, fmt.Errorf("%q is not the ARN of a %s, like %s", word, what, form)
	case !strings.HasPrefix(word, "arn:") && !name.MatchString(word):
		return "", pos, fmt.Errorf("%q cannot be the name of a %s", word, what)
	}
	return word, pos, nil
}

var (
	queueARN  = regexp.MustCompile(`^arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}$`)
	topicARN  = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$`)
	streamARN = regexp.MustCompile(`^arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9_.-]+/stream/[0-9T:.-]+$`)
)

func readSQS(s *scanner, t *plan.Trigger) (pos token.Pos, err error) {
	t.Queue, pos, err = s.resource("queue", queueName, queueARN, "arn:aws:sqs:eu-west-1:123456789012:orders")
	return pos, err
}

func readSNS(s *scanner, t *plan.Trigger) (pos token.Pos, err error) {
	t.Topic, pos, err = s.resource("topic", topicName, topicARN, "arn:aws:sns:eu-west-1:123456789012:orders")
	return pos, err
}

func readTable(s *scanner, t *plan.Trigger) (pos token.Pos, err error) {
	t.Table, pos, err = s.resource("table's stream", tableName, streamARN, "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000")
	return pos, err
}

// s3Events are the events that a bucket tells of, and what may follow each.
var s3Events = map[string]string{
	"ObjectCreated":               "* Put Post Copy CompleteMultipartUpload",
	"ObjectRemoved":               "* Delete DeleteMarkerCreated",
	"ObjectRestore":               "* Post Completed Delete",
	"ObjectTagging":               "* Put Delete",
	"ObjectAcl":                   "Put",
	"LifecycleExpiration":         "* Delete DeleteMarkerCreated",
	"LifecycleTransition":         "",
	"IntelligentTiering":          "",
	"ReducedRedundancyLostObject": "",
}

func readS3(s *scanner, t *plan.Trigger) (token.Pos, error) {
	name, pos := s.word()
	if !bucketName.MatchString(name) {
		return pos, fmt.Errorf("%q cannot be the name of a bucket", name)
	}
	event, pos := s.word()
	kind, detail, _ := strings.Cut(event, ":")
	may, ok := s3Events[kind]
	if detail == "" && strings.HasPrefix(may, "*") {
		detail = "*"
	}
	if !ok || detail != "" && !slices.Contains(strings.Fields(may), detail) || detail == "" && may != "" {
		return pos, fmt.Errorf("a bucket has no event %q; there are %s", event, strings.Join(slices.Sorted(maps.Keys(s3Events)), ", "))
	}
	t.Bucket, t.Event = name, strings.TrimSuffix(kind+":"+detail, ":")
	before := s.off
	if t.Suffix, pos = s.word(); strings.Contains(t.Suffix, "=") {
		t.Suffix, s.off = "", before // a setting
	}
	return pos, nil
}

// readPattern takes a pattern, which may have spaces and comments' slashes.
func readPattern(s *scanner, t *plan.Trigger) (token.Pos, error) {
	pos := s.at()
	rest := s.text[s.off:]
	dec := json.NewDecoder(strings.NewReader(rest))
	var v map[string]any
	if err := dec.Decode(&v); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("it is missing")
		}
		return pos, fmt.Errorf("the pattern is not a JSON object: %w", err)
	}
	t.Pattern = strings.TrimSpace(rest[:dec.InputOffset()])
	s.off += int(dec.InputOffset())
	return pos, checkPattern("the pattern", v)
}

// checkPattern checks an object of a pattern: objects of lists.
func checkPattern(path string, v map[string]any) error {
	if len(v) == 0 {
		return fmt.Errorf("%s is empty", path)
	}
	for _, key := range slices.Sorted(maps.Keys(v)) {
		switch v := v[key].(type) {
		case []any:
			if len(v) == 0 {
				return fmt.Errorf("%s matches nothing: the list of %q is empty", path, key)
			}
		case map[string]any:
			if err := checkPattern(fmt.Sprintf("%q of the pattern", key), v); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%q is neither a list of what it matches nor an object", key)
		}
	}
	return nil
}
