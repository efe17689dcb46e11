package sam_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/harkgen/harkgen/deploygen/plan"
)

// A tree is a template as plain data.
type tree = map[string]any

func parse(t *testing.T, data []byte) tree {
	t.Helper()
	var out tree
	if err := yaml.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// walk calls f for each mapping in v, with the path to it.
func walk(v any, path string, f func(path string, m tree)) {
	switch v := v.(type) {
	case tree:
		f(path, v)
		for k, x := range v {
			walk(x, path+"/"+k, f)
		}
	case []any:
		for _, x := range v {
			walk(x, path, f)
		}
	}
}

var subVariable = regexp.MustCompile(`\$\{([^}!]+)\}`)

// TestReferences checks that whatever is referred to is there.
func TestReferences(t *testing.T) {
	for name, p := range plans {
		doc := parse(t, files(t, p)[0].Data)
		resources := doc["Resources"].(tree)
		known := func(path, ref string) {
			id, _, _ := strings.Cut(ref, ".")
			if resources[id] == nil && !strings.HasPrefix(id, "AWS::") {
				t.Errorf("%s: %s refers to %s, which is not there", name, path, ref)
			}
		}
		n := 0
		walk(doc, "", func(path string, m tree) {
			if ref, ok := m["Ref"].(string); ok {
				n++
				known(path, ref)
			}
			if get, ok := m["Fn::GetAtt"].([]any); ok {
				n++
				known(path, get[0].(string))
			}
			text, vars := m["Fn::Sub"], tree{}
			if list, ok := text.([]any); ok {
				text, vars = list[0], list[1].(tree)
			}
			if text, ok := text.(string); ok {
				for _, v := range subVariable.FindAllStringSubmatch(text, -1) {
					n++
					if vars[v[1]] == nil {
						known(path, v[1])
					}
				}
			}
		})
		if n < 40 {
			t.Errorf("%s: only %d references were found", name, n)
		}
	}
}

// TestOutputs checks that the template has the outputs that those rely on who look for a deployment.
func TestOutputs(t *testing.T) {
	for name, p := range plans {
		c, err := p.Check()
		if err != nil {
			t.Fatal(err)
		}
		got := slices.Sorted(maps.Keys(parse(t, files(t, p)[0].Data)["Outputs"].(tree)))
		if want := c.Outputs(); !slices.Equal(got, want) {
			t.Errorf("%s: the outputs are %v, want %v", name, got, want)
		}
	}
}

// stars are the resources of statements that may have a wildcard: what has no name before it is made, within what has.
var stars = []string{
	"${HarkBucket.Arn}/b/*",
	"${HarkBucket.Arn}/*", // of the statement that denies
	"arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/${HarkSchedules}/*",
}

var starOf = regexp.MustCompile(`^(\$\{\w+Function\.Arn\}:\*|\$\{\w+Worker\.Arn\}:\*|\$\{\w+Objects\.Arn\}/\*|\$\{\w+Items\.Arn\}/stream/\*|arn:aws:dynamodb:[^*]*/stream/\*)$`)

// TestLeastPrivilege checks that no statement allows more than it names.
func TestLeastPrivilege(t *testing.T) {
	for name, p := range plans {
		n := 0
		walk(parse(t, files(t, p)[0].Data), "", func(path string, m tree) {
			if m["Effect"] == nil {
				return
			}
			n++
			actions, _ := m["Action"].([]any)
			for _, a := range actions {
				if strings.Contains(a.(string), "*") {
					t.Errorf("%s: %s allows %s", name, path, a)
				}
			}
			resources, _ := m["Resource"].([]any)
			if len(resources) == 0 && m["Principal"] == nil {
				t.Errorf("%s: %s names no resource", name, path)
			}
			for _, r := range resources {
				text, _ := r.(string)
				if sub, ok := r.(tree); ok {
					text, _ = sub["Fn::Sub"].(string)
				}
				if strings.Contains(text, "*") && !slices.Contains(stars, text) && !starOf.MatchString(text) {
					t.Errorf("%s: %s allows %v on %s", name, path, actions, text)
				}
			}
		})
		if n < 8 {
			t.Errorf("%s: only %d statements were found", name, n)
		}
	}
}

var sdkCall = regexp.MustCompile(`&(dynamodb|s3|sqs|lambda|scheduler)\.(\w+)Input\{`)

// TestActions checks that the role allows each request that the handler makes, as far as it is written in the packages that speak to AWS.
func TestActions(t *testing.T) {
	allowed := map[string]bool{}
	walk(parse(t, files(t, plans["one"])[0].Data), "", func(path string, m tree) {
		if m["Effect"] == "Allow" {
			actions, _ := m["Action"].([]any)
			for _, a := range actions {
				allowed[a.(string)] = true
			}
		}
	})
	special := map[string]string{"lambda:Invoke": "lambda:InvokeFunction", "s3:ListObjectsV2": "s3:ListBucket", "s3:HeadObject": "s3:GetObject", "s3:DeleteObjects": "s3:DeleteObject", "dynamodb:TransactWriteItems": "dynamodb:PutItem"}
	n := 0
	for _, dir := range []string{"store/dynamo", "lambdahost"} {
		sources, err := filepath.Glob("../../rt/" + dir + "/*.go")
		if err != nil || len(sources) == 0 {
			t.Fatal(err, "no sources")
		}
		for _, name := range sources {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, call := range sdkCall.FindAllStringSubmatch(string(text), -1) {
				n++
				action := call[1] + ":" + call[2]
				if special[action] != "" {
					action = special[action]
				}
				if !allowed[action] {
					t.Errorf("%s needs %s, which the role does not allow", name, action)
				}
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d requests were found", n)
	}
}

// TestOwn checks that an entry can reach nothing of another.
func TestOwn(t *testing.T) {
	for name, p := range plans {
		c, err := p.Check()
		if err != nil {
			t.Fatal(err)
		}
		resources := parse(t, files(t, p)[0].Data)["Resources"].(tree)
		for i := range c.Entries {
			e := &c.Entries[i]
			for _, id := range []string{e.RoleID(), e.CallsID(), e.WakerID()} {
				text, _ := json.Marshal(resources[id])
				for j := range c.Entries {
					if o := &c.Entries[j]; i != j && regexp.MustCompile(`\b`+o.ID()+`(Function|Worker|Queue|DeadLetters|Logs|Waker)\b`).Match(text) {
						t.Errorf("%s: %s of %s has something of %s", name, id, e.Name, o.Name)
					}
				}
			}
		}
	}
}

// TestEnvironment checks that each function is told all that the handler reads.
func TestEnvironment(t *testing.T) {
	always := []string{plan.EnvTable, plan.EnvBucket, plan.EnvQueue, plan.EnvEntry, plan.EnvKind, plan.EnvDeadLetters,
		plan.EnvSchedules, plan.EnvQueueARN, plan.EnvScheduler, plan.EnvRetention}
	for name, p := range plans {
		functions := 0
		for id, r := range parse(t, files(t, p)[0].Data)["Resources"].(tree) {
			r := r.(tree)
			if r["Type"] != "AWS::Serverless::Function" {
				continue
			}
			functions++
			vars := r["Properties"].(tree)["Environment"].(tree)["Variables"].(tree)
			want := slices.Clone(always)
			if p.Tracing != "" {
				want = append(want, plan.EnvTracing)
			}
			if id == "OrderSagaFunction" {
				want = append(want, plan.EnvClasses, "STAGE")
			}
			for _, v := range want {
				if vars[v] == nil {
					t.Errorf("%s: %s is not told %s", name, id, v)
				}
			}
			if strings.HasSuffix(id, "Worker") && vars[plan.EnvClasses] != nil {
				t.Errorf("%s: %s depends on itself through %s", name, id, plan.EnvClasses)
			}
		}
		if functions < len(p.Entries) {
			t.Errorf("%s: %d functions", name, functions)
		}
	}
}

// taggable are the types of resources that have tags, but for event source mappings and rules, to which SAM gives none.
var taggable = strings.Fields(`AWS::DynamoDB::Table AWS::S3::Bucket AWS::Scheduler::ScheduleGroup AWS::ApiGatewayV2::Api AWS::ApiGatewayV2::Stage
	AWS::Lambda::Function AWS::IAM::Role AWS::SQS::Queue AWS::SNS::Topic AWS::Logs::LogGroup AWS::CloudWatch::Alarm`)

// TestExpanded looks at what SAM makes of the template: the resources that the plan counts, with tags.
func TestExpanded(t *testing.T) {
	t.Parallel()
	for name, p := range plans {
		resources := expand(t, name)
		c, err := p.Check()
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, r := range c.Resources() {
			want += r.Count
			if resources[r.ID] == nil {
				t.Errorf("%s: %s is not there", name, r.ID)
			}
		}
		if len(resources) != want {
			t.Errorf("%s: SAM makes %d resources, the plan counts %d", name, len(resources), want)
		}
		low := map[string]string{}
		for id, r := range resources {
			if other, clash := low[strings.ToLower(id)]; clash {
				t.Errorf("%s: %s and %s", name, id, other)
			}
			low[strings.ToLower(id)] = id
			if typ := r.(tree)["Type"].(string); len(p.Tags) > 0 && slices.Contains(taggable, typ) {
				props := r.(tree)["Properties"].(tree)
				text, _ := json.Marshal([]any{props["Tags"], props["Body"]}) // an API has them in its description
				if !strings.Contains(string(text), "cost centre") {
					t.Errorf("%s: %s, %s, has no tags: %s", name, id, typ, text)
				}
			}
		}
	}
}

// expand runs SAM's own translation, and returns the resources.
func expand(t *testing.T, name string) tree {
	t.Helper()
	tool(t, ".", "sam") // is it there?
	const script = `
import json, sys, boto3, samtranslator.yaml_helper as y
from samtranslator.translator.translator import Translator
from samtranslator.parser.parser import Parser
t = y.yaml_parse(open(sys.argv[1]).read())
for r in t["Resources"].values():
    if r["Type"] == "AWS::Serverless::Function": r["Properties"]["CodeUri"] = "s3://bucket/key"
s = boto3.session.Session(region_name="eu-central-1")
print(json.dumps(Translator({}, Parser(), boto_session=s).translate(t, {})["Resources"]))`
	sam, err := exec.LookPath("sam")
	if err != nil {
		t.Fatal(err)
	}
	if sam, err = filepath.EvalSymlinks(sam); err != nil {
		t.Fatal(err)
	}
	out, err := tool(t, ".", filepath.Join(filepath.Dir(sam), "python3"), "-c", script, filepath.Join("testdata", name, "template.yaml")).Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, err.(*exec.ExitError).Stderr)
	}
	var resources tree
	if err := json.Unmarshal(out, &resources); err != nil {
		t.Fatal(err)
	}
	return resources
}
