// Package eventtest is for tests that compare events with those that AWS writes, as far as aws-lambda-go has examples.
package eventtest

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Example reads an example of aws-lambda-go, like "sqs-event.json".
func Example(t *testing.T, name string) []byte {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-lambda-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(string(bytes.TrimSpace(dir)), "events", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// SameFields checks that the event has all fields of the example, with the same types, but for those below the paths that are left out. Of an array
// only the first element counts.
func SameFields(t *testing.T, event, example []byte, without ...string) {
	t.Helper()
	ours, theirs := fields(t, event), fields(t, example)
	for path, typ := range theirs {
		if ours[path] != typ && !below(path, without) {
			t.Errorf("%s is a %s in the example, %q here: %s", path, typ, ours[path], event)
		}
	}
}

func below(path string, prefixes []string) bool {
	for _, p := range prefixes {
		if path == p || strings.HasPrefix(path, p+".") {
			return true
		}
	}
	return false
}

// fields returns the types of all fields by their paths, like "Records.s3.bucket".
func fields(t *testing.T, data []byte) map[string]string {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	all := map[string]string{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			all[path] = "object"
			for name, x := range v {
				walk(strings.TrimPrefix(path+"."+name, "."), x)
			}
		case []any:
			if len(v) > 0 {
				walk(path, v[0])
			}
		case string:
			all[path] = "string"
		case float64:
			all[path] = "number"
		case bool:
			all[path] = "boolean"
		}
	}
	walk("", v)
	return all
}
