package main

import (
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	const trace = "\ngoroutine 1 [running]:\nmain.main()\n\t/tmp/x.go:3 +0x1d\n"
	fine := &outcome{Stdout: "a\n"}
	panics := &outcome{Stderr: "panic: b at 0xc000\n" + trace, Status: 2}
	killed := &outcome{Status: -1, Signal: "signal: killed"}
	for _, test := range []struct {
		name           string
		want, got      *outcome
		reason, detail string
	}{
		{"same", fine, &outcome{Stdout: "a\n"}, "", ""},
		{"same status", panics, &outcome{Stderr: "panic: b at 0xc0ff\n\ngoroutine 7 [running]:\nmain.f(0x1)\n\tx.go:9\n...additional frames elided...\ncreated by main.main in goroutine 1\n\t/y.go:4\nexit status 2\n", Status: 1}, "", ""},
		{"same signal", killed, &outcome{Stderr: "signal: killed\n", Status: 1}, "", ""},
		{"timeout", fine, &outcome{Timeout: true, Status: -1}, timeout, ""},
		{"stdout", fine, &outcome{Stdout: "b\n"}, badOutput, "standard output"},
		{"stderr", fine, &outcome{Stdout: "a\n", Stderr: "b"}, badOutput, "standard error"},
		{"status", fine, &outcome{Stderr: "panic: x1 12\n\ngoroutine 1 [running]:\nexit status 2\n", Status: 1}, badStatus, "exit status 2, want exit status 0: panic: x1 N"},
		{"no panic", panics, &outcome{Stdout: "a\n"}, badStatus, "exit status 0, want exit status 2"},
		{"refused", fine, &outcome{Stderr: "x.go:3:1: function f may suspend; why 3; do \"it\"\ny.go:1:1: z\n", Status: 1}, refused, `function X may suspend; why N; do "…"`},
		{"no build", fine, &outcome{Stderr: "harkgen: the compiled program in /x/y does not build, which is a bug of harkgen:\n# m\n./x.go:3:1: undefined: foo\n(exit status 1)\n", Status: 1}, noBuild, "undefined: X"},
		{"no link", fine, &outcome{Stderr: "harkgen: the compiled program in /x/y does not build, which is a bug of harkgen:\n# m\nlink: 3 bad\n", Status: 1}, noBuild, "link: N bad"},
		{"failed", fine, &outcome{Stdout: "a\n", Stderr: "harkgen: snap: no\nharkgen: run 0t9q2bv48 failed; its last commit remains\n", Status: 1}, crash, "snap: no"},
		{"compiler panics", fine, &outcome{Stderr: "panic: oh main.x\n" + trace, Status: 2}, crash, "harkgen: panic: oh X"},
		{"compiler dies", fine, &outcome{Status: -1, Signal: "signal: killed"}, crash, "harkgen: signal: killed: "},
	} {
		if reason, detail := compare(test.want, test.got); reason != test.reason || detail != test.detail {
			t.Errorf("%s: got %q, %q; want %q, %q", test.name, reason, detail, test.reason, test.detail)
		}
	}
}

func TestVisible(t *testing.T) {
	in := "before\n\ngoroutine 1 [running]:\nmain.f(...)\n\t/x.go:1\nmain.main()\n\t/x.go:2 +0x9\n\ngoroutine 2 [chan receive]:\nmain.g()\n\t/x.go:3\n\nafter 0x12ab\n" +
		"x.go:24: goroutine 1 has been in main.f for 13s without a point where it can be suspended; the run cannot be saved meanwhile, and has not been since 06:54:37: a crash takes it back to then; divide the work\n"
	if got, want := visible(in), "before\n\nafter 0x?"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCapture(t *testing.T) {
	long := strings.Repeat("x", maxOutput)
	var outs []string
	for _, s := range []string{long, long + "a", long + "b"} {
		c := newCapture()
		for part := range strings.SplitSeq(s, "xx") { // in parts that cross the limit
			c.Write([]byte(part + "xx"))
		}
		outs = append(outs, c.String())
	}
	if outs[0] == outs[1] || outs[1] == outs[2] {
		t.Error("outputs that differ after the limit are equal")
	}
	if len(outs[2]) > maxOutput+200 {
		t.Errorf("%d bytes are kept", len(outs[2]))
	}
}
