package lambdahost

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/harkgen/harkgen/rt/store"
)

// This file defines runs of one event: those of entries of kinds lambda and func.
//
// The id of the run is made of the event's, so that a delivery that is repeated finds it. If the handler has returned an error the next delivery
// starts another attempt: ID, ID-2, ID-3. While nobody has answered, whoever delivers is told: a queue or stream, by the failure of the item,
// or Lambda, by an error. Once the run has waited nobody keeps the event any more but the run (Run.Origin), and its failure makes a dead letter of it.

// A delivery is an event for a run of its own.
type delivery struct {
	run    string // its id, if it is the first attempt
	kind   string // of the event
	data   []byte
	origin []byte // payload that delivers it again; nil: it is not kept
	leaves bool   // somebody waits for the answer
}

// Pending answers those who wait for the answer of a run that has none yet.
type Pending struct {
	Run   string `json:"run"`
	State string `json:"state"`
}

// errBusy says that another invocation executes the run.
var errBusy = errors.New("another invocation executes it")

// handle starts the run of an event, or finds it, and executes it until it has answered, waits or is out of time. The answer is nil if there is none yet.
func (h *host) handle(ctx context.Context, d *delivery) (run *store.Run, answer []byte, err error) {
	for n := 1; ; n++ {
		id := d.run
		if n > 1 {
			id = fmt.Sprintf("%s-%d", d.run, n)
		}
		run, version, err := h.get(ctx, id)
		fresh := errors.Is(err, store.ErrNotFound)
		if fresh {
			run, version, err = h.create(ctx, &birth{id: id, args: h.entry.Args, event: d})
		}
		if err != nil {
			return nil, nil, err
		}
		o := h.outlet(run, startID)
		o.leaves, o.reports = d.leaves, true
		if o.answer = run.Answer; len(o.answer) == 0 {
			if err := o.deliver(ctx, run); err != nil {
				return nil, nil, err
			}
		}
		answer := o.read()
		switch {
		case !fresh && (failedAnswer(answer) || len(h.failedItems(answer)) > 0):
			continue // the next attempt: if the same batch comes again, none of it has succeeded
		case ended(run) || len(answer) > 0 || run.State == store.Waiting:
			return run, answer, nil
		case version == 0 || !fresh && h.left(run) > 0:
			return run, nil, errBusy
		case !h.fits(run):
			_, err := h.passOn(ctx, run, version, wakeUp{Run: id})
			return run, nil, err
		}
		if !fresh {
			if err := h.insure(ctx, id); err != nil {
				return nil, nil, err
			}
		}
		if _, err := h.perform(ctx, run, version, wakeUp{}, o); err != nil {
			return nil, nil, err
		}
		answer = o.read()
		run, _, err = h.get(ctx, id)
		return run, answer, err
	}
}

// single handles a payload as one event, and answers with what the handler has returned, or with its error.
func (h *host) single(ctx context.Context, payload []byte) (any, error) {
	run, answer, err := h.handle(ctx, &delivery{run: h.payloadID(ctx, payload), kind: "lambda", data: payload, origin: payload, leaves: h.entry.Kind == KindLambda})
	switch {
	case errors.Is(err, errBusy):
		return Pending{run.ID, string(run.State)}, nil
	case err != nil:
		return nil, err
	case failedAnswer(answer):
		message, typ := errorOf(answer)
		return nil, messages.InvokeResponse_Error{Message: message, Type: typ}
	case len(answer) > 1:
		return json.RawMessage(answer[1:]), nil
	}
	if why := died(run); why != "" {
		return nil, messages.InvokeResponse_Error{Message: why, Type: "Runtime.ExitError"}
	}
	return Pending{run.ID, string(run.State)}, nil
}

// failedItems returns the names of the records that failed, by the answer of the handler of a batch.
func (h *host) failedItems(answer []byte) (items []string) {
	var res events.SQSEventResponse // that of streams is the same
	if !h.entry.Batch || len(answer) < 2 || answer[0] != success || json.Unmarshal(answer[1:], &res) != nil {
		return nil
	}
	for _, f := range res.BatchItemFailures {
		items = append(items, f.ItemIdentifier)
	}
	return items
}

// failedPart returns the batch of the records of a payload that are to be delivered again when these have failed: of a stream also those behind the first. If none has such
// a name it is the whole, as it is to those who deliver batches.
func failedPart(payload []byte, items []string) []byte {
	var batch struct{ Records []json.RawMessage }
	json.Unmarshal(payload, &batch) // what is no batch has no records
	var part []json.RawMessage
	for _, data := range batch.Records {
		r := decodeRecord(data)
		if slices.Contains(items, r.item()) || r.EventSource == "aws:dynamodb" && len(part) > 0 {
			part = append(part, data)
		}
	}
	if len(part) == 0 {
		return payload
	}
	return mustJSON(map[string]any{"Records": part})
}

// died says how a run has ended without an answer, and not well.
func died(run *store.Run) string {
	switch {
	case run.State == store.Failed:
		return fmt.Sprintf("run %s failed: %s", run.ID, run.Error)
	case run.State == store.Done && run.Signal != "":
		return fmt.Sprintf("run %s: %s", run.ID, run.Signal)
	case run.State == store.Done && run.Exit != 0:
		return fmt.Sprintf("run %s: exit status %d", run.ID, run.Exit)
	}
	return ""
}

// records handles each record of a batch as an event. The answer tells SQS and streams of those that have failed; for others, which report none, a failure is an error.
func (h *host) records(ctx context.Context, payload []byte) (any, error) {
	var batch struct{ Records []json.RawMessage }
	if err := json.Unmarshal(payload, &batch); err != nil {
		return nil, err
	}
	res := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	var failed []error
	for i, data := range batch.Records {
		r := decodeRecord(data)
		id := r.id()
		if id == "" {
			id = fmt.Sprint("request-", requestID(ctx), "-", i)
		}
		source, name, _ := strings.Cut(id, "-")
		err := h.record(ctx, &delivery{run: h.runID(source, name), kind: "lambda", data: data, origin: mustJSON(map[string]any{"Records": []json.RawMessage{data}})})
		if err == nil {
			continue
		}
		h.logf("%v", err)
		failed = append(failed, err)
		if item := r.item(); item != "" {
			res.BatchItemFailures = append(res.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: item})
		}
		if r.EventSource == "aws:dynamodb" {
			break // a stream goes on from there
		}
	}
	if len(failed) > len(res.BatchItemFailures) {
		return nil, errors.Join(failed...)
	}
	return res, nil
}

// errNoTime says that earlier records have used up the time.
var errNoTime = errors.New("no time is left in this invocation")

// record handles one record. The error says why it is to be delivered again.
func (h *host) record(ctx context.Context, d *delivery) error {
	if time.Until(h.gone(ctx)) < minTime {
		return fmt.Errorf("run %s: %w", d.run, errNoTime)
	}
	run, answer, err := h.handle(ctx, d)
	if err != nil {
		return fmt.Errorf("run %s: %w", d.run, err)
	}
	if failedAnswer(answer) {
		message, _ := errorOf(answer)
		return fmt.Errorf("run %s: %s", run.ID, message)
	}
	if why := died(run); why != "" && len(answer) == 0 {
		return errors.New(why)
	}
	return nil
}

// A record is what is looked at of a record of a batch, or of an event of EventBridge.
type record struct {
	EventSource string `json:"eventSource"`
	MessageID   string `json:"messageId"` // SQS
	EventID     string `json:"eventID"`   // stream
	EventName   string `json:"eventName"`
	Dynamodb    struct{ SequenceNumber string }
	Sns         struct{ MessageID string }
	S3          struct {
		Bucket struct{ Name string }
		Object struct{ Key, Sequencer, VersionID string }
	}
}

func decodeRecord(data []byte) (r record) {
	if json.Unmarshal(data, &r) != nil {
		return record{}
	}
	return r
}

// id is the same when the record is delivered again; "" if it has none.
func (r *record) id() string {
	switch {
	case r.EventSource == "aws:sqs" && r.MessageID != "":
		return "sqs-" + r.MessageID
	case r.EventSource == "aws:sns" && r.Sns.MessageID != "":
		return "sns-" + r.Sns.MessageID
	case r.EventSource == "aws:dynamodb" && r.EventID != "":
		return "stream-" + r.EventID
	case r.EventSource == "aws:s3" && r.S3.Object.Sequencer != "":
		return "s3-" + hash(r.S3.Bucket.Name, r.S3.Object.Key, r.S3.Object.VersionID, r.S3.Object.Sequencer, r.EventName)
	}
	return ""
}

// item is how a failure names the record; "" if the source takes none.
func (r *record) item() string {
	switch r.EventSource {
	case "aws:sqs":
		return r.MessageID
	case "aws:dynamodb":
		return r.Dynamodb.SequenceNumber
	}
	return ""
}

// payloadID is the id of the run of a whole payload: an event of EventBridge has one, a batch those of its records; else it is the request's.
func (h *host) payloadID(ctx context.Context, payload []byte) string {
	var e struct {
		ID         string `json:"id"`
		DetailType string `json:"detail-type"`
		Records    []json.RawMessage
	}
	if json.Unmarshal(payload, &e) == nil && e.ID != "" && e.DetailType != "" {
		return h.runID("event", e.ID)
	}
	var ids []string
	for _, data := range e.Records {
		if r := decodeRecord(data); r.id() != "" {
			ids = append(ids, r.id())
		}
	}
	if len(ids) > 0 && len(ids) == len(e.Records) {
		return h.runID("batch", hash(ids...))
	}
	return h.runID("request", requestID(ctx))
}

// requestID is the id of the request, which is the same in Lambda's own retries.
func requestID(ctx context.Context) string {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		return lc.AwsRequestID
	}
	return ""
}

// hash is a short name of what the parts say.
func hash(parts ...string) string {
	sum := sha256.Sum256(mustJSON(parts))
	return hex.EncodeToString(sum[:16])
}

// mustJSON encodes what cannot fail.
func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

func readAll(r *http.Request) ([]byte, error) {
	defer r.Body.Close()
	return io.ReadAll(r.Body)
}
