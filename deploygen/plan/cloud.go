package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// CloudFile is the file of the output module that says where the local cloud is that runs its plan.
const CloudFile = ".harkgen-cloud.json"

// A Cloud says where a deployment is in a local cloud.
type Cloud struct {
	Endpoint string            `json:"endpoint"` // URL of all AWS APIs
	PID      int               `json:"pid"`      // of the process that runs it
	Outputs  map[string]string `json:"outputs"`  // those of the template, by their names; see Plan.Outputs
}

// ReadCloud reads the file in the output module dir. The error wraps fs.ErrNotExist if there is none. A cloud that was killed leaves it: deploygen/local.Find asks.
func ReadCloud(dir string) (*Cloud, error) {
	data, err := os.ReadFile(filepath.Join(dir, CloudFile))
	if err != nil {
		return nil, err
	}
	c := new(Cloud)
	if err := json.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, CloudFile), err)
	}
	return c, nil
}

// Write writes the file into dir, whole or not at all. A nil Cloud removes it.
func (c *Cloud) Write(dir string) error {
	name := filepath.Join(dir, CloudFile)
	if c == nil {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(name+".new", append(data, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// Names of outputs: of those that all entries share, and the end of those with the address of a server.
const (
	TableOutput  = "Table"
	BucketOutput = "Bucket"
	URLOutput    = "Url" // of the http triggers
)

// URLOutput is the output with the address of a server.
func (e *Entry) URLOutput() string { return e.ID() + URLOutput }

// Outputs returns the names of all outputs of a checked plan, in order. Those that are logical ids are: of functions, ARNs to invoke; of queues, URLs; of
// buckets, tables and log groups, names; of topics, ARNs.
func (p *Plan) Outputs() []string {
	names := map[string]bool{TableOutput: true, BucketOutput: true}
	if p.HasRoutes() {
		names[URLOutput] = true
	}
	for i := range p.Entries {
		e := &p.Entries[i]
		for _, id := range []string{e.FunctionID(), e.QueueID(), e.DeadLettersID(), e.LogsID()} {
			names[id] = true
		}
		if e.Kind == Server {
			names[e.URLOutput()] = true
		}
		for j := range e.Triggers {
			if id := e.Triggers[j].MadeID(); id != "" {
				names[id] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// EntryIDs returns the stems of the ids of the entries of a deployment with these outputs, in order.
func EntryIDs(outputs map[string]string) []string {
	var ids []string
	for name := range outputs {
		if id, ok := strings.CutSuffix(name, (&Entry{}).FunctionID()); ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
