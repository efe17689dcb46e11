package local

import (
	"testing"

	"github.com/harkgen/harkgen/rt/exchange"
)

func TestReplaceTrace(t *testing.T) {
	const (
		message = "goroutine 3 [running]:\nis what the program says\n\npanic: no\n\n"
		native  = "goroutine 7 gp=0x1 m=2 mp=0x3 [running, locked to thread]:\nmain.hark_f(0x1)\n\thark.go:1 +0x3\n\ngoroutine 8 [select]:\nmain.g()\n\tg.go:1\n"
		trace   = "goroutine 1 [running, process 2]:\nmain.f(...)\n\tf.go:1\n"
	)
	output := func(fd int64, text string) exchange.Op {
		return exchange.Op{Kind: exchange.OpOutput, N: fd, Value: exchange.Value{Data: []byte(text)}}
	}
	for _, test := range []struct{ outputs, want []exchange.Op }{
		{[]exchange.Op{output(2, message+native)}, []exchange.Op{output(2, message+trace)}},
		{[]exchange.Op{output(2, message+native), output(1, native)}, []exchange.Op{output(2, message+trace), output(1, native)}},
		{[]exchange.Op{output(2, "panic: no\n"), output(1, native)}, []exchange.Op{output(2, "panic: no\n"), output(1, native), output(2, trace)}},
		{nil, []exchange.Op{output(2, trace)}},
	} {
		got := replaceTrace(test.outputs, trace)
		for i, op := range got {
			if len(got) != len(test.want) || op.N != test.want[i].N || string(op.Value.Data) != string(test.want[i].Value.Data) {
				t.Fatalf("got %v, want %v", got, test.want)
			}
		}
	}
}
