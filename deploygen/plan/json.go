package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// FileName is the file of the output module that has the plan.
const FileName = "plan.json"

// Encode returns the text of plan.json: the same bytes for the same plan. Positions, which say where the source was on this machine, are left out.
func (p *Plan) Encode() ([]byte, error) {
	c := *p
	c.Entries = slices.Clone(p.Entries)
	for i := range c.Entries {
		e := &c.Entries[i]
		e.Pos, e.Triggers = "", slices.Clone(e.Triggers)
		for j := range e.Triggers {
			e.Triggers[j].Pos = ""
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(&c)
	return b.Bytes(), err
}

// Decode is the inverse of Encode, for a plan of this version of harkgen. The plan has been checked before it was written.
func Decode(data []byte) (*Plan, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	p := new(Plan)
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("%s: %w; compile again", FileName, err)
	}
	return p, nil
}

// Key names the trigger within its entry. It depends on nothing else, so that other triggers can come and go.
func (t *Trigger) Key() string {
	c := *t
	c.Pos, c.Batch = "", false
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and booleans
	}
	sum := sha256.Sum256(text)
	name := strings.ReplaceAll(stem(t.Type), "Dynamodb", "")
	return name + hex.EncodeToString(sum[:4])
}

// StartPayload is what a schedule invokes the function of a Main with.
func (e *Entry) StartPayload() string {
	type start struct {
		Args []string `json:"args,omitempty"`
	}
	text, err := json.Marshal(map[string]any{"hark": map[string]any{"start": start{e.Args}}})
	if err != nil {
		panic(err) // strings
	}
	return string(text)
}

// SweepPayload is what the function of each entry is invoked with every hour.
const SweepPayload = `{"hark":{"sweep":{}}}`

// SignedPath is the route for signed calls of an entry, by POST.
func SignedPath(entry string) string { return "/_hark/" + entry + "/{action}" }
