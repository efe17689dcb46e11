package lambdahost

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/harkgen/harkgen/rt/clock"
	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/runlog"
	"github.com/harkgen/harkgen/rt/store"
)

// This file defines what goes to the function's log.

// newLog returns the writer of structured logs, nil if the function is not set up for them.
func newLog(w io.Writer, ticks *clock.Clock) *runlog.Writer {
	if os.Getenv("AWS_LAMBDA_LOG_FORMAT") != "JSON" {
		return nil
	}
	return runlog.NewWriter(w, ticks.Now)
}

// about says which run the log is about from now on; "": none.
func (h *host) about(ctx context.Context, run string) {
	if h.log == nil {
		return
	}
	request := ""
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		request = lc.AwsRequestID
	}
	h.log.Begin(run, request)
}

// flushLog writes the lines that the program has not ended: another invocation may go on with them.
func (h *host) flushLog() {
	if h.log != nil {
		h.log.Flush()
	}
}

// logf says what may need somebody's attention, errorf what does.
func (h *host) logf(format string, args ...any) { h.say("WARN", fmt.Sprintf(format, args...)) }

func (h *host) errorf(format string, args ...any) { h.say("ERROR", fmt.Sprintf(format, args...)) }

func (h *host) say(level, text string) {
	if h.log == nil {
		fmt.Fprintf(h.stderr, "harkgen: %s\n", text)
		return
	}
	h.log.Say(level, text)
}

// messages returns where the supervisor writes what it says of a run.
func (h *host) messages() io.Writer {
	if h.log == nil {
		return h.stderr
	}
	return sayer{h}
}

type sayer struct{ h *host }

// Write says a message.
func (s sayer) Write(p []byte) (int, error) {
	if text := strings.Trim(string(p), "\n"); text != "" {
		s.h.say("ERROR", text)
	}
	return len(p), nil
}

// maxLogged is how many runs an environment keeps in mind.
const maxLogged = 1000

// hasLogged notes that the output of the last step of a run is in the log.
func (h *host) hasLogged(s *session) {
	if h.log == nil || s.conflict {
		return
	}
	if h.logged == nil || len(h.logged) >= maxLogged {
		h.logged = map[string]int64{}
	}
	h.logged[s.run.ID] = s.run.Step
}

// unlogged reports whether the invocation that has made the last step, which may have had as long as this one, may have been killed before it logged what it had
// committed. One that made the run wait, and whose message SQS has shown again, was made good for by that.
func (h *host) unlogged(run *store.Run, invocation time.Duration) bool {
	const shownAgain = 7 // times the timeout of the function: the visibility timeout of the queue, and one more
	if step, ok := h.logged[run.ID]; h.log == nil || ok && step == run.Step {
		return false
	}
	return run.State == store.Running || run.Step > 0 && time.Since(run.Updated) < shownAgain*invocation
}

// relog logs the output of the last step once more if whoever has committed it may have been killed before it was in the log. Readers know lines that
// are there twice by their place.
func (h *host) relog(ctx context.Context, run *store.Run, killed bool) error {
	if h.log == nil || !killed || run.Program.Spread {
		return nil
	}
	defer h.log.Flush()
	return local.LogOutput(ctx, h.store, run, h.log)
}
