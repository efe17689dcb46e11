package main

// This file measures programs on AWS, or rather in the local cloud: their handlers are the real ones, and the services are emulators that take awsLatency for each request.

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const awsLatency = "5ms"

var onAWS = []benchmark{
	{
		name: "aws spawn", unit: "ms", atMost: 60, compiled: (*bench).awsSpawn,
		comment: "start a remote goroutine and receive its result, in warm functions: the median within a program",
	},
	fanOut("aws fanout 1000", "slice", "1,000 remote goroutines at once, until all have written a result to a slice"),
	fanOut("aws fanout 1000 channel", "channel", "the same, but main receives the results, one after the other"),
	{
		name: "aws requests", unit: "requests", atMost: 8, compiled: awsStore("collect", 100),
		comment: "of the store, for each of 100 remote goroutines that are started at once, and each of which sends a result; with those of the run itself",
	},
	{
		name: "aws requests slice", unit: "requests", atMost: 8, compiled: awsStore("fanout", 100),
		comment: "the same where they write their results to a slice",
	},
	{
		name: "aws requests alone", unit: "requests", atMost: 8, compiled: awsStore("spawn", 20),
		comment: "the same of 20 that are started one after the other, each of which sends a result",
	},
	{
		name: "aws cold start", unit: "ms", atMost: 60, compiled: (*bench).awsCold,
		comment: "from the invocation of a new function to the first line of main, more than an empty handler of aws-lambda-go takes to its first line",
	},
	{
		name: "aws binary", unit: "MB", atMost: 12, once: true, compiled: (*bench).awsBinary,
		comment: "the handler of examples/wordcount as the template builds it",
	},
}

// A used is what a run has used: a Use of programs/cloud.
type used struct {
	Invoked     float64
	Output      string
	Requests    map[string]float64
	WriteUnits  float64
	ReadUnits   float64
	Invocations float64
	Billed      float64
}

// cloud makes runs of a program in a new local cloud. Flags are those of programs/cloud.
func (b *bench) cloud(program, placement string, flags []string, runs ...string) ([]used, error) {
	dir, err := b.output(program, placement)
	if err != nil {
		return nil, err
	}
	args := append(append([]string{"-latency", awsLatency}, flags...), dir)
	out, err := b.exec(nil, filepath.Join(b.tmp, "native", "cloud"), append(args, runs...)...)
	if err != nil {
		return nil, err
	}
	var us []used
	for d := json.NewDecoder(strings.NewReader(out)); d.More(); {
		var u used
		if err := d.Decode(&u); err != nil {
			return nil, err
		}
		us = append(us, u)
	}
	return us, nil
}

// output compiles a program, once for each placement.
func (b *bench) output(program, placement string) (string, error) {
	dir := filepath.Join(b.tmp, program+"-"+placement)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	_, err := b.exec(nil, b.harkgen, "-o", dir, "-placement", placement, "./cmd/harkbench/programs/"+program)
	return dir, err
}

func (b *bench) awsSpawn() (float64, error) {
	us, err := b.cloud("constructs", "remote", nil, "spawn 3", "spawn 21")
	if err != nil {
		return 0, err
	}
	return result(us[1].Output, "ms")
}

// fanOut is a row of a simulation.
func fanOut(name, way, comment string) benchmark {
	return benchmark{
		name: name, unit: "ms", atMost: 3000, once: way == "channel",
		comment:  comment + ". Simulated: engine, DynamoDB store, AWS SDK and HTTP are real, but what is invoked is a stand-in that takes no processor time",
		compiled: func(b *bench) (float64, error) { return b.native("away", "ms", way, "1000", awsLatency) },
	}
}

// awsStore returns a measurement of the requests to DynamoDB and S3 of a run that does something n times, divided by n.
func awsStore(run string, n int) func(*bench) (float64, error) {
	return func(b *bench) (float64, error) {
		us, err := b.cloud("constructs", "remote", nil, fmt.Sprint(run, " ", n))
		if err != nil {
			return 0, err
		}
		sum := 0.0
		for op, k := range us[0].Requests {
			if strings.HasPrefix(op, "dynamodb.") || strings.HasPrefix(op, "s3.") {
				sum += k
			}
		}
		return sum / float64(n), nil
	}
}

// awsCold returns how much later the first line of a program is executed than that of an empty handler.
func (b *bench) awsCold() (float64, error) {
	ours, err := b.cold()
	if err != nil {
		return 0, err
	}
	empty, err := b.cold("-handler", "./cmd/harkbench/programs/empty")
	return ours - empty, err
}

// cold returns milliseconds from an invocation to the time that the program prints.
func (b *bench) cold(flags ...string) (float64, error) {
	us, err := b.cloud("constructs", "local", flags, "begin")
	if err != nil {
		return 0, err
	}
	begun, err := result(us[0].Output, "ns")
	return (begun - us[0].Invoked) / float64(time.Millisecond), err
}

// awsBinary returns the size of a handler.
func (b *bench) awsBinary() (float64, error) {
	dir := b.dir()
	if _, err := b.exec(nil, b.harkgen, "-o", dir, "./examples/wordcount"); err != nil {
		return 0, err
	}
	if _, err := execIn(dir, []string{"ARTIFACTS_DIR=" + dir, "GOWORK=off"}, "make", "build-WordcountFunction"); err != nil {
		return 0, err
	}
	info, err := os.Stat(filepath.Join(dir, "bootstrap"))
	if err != nil {
		return 0, err
	}
	return float64(info.Size()) / 1e6, nil
}

// A construct is a kind of operation of a program.
type construct struct {
	name      string
	program   string // "": constructs
	placement string
	run       string   // what it is to the program, or to programs/cloud if that is a server
	arg       string   // and its further argument
	few, many int      // times it is done in the two runs that are compared; few 0: the run with many is what it costs
	flags     []string // of programs/cloud
	alone     bool     // no run before it in its cloud: in an hour of the clock there would be a sweep
	elsewhere int      // transitions of Step Functions, or operations of durable functions, that do the same; 0: none do
	comment   string
}

// each returns what each further operation uses: a run that does it many times is compared with one that does it a few times, each in a cloud of its own where the same was done before.
func (b *bench) each(c construct) (*used, error) {
	many, err := b.after(c, c.many)
	if err != nil || c.few == 0 {
		return many, err
	}
	few, err := b.after(c, c.few)
	if err != nil {
		return nil, err
	}
	return many.minus(few, float64(c.many-c.few)), nil
}

func (b *bench) after(c construct, n int) (*used, error) {
	run := strings.TrimSpace(fmt.Sprint(c.run, " ", strconv.Itoa(n), " ", c.arg))
	runs := []string{run, run}
	if c.alone {
		runs = runs[1:]
	}
	us, err := b.cloud(cmp.Or(c.program, "constructs"), c.placement, c.flags, runs...)
	if err != nil {
		return nil, err
	}
	return &us[len(us)-1], nil
}

// minus returns the difference, divided by n.
func (u *used) minus(v *used, n float64) *used {
	d := &used{
		Requests:   map[string]float64{},
		WriteUnits: (u.WriteUnits - v.WriteUnits) / n, ReadUnits: (u.ReadUnits - v.ReadUnits) / n,
		Invocations: (u.Invocations - v.Invocations) / n, Billed: (u.Billed - v.Billed) / n,
	}
	for op := range u.Requests {
		d.Requests[op] = (u.Requests[op] - v.Requests[op]) / n
	}
	return d
}
