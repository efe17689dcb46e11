// Snapshot measures package snap on one value: the time to save or to restore it, or the bytes it takes; or the same of encoding/gob, or of a copy
// of the memory.
//
//	snapshot VALUE WAY    VALUE as in values.go; WAY: save load gob-save gob-load copy size live
//
// Times are processor time, the mean of several rounds, for each unit of the value: a node, an entry, a byte, the whole.
package main

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/harkgen/harkgen/rt/snap"
)

func main() {
	debug.SetMaxStack(4 << 30) // gob goes down a list by recursion
	if len(os.Args) != 3 || values[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: snapshot VALUE WAY")
		os.Exit(2)
	}
	name, way := os.Args[1], os.Args[2]
	x, err := measure(values[name](), way)
	if err != nil {
		fmt.Fprintln(os.Stderr, "snapshot:", err)
		os.Exit(1)
	}
	fmt.Println(name+" "+way, x, "result")
}

// measure returns nanoseconds for each unit, of a copy and of saves of bytes too; of size and live the bytes.
func measure(v value, way string) (float64, error) {
	switch way {
	case "size":
		b, err := saved(v.root)
		return float64(len(b)), err
	case "live":
		return float64(live(v)), nil
	case "copy":
		src := v.bytes()
		dst := make([]byte, len(src))
		return v.time(func() error { copy(dst, src); return nil })
	case "save":
		return v.time(func() error { return snap.Save(io.Discard, v.root) })
	case "load":
		b, err := saved(v.root)
		if err != nil {
			return 0, err
		}
		return v.time(func() error { return restore(b, v.fresh()) })
	case "gob-save":
		return v.time(func() error { return gob.NewEncoder(io.Discard).Encode(v.gob) })
	case "gob-load":
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(v.gob); err != nil {
			return 0, err
		}
		return v.time(func() error { return gob.NewDecoder(bytes.NewReader(b.Bytes())).Decode(v.freshGob()) })
	}
	return 0, fmt.Errorf("no way %q", way)
}

func saved(root any) ([]byte, error) {
	var b bytes.Buffer
	err := snap.Save(&b, root)
	return b.Bytes(), err
}

func restore(b []byte, root any) error { return snap.Load(bytes.NewReader(b), int64(len(b)), root) }

// time returns the processor time of f for a unit of v, in nanoseconds: the mean of several rounds. What the collector does meanwhile counts.
func (v *value) time(f func() error) (float64, error) {
	runtime.GC()
	rounds := 0
	start, used := time.Now(), processorTime()
	for ; rounds < 5 || time.Since(start) < time.Second; rounds++ {
		if err := f(); err != nil {
			return 0, err
		}
	}
	return float64(processorTime()-used) / float64(rounds) / float64(v.units), nil
}

// processorTime is the processor time that this process has used.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// live returns the bytes of heap objects that the value consists of.
func live(v value) uint64 {
	var with, without runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&with)
	runtime.KeepAlive(v.root)
	v = value{}
	runtime.GC()
	runtime.ReadMemStats(&without)
	return with.HeapAlloc - without.HeapAlloc
}
