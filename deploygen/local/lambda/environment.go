package lambda

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// This file defines execution environments; see "An execution environment".

type environment struct {
	s   *Service
	f   *function // of v, though there may be another one of this name by now
	v   *version
	id  string // 32 hex digits
	key string // access key, by which other services can tell who asks

	mu     sync.Mutex
	proc   *process // nil before start
	killed bool

	// Set by start.
	api *runtimeAPI
	log *stream
	tmp string

	idleSince time.Time
}

func newEnvironment(s *Service, f *function, v *version) *environment {
	var b [16]byte
	rand.Read(b[:])
	id := hex.EncodeToString(b[:])
	return &environment{s: s, f: f, v: v, id: id, key: "ASIA" + strings.ToUpper(id[:16])}
}

// An invocation is what an environment does.
type invocation struct {
	id       string
	arn      string
	trace    string
	payload  []byte
	deadline time.Time
}

// An outcome is what has become of an invocation.
type outcome struct {
	payload []byte
	failed  bool   // payload is an error
	status  string // of the report: success, error, timeout
	tail    []byte // of the log
}

// failure is an outcome that Lambda itself reports.
func failure(status, typ, format string, args ...any) *outcome {
	data, err := json.Marshal(struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{typ, fmt.Sprintf(format, args...)})
	if err != nil {
		panic(err) // strings
	}
	return &outcome{payload: data, failed: true, status: status}
}

// minInit is the least time that an initialisation has.
const minInit = 10 * time.Second

// run executes an invocation, whose deadline it sets. Afterwards the environment is frozen or dead.
func (e *environment) run(in *invocation) *outcome {
	began := time.Now()
	cold := e.proc == nil
	if cold {
		if err := e.start(); err != nil {
			return failure("error", "Runtime.InvalidEntrypoint", "RequestId: %s Error: %v", in.id, err)
		}
		if o := e.await(in, began.Add(max(minInit, e.v.Timeout))); o != nil {
			e.report(in, o, 0, time.Since(began))
			return o
		}
	}
	var init time.Duration
	if cold {
		init = time.Since(began)
	}
	e.log.begin()
	e.log.platform("start", map[string]any{"requestId": in.id, "version": e.v.Number})
	began = time.Now()
	in.deadline = began.Add(e.v.Timeout)
	e.api.begin(in)
	e.proc.signal(syscall.SIGCONT)
	o := e.await(in, in.deadline)
	e.report(in, o, time.Since(began), init)
	return o
}

// await waits until the runtime asks for an invocation, and freezes the environment. It returns what has become of the one that was given, nil if none was.
func (e *environment) await(in *invocation, deadline time.Time) *outcome {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	var o *outcome
	select {
	case <-e.api.ready:
		e.proc.signal(syscall.SIGSTOP)
		o = e.api.end()
	case <-e.proc.exited:
		if o = e.api.end(); o == nil {
			o = failure("error", "Runtime.ExitError", "RequestId: %s Error: %s", in.id, e.proc.exitError())
		}
	case <-timer.C:
		e.kill()
		if o = e.api.end(); o == nil {
			o = failure("timeout", "Sandbox.Timedout", "RequestId: %s Error: Task timed out after %.2f seconds", in.id, e.v.Timeout.Seconds())
		}
	}
	e.log.flush()
	return o
}

// report logs the end of an invocation.
func (e *environment) report(in *invocation, o *outcome, took, init time.Duration) {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	metrics := map[string]any{
		"durationMs":       ms(took),
		"billedDurationMs": (took + init + time.Millisecond - 1).Milliseconds(),
		"memorySizeMB":     e.v.Memory,
		"maxMemoryUsedMB":  e.proc.peak(),
	}
	if init > 0 {
		metrics["initDurationMs"] = ms(init)
	}
	end := map[string]any{"requestId": in.id, "status": o.status, "metrics": map[string]any{"durationMs": ms(took), "producedBytes": len(o.payload)}}
	report := map[string]any{"requestId": in.id, "status": o.status, "metrics": metrics}
	if o.failed && e.dead() {
		var why struct {
			Type string `json:"errorType"`
		}
		json.Unmarshal(o.payload, &why)
		end["errorType"], report["errorType"] = why.Type, why.Type
	}
	e.log.platform("runtimeDone", end)
	e.log.platform("report", report)
	o.tail = e.log.end()
}

// start starts the process.
func (e *environment) start() (err error) {
	now := e.s.o.Clock.Now().UTC()
	stream := now.Format("2006/01/02") + "/" + e.v.Name + "[" + e.v.Number + "]" + e.id
	if e.log, err = newStream(e.v.LogGroup, stream, "\x00"+rand.Text(), e.s.o.Clock, e.s.o.Sink); err != nil {
		return err
	}
	e.tmp = filepath.Join(e.s.tmp(), e.id)
	if err = os.Mkdir(e.tmp, 0o700); err != nil {
		return err
	}
	if e.api, err = newRuntimeAPI(); err != nil {
		return err
	}
	e.log.platform("initStart", map[string]any{"initializationType": "on-demand", "phase": "init", "functionName": e.v.Name, "functionVersion": e.v.Number})
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.killed {
		return errClosed
	}
	e.proc, err = startProcess(e.v.exe(), e.v.dir, e.environ(), e.log.w)
	return err
}

// environ returns the environment variables, as Lambda sets them.
func (e *environment) environ() []string {
	env := []string{
		"PATH=/usr/local/bin:/usr/bin/:/bin:/opt/bin",
		"LANG=en_US.UTF-8",
		"TZ=:UTC",
		"TMPDIR=" + e.tmp,
		"_HANDLER=bootstrap",
		"LAMBDA_TASK_ROOT=" + e.v.dir,
		"LAMBDA_RUNTIME_DIR=" + e.v.dir,
		"AWS_LAMBDA_RUNTIME_API=" + e.api.addr,
		"AWS_LAMBDA_FUNCTION_NAME=" + e.v.Name,
		"AWS_LAMBDA_FUNCTION_VERSION=" + e.v.Number,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(e.v.Memory),
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_FORMAT=JSON",
		"AWS_LAMBDA_LOG_GROUP_NAME=" + e.log.group,
		"AWS_LAMBDA_LOG_STREAM_NAME=" + e.log.name,
		"AWS_REGION=" + e.s.o.Region,
		"AWS_DEFAULT_REGION=" + e.s.o.Region,
		"AWS_ACCESS_KEY_ID=" + e.key,
		"AWS_SECRET_ACCESS_KEY=" + Secret,
		"AWS_SESSION_TOKEN=local",
	}
	if e.s.o.Endpoint != "" {
		env = append(env, "AWS_ENDPOINT_URL="+e.s.o.Endpoint)
	}
	env = append(env, e.s.o.Env...)
	for name, value := range e.v.Env {
		env = append(env, name+"="+value)
	}
	return env
}

// dead reports whether it can do nothing more.
func (e *environment) dead() bool {
	if e.proc == nil {
		return true
	}
	select {
	case <-e.proc.exited:
		return true
	default:
		return false
	}
}

// kill kills all processes, and waits until the leader has ended.
func (e *environment) kill() {
	e.mu.Lock()
	e.killed = true
	p := e.proc
	e.mu.Unlock()
	if p != nil {
		p.signal(syscall.SIGKILL)
		<-p.exited
	}
}

// remove removes what a dead environment has left.
func (e *environment) remove() error {
	var errs []error
	if e.api != nil {
		errs = append(errs, e.api.close())
	}
	if e.log != nil {
		e.log.close()
	}
	if e.tmp != "" {
		errs = append(errs, os.RemoveAll(e.tmp))
	}
	return errors.Join(errs...)
}
