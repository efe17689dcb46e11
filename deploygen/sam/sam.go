// Package sam writes a checked plan as an AWS SAM template and the Makefile that sam build runs.
//
// # The deployment
//
// All entries share one table and one bucket for state. Each entry has a
// function, a queue of wake-ups that only this function reads, a queue of dead
// letters, a log group, alarms, and a role that allows just what the function does with these. Goroutines that
// need other resources have a function of their own with the same code, role and log.
//
//	 events, invoke            wake-up
//	    |         .------------------------------.
//	    v         v                              |
//	Function (alias live) --- state ---> Table, Bucket
//	    |  |                                     |
//	    |  '-- SendMessage, delayed ----> Queue --'
//	    |                                  ^   | refused 5 times
//	    '-- CreateSchedule, for later -----'   v
//	                                       DeadLetters <-- events that failed
//
// # What is not obvious in it
//
//   - RecursiveLoop: Allow. A waiting run wakes itself through its queue, which Lambda would
//     take for a runaway loop and stop after 16 turns.
//   - The role is written out. Given an event source, SAM would attach a managed policy that
//     allows every queue of the account.
//   - What the role allows of the function itself, and of buckets that notify it, is in a policy of its own
//     (Calls): these depend on the function, which depends on the role.
//   - s3:ListBucket is needed to read: without it, S3 answers 403, not 404, when an object is not there.
//   - VisibilityTimeout is six times the function's timeout, as Lambda asks for. So that a wake-up that
//     has failed is not seen again only then, the handler shortens it (sqs:ChangeMessageVisibility).
//   - BatchSize 1: a run may need the whole of an invocation. ReportBatchItemFailures holds for any size.
//   - Objects do not expire: a run may wait for a year. Only what uploads left behind does.
//   - Table and bucket outlive the stack (Retain): deleting a stack must not delete the state of runs.
//   - The alias makes SAM publish a version per build, and per change of its settings (AutoPublishAliasAllProperties), which
//     would not reach the alias otherwise. Versions are kept, since a run needs the one that started it. A version knows the
//     versions of its goroutines' functions by its environment, which is fixed with it.
//   - Each HTTP server has an API of its own, since its $default route takes everything; http triggers share one.
//     POST /_hark/ENTRY/{action} is there for each entry that is reached by HTTP, and takes only signed calls.
//   - The event of an entry is named by a hash of what it is, so that no other event renames it: a stream that
//     is subscribed anew is read again from its beginning.
//   - A message of a queue of events, an asynchronous event and a batch of a stream that fail go to the dead letters of the entry.
package sam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"

	"github.com/harkgen/harkgen/deploygen/plan"
)

// doc is a mapping in order.
type doc = yaml.MapSlice

func kv(k string, v any) yaml.MapItem { return yaml.MapItem{Key: k, Value: v} }

// text is a string of the user's. The encoder leaves some characters as they are that YAML then does not read so.
func text(s string) any {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return quoted(s)
	}
	return s
}

// quoted is a string as JSON writes it, which is YAML.
type quoted string

func (q quoted) MarshalYAML() ([]byte, error) { return json.Marshal(string(q)) }

func ref(id string) doc        { return doc{kv("Ref", id)} }
func attr(id, name string) doc { return doc{kv("Fn::GetAtt", []string{id, name})} }
func sub(text string) doc      { return doc{kv("Fn::Sub", text)} }

// Template returns the text of template.yaml.
func Template(p *plan.Plan) ([]byte, error) {
	t := &template{plan: p}
	t.shared()
	t.sources()
	for i := range p.Entries {
		t.entry(&p.Entries[i])
	}
	var b bytes.Buffer
	b.WriteString(header("# "))
	err := yaml.NewEncoder(&b, yaml.Indent(2), yaml.IndentSequence(true)).Encode(doc{
		kv("AWSTemplateFormatVersion", "2010-09-09"),
		kv("Transform", "AWS::Serverless-2016-10-31"),
		kv("Description", text(fmt.Sprintf("%.900s, made durable by harkgen", p.Program))),
		kv("Resources", t.resources),
		kv("Outputs", t.outputs),
	})
	return b.Bytes(), err
}

// A template is one in the making.
type template struct {
	plan      *plan.Plan
	resources doc
	outputs   doc
}

// A tagging says how a resource has tags.
type tagging int

const (
	noTags   tagging = iota
	tagList          // Key and Value
	tagMap           // a mapping
	tagsDown         // a mapping, and what SAM makes of the resource has them too
)

// add adds a resource; more are attributes beside its properties.
func (t *template) add(id, typ string, tags tagging, props doc, more ...yaml.MapItem) {
	if len(t.plan.Tags) > 0 {
		props = append(props, t.tags(tags)...)
	}
	t.resources = append(t.resources, kv(id, append(append(doc{kv("Type", typ)}, more...), kv("Properties", props))))
}

func (t *template) tags(how tagging) doc {
	var list []doc
	var m doc
	for _, k := range slices.Sorted(maps.Keys(t.plan.Tags)) {
		list = append(list, doc{kv("Key", k), kv("Value", t.plan.Tags[k])})
		m = append(m, kv(k, t.plan.Tags[k]))
	}
	switch how {
	case tagList:
		return doc{kv("Tags", list)}
	case tagMap:
		return doc{kv("Tags", m)}
	case tagsDown:
		return doc{kv("Tags", m), kv("PropagateTags", true)}
	}
	return nil
}

func (t *template) output(id, what string, value doc) {
	t.outputs = append(t.outputs, kv(id, doc{kv("Description", what), kv("Value", value)}))
}

// What becomes of a resource when it leaves the stack.
var (
	retain     = []yaml.MapItem{kv("DeletionPolicy", "Retain"), kv("UpdateReplacePolicy", "Retain")}
	disposable = []yaml.MapItem{kv("DeletionPolicy", "Delete"), kv("UpdateReplacePolicy", "Delete")}
)

// shared adds what all entries share.
func (t *template) shared() {
	t.table(plan.TableID, kv("TimeToLiveSpecification", doc{kv("AttributeName", "ttl"), kv("Enabled", true)}))
	t.bucket(plan.BucketID, plan.BucketPolicyID)
	t.add(plan.SchedulesID, "AWS::Scheduler::ScheduleGroup", tagList, doc{})
	t.output("Table", "Records, mailboxes and small blobs", ref(plan.TableID))
	t.output("Bucket", "Large blobs", ref(plan.BucketID))
	if t.plan.HasRoutes() {
		t.api(plan.APIID)
		t.output("Url", "Where the HTTP events come in", sub("${"+plan.APIID+".ApiEndpoint}"))
	}
}

// api adds an HTTP API; its routes are with the functions.
func (t *template) api(id string) {
	t.add(id, "AWS::Serverless::HttpApi", tagsDown, doc{
		kv("Auth", doc{kv("EnableIamAuthorizer", true)}),
	})
}
