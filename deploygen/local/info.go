package local

import (
	"context"
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

// This file defines how other commands find a cloud: by the file plan.CloudFile.

// Info says what a running cloud has. The part that is in the file is enough for the clients of a deployment.
type Info struct {
	plan.Cloud
	Region  string               `json:"region"`
	HTTP    map[string]string    `json:"http,omitempty"` // URLs: of servers by the names of their entries, and "" of the API of http triggers
	Entries map[string]EntryInfo `json:"entries"`        // by name
}

// EntryInfo says what runs for an entry.
type EntryInfo struct {
	Function string `json:"function"` // name
	Version  string `json:"version"`  // that is live
}

func (i Info) clone() Info {
	i.HTTP, i.Entries = maps.Clone(i.HTTP), maps.Clone(i.Entries)
	return i
}

// Find returns the cloud that runs for an output module. The error wraps fs.ErrNotExist if none does, also if one was killed and has left its file.
func Find(dir string) (*Info, error) {
	file, err := plan.ReadCloud(dir)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	a, err := send(ctx, file.Endpoint, Command{})
	if err != nil || a.Info.PID != file.PID {
		return nil, &fs.PathError{Op: "find the cloud of", Path: filepath.Join(dir, plan.CloudFile), Err: fs.ErrNotExist}
	}
	return &a.Info, nil
}

// outputs are the template's. c.mu is held.
func (c *Cloud) outputs(p *plan.Plan) map[string]string {
	out := map[string]string{plan.TableOutput: plan.TableID, plan.BucketOutput: bucketName}
	if p.HasRoutes() {
		out[plan.URLOutput] = c.info.HTTP[""]
	}
	for i := range p.Entries {
		e := &p.Entries[i]
		out[e.FunctionID()] = api.ARN("lambda", "function:"+live(e))
		out[e.QueueID()], out[e.DeadLettersID()], out[e.LogsID()] = c.queueURL(e.QueueID()), c.queueURL(e.DeadLettersID()), logGroup(e)
		if e.Kind == plan.Server {
			out[e.URLOutput()] = c.info.HTTP[e.Name]
		}
		for _, t := range e.Triggers {
			if id := t.MadeID(); id != "" {
				out[id] = map[string]string{"sqs": c.queueURL(t.Queue), "s3": t.Bucket, "sns": api.ARN("sns", t.Topic), "dynamodb-stream": t.Table}[t.Type]
			}
		}
	}
	return out
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
