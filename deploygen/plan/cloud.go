package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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
	Outputs  map[string]string `json:"outputs"`  // those of the template, by their names
}

// ReadCloud reads the file in the output module dir. The error wraps fs.ErrNotExist if no local cloud runs.
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

// Names of the outputs that all entries share. The others are logical ids: of each entry FunctionID, the ARN to invoke, QueueID and DeadLettersID,
// URLs, and LogsID, the name of the log group; of a server URLOutput; and MadeID of triggers.
const (
	TableOutput  = "Table"
	BucketOutput = "Bucket"
	URLOutput    = "Url" // of the http triggers
)

// URLOutput is the output with the address of a server.
func (e *Entry) URLOutput() string { return e.ID() + URLOutput }

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
