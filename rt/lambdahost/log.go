package lambdahost

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

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

// relog logs the output of the last step once more if whoever has committed it may have been killed before it was in the log. Readers know lines that
// are there twice by their place.
func (h *host) relog(ctx context.Context, run *store.Run, killed bool) error {
	if h.log == nil || !killed || run.Program.Spread {
		return nil
	}
	defer h.log.Flush()
	return local.LogOutput(ctx, h.store, run, h.log)
}
