// Package localtest runs programs in the local cloud, for tests, as a user would: it compiles them by the command, and speaks with them by HTTP and the APIs of AWS.
package localtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/harkgen/harkgen/deploygen/local"
	"github.com/harkgen/harkgen/deploygen/local/lambda"
	"github.com/harkgen/harkgen/rt/runlog"
)

// command builds harkgen, once. Whoever has a binary already names it in HARKGEN.
var command = sync.OnceValues(func() (string, error) {
	if exe := os.Getenv("HARKGEN"); exe != "" {
		return exe, nil
	}
	dir, err := os.MkdirTemp("", "harkgen-")
	if err != nil {
		return "", err
	}
	exe := filepath.Join(dir, "harkgen")
	if out, err := exec.Command("go", "build", "-o", exe, "github.com/harkgen/harkgen/cmd/harkgen").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build harkgen: %w\n%s", err, out)
	}
	return exe, nil
})

// Compile compiles packages in the directory source, and returns the output module. It may be used by several clouds, one after another.
func Compile(t testing.TB, source string, patterns ...string) string {
	t.Helper()
	exe, err := command()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "out")
	cmd := exec.Command(exe, append([]string{"-o", dir}, patterns...)...)
	cmd.Dir = source
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("harkgen %v in %s: %v\n%s", patterns, source, err, out)
	}
	return dir
}

// A Cloud is a local cloud with the log of its functions.
type Cloud struct {
	*local.Cloud
	t testing.TB

	mu   sync.Mutex
	log  []string
	seen map[place]bool
}

// A place is that of a line in the output of a run: it may be logged more than once.
type place struct {
	run    string
	stream string
	seq    int64
	end    int64
}

// Start starts a cloud for the output module dir. It ends with the test, which shows the log if it has failed. Of the options those with another meaning in tests are set here.
func Start(t testing.TB, dir string, o local.Options) *Cloud {
	t.Helper()
	c := &Cloud{t: t, seen: map[place]bool{}}
	var err error
	if o.Plan, err = local.ReadPlan(dir); err != nil {
		t.Fatal(err)
	}
	o.Dir, o.Log = dir, c.note
	if c.Cloud, err = local.Start(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("log:\n%s", c.Log())
		}
	})
	return c
}

func (c *Cloud) note(e lambda.LogEvent) {
	if strings.Contains(e.Message, `"type":"platform.start"`) || strings.Contains(e.Message, `"type":"platform.initStart"`) || strings.Contains(e.Message, `"status":"success"`) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r, err := runlog.Parse([]byte(e.Message)); err == nil && r.Place != nil {
		at := place{r.Run, r.Stream, r.Seq, r.End}
		if c.seen[at] {
			return
		}
		c.seen[at] = true
	}
	c.log = append(c.log, runlog.Text(e.Message))
}

// Log returns the lines that the functions have logged, each once, without those of the platform about invocations that succeed.
func (c *Cloud) Log() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.log, "\n")
}

// URL returns the address of a server, or, for "", of the http triggers.
func (c *Cloud) URL(entry string) string { return c.Info().HTTP[entry] }

// An Answer is an HTTP response.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Do sends a request to an entry, as URL names it.
func (c *Cloud) Do(entry, method, path, body string) (*Answer, error) {
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.URL(entry)+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	return Send(req)
}

// Send sends a request and reads the answer.
func Send(req *http.Request) (*Answer, error) {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return &Answer{res.StatusCode, res.Header, string(text)}, err
}

// Invoke invokes the function of an entry and returns what it answers. A function error is one.
func (c *Cloud) Invoke(entry, payload string) (string, error) {
	out, err := awslambda.NewFromConfig(c.Config()).Invoke(c.t.Context(), &awslambda.InvokeInput{
		FunctionName: aws.String(c.Info().Entries[entry].Function), Qualifier: aws.String(lambda.Live), Payload: []byte(payload),
	})
	if err == nil && out.FunctionError != nil {
		err = errors.New(string(out.Payload))
	}
	if err != nil {
		return "", err
	}
	return string(out.Payload), nil
}

// Until waits for what is sure to come, for up to two minutes of real time.
func (c *Cloud) Until(what string, f func() bool) {
	c.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !f(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			c.t.Fatalf("not in two minutes: %s", what)
		}
	}
}
