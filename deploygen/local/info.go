package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/internal/awsemu/api"
)

// This file defines the file by which other commands find a cloud.

// InfoFile is its name, in the output module.
const InfoFile = ".harkgen-cloud.json"

// Info says where the parts of a running cloud are.
type Info struct {
	Endpoint string               `json:"endpoint"` // URL of all AWS services
	Region   string               `json:"region"`
	PID      int                  `json:"pid"`
	Clock    string               `json:"clock"` // file of rt/clock
	Table    string               `json:"table"`
	Bucket   string               `json:"bucket"`
	HTTP     map[string]string    `json:"http,omitempty"` // URLs: of servers by the names of their entries, and "" of the API of http triggers
	Entries  map[string]EntryInfo `json:"entries"`        // by name
	Outputs  map[string]string    `json:"outputs"`        // those of the template, by their names
}

// EntryInfo says what belongs to an entry.
type EntryInfo struct {
	Function    string            `json:"function"`          // name
	Version     string            `json:"version"`           // that is live
	Queue       string            `json:"queue"`             // URL of the queue of wake-ups
	DeadLetters string            `json:"deadLetters"`       // URL
	LogGroup    string            `json:"logGroup"`          //
	Classes     map[string]string `json:"classes,omitempty"` // names of the functions of goroutines, by class
}

func (i Info) clone() Info {
	i.HTTP, i.Entries = maps.Clone(i.HTTP), maps.Clone(i.Entries)
	return i
}

// Find returns the cloud that runs for an output module. The error is fs.ErrNotExist if none does.
func Find(dir string) (*Info, error) {
	name := filepath.Join(dir, InfoFile)
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	i := new(Info)
	if err := json.Unmarshal(data, i); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if a, err := i.send(ctx, Command{}); err != nil || a.Info.PID != i.PID { // left by one that was killed
		return nil, &fs.PathError{Op: "find", Path: name, Err: fs.ErrNotExist}
	}
	return i, nil
}

// outputs are what the template's outputs would be. c.mu is held.
func (c *Cloud) outputs(p *plan.Plan) map[string]string {
	out := map[string]string{"Table": c.info.Table, "Bucket": c.info.Bucket}
	if url := c.info.HTTP[""]; url != "" {
		out["Url"] = url
	}
	for i := range p.Entries {
		e := &p.Entries[i]
		info := c.info.Entries[e.Name]
		out[e.FunctionID()] = api.ARN("lambda", "function:"+live(e))
		out[e.QueueID()], out[e.DeadLettersID()], out[e.LogsID()] = info.Queue, info.DeadLetters, info.LogGroup
		if e.Kind == plan.Server {
			out[e.ID()+"Url"] = c.info.HTTP[e.Name]
		}
		for _, t := range e.Triggers {
			if id := t.MadeID(); id != "" {
				out[id] = map[string]string{"sqs": c.queueURL(t.Queue), "s3": t.Bucket, "sns": api.ARN("sns", t.Topic), "dynamodb-stream": t.Table}[t.Type]
			}
		}
	}
	return out
}

func (c *Cloud) writeInfo() error {
	i := c.Info()
	data, err := json.MarshalIndent(&i, "", "  ")
	if err != nil {
		return err
	}
	name := filepath.Join(c.o.Dir, InfoFile)
	if err := os.WriteFile(name+".new", append(data, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

func removeInfo(dir string) error {
	err := os.Remove(filepath.Join(dir, InfoFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// lockState locks the state of an output module, as long as the file is open.
func lockState(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, StateDir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for err = syscall.EINTR; errors.Is(err, syscall.EINTR); {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("a cloud runs already for %s; end it, or compile into another directory with -o", dir)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
