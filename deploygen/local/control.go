package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/harkgen/harkgen/deploygen/plan"
)

// This file defines what other commands can tell a running cloud, at a path of its endpoint.

// ControlPath is one that no service has.
const ControlPath = "/_harkgen/control"

// A Command is what a cloud is told. Several fields may be set.
type Command struct {
	Advance time.Duration `json:"advance,omitempty"` // sets the clock forward
	Speed   float64       `json:"speed,omitempty"`   // sets its speed
	Deploy  bool          `json:"deploy,omitempty"`  // deploys what is in the output module now
}

// An Answer says how it is then.
type Answer struct {
	Now   time.Time `json:"now"`
	Info  Info      `json:"info"`
	Error string    `json:"error,omitempty"`
}

// control serves the commands, and leaves the rest to the services.
func (c *Cloud) control(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != ControlPath {
			next.ServeHTTP(w, r)
			return
		}
		var cmd Command
		err := json.NewDecoder(r.Body).Decode(&cmd)
		if err == nil {
			err = c.do(r.Context(), &cmd)
		}
		a := Answer{Now: c.Now(), Info: c.Info()}
		if err != nil {
			a.Error = err.Error()
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(a)
	})
}

func (c *Cloud) do(ctx context.Context, cmd *Command) error {
	if cmd.Deploy {
		p, err := ReadPlan(c.o.Dir)
		if err == nil {
			err = c.Deploy(ctx, p)
		}
		if err != nil {
			return err
		}
	}
	if cmd.Speed != 0 {
		if err := c.SetSpeed(cmd.Speed); err != nil {
			return err
		}
	}
	if cmd.Advance == 0 {
		return nil
	}
	return c.Advance(cmd.Advance)
}

// Send tells the cloud of an output module. If none runs the error wraps fs.ErrNotExist.
func Send(ctx context.Context, dir string, cmd Command) (*Answer, error) {
	info, err := Find(dir)
	if err != nil {
		return nil, err
	}
	return send(ctx, info.Endpoint, cmd)
}

func send(ctx context.Context, endpoint string, cmd Command) (*Answer, error) {
	body, err := json.Marshal(cmd)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+ControlPath, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	a := new(Answer)
	if err := json.Unmarshal(data, a); err != nil {
		return nil, fmt.Errorf("the cloud at %s does not understand: %.200s", endpoint, data)
	}
	if a.Error != "" {
		return nil, errors.New(a.Error)
	}
	return a, nil
}

// ReadPlan reads the plan of an output module.
func ReadPlan(dir string) (*plan.Plan, error) {
	data, err := os.ReadFile(filepath.Join(dir, plan.FileName))
	if err != nil {
		return nil, err
	}
	return plan.Decode(data)
}
