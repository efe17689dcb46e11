package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/harkgen/harkgen/deploygen/local/lambda"
)

func TestParseDays(t *testing.T) {
	const day = 24 * time.Hour
	for s, want := range map[string]time.Duration{"": 0, "7d": 7 * day, "1d12h": day + 12*time.Hour, "1h30m": 90 * time.Minute, "0d": 0} {
		if got, err := parseDays(s); err != nil || got != want {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"d", "7", "-7d", "-1h", "7dx", "99999d"} {
		if got, err := parseDays(s); err == nil {
			t.Errorf("%q: %v", s, got)
		}
	}
}

// TestShowLog checks what is shown of a log: the lines of programs, and failures.
func TestShowLog(t *testing.T) {
	var out bytes.Buffer
	a := &app{stdout: &out, progress: newProgress(&out)}
	for _, msg := range []string{
		"hello",
		`{"record":{"requestId":"1"},"time":"","type":"platform.start"}`,
		`{"record":{"errorType":"Sandbox.Timedout"},"time":"","type":"platform.report"}`,
		`{"record":"of the program"}`,
	} {
		a.showLog(lambda.LogEvent{Group: "/harkgen/local/Shop", Message: msg})
	}
	want := "Shop: hello\nShop: {\"record\":{\"errorType\":\"Sandbox.Timedout\"},\"time\":\"\",\"type\":\"platform.report\"}\nShop: {\"record\":\"of the program\"}\n"
	if out.String() != want {
		t.Errorf("%s", out.String())
	}
}
