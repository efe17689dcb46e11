package main

// This file lists what is measured of snapshots: package snap beside encoding/gob, and beside the speed of copying memory.

// saving are the rows of snapshots. Column native is encoding/gob or a copy, as the comment says.
var saving = snapshots()

func snapshots() []benchmark {
	const throughput = "GB/s"
	var bs []benchmark
	for _, v := range []struct{ name, what string }{{"bytes", "1 MB []byte"}, {"floats", "1 MB []float64"}} {
		for _, way := range []string{"save", "load"} {
			bs = append(bs, benchmark{
				name: "snapshot " + v.name + " " + way, unit: throughput, atLeast: 2, comment: way + " of a " + v.what + ", beside copying it",
				native:   inverse(snapshot(v.name, "copy")),
				compiled: inverse(snapshot(v.name, way)),
			})
		}
	}
	for _, v := range []struct {
		name, unit string
		most       float64
		what       string
	}{
		{"list", "ns/node", 150, "a list of 1,000,000 nodes"},
		{"tree", "ns/node", 150, "a tree of 1,000,000 nodes"},
		{"map", "ns/entry", 250, "a map[string]int of 1,000,000"},
	} {
		for _, way := range []string{"save", "load"} {
			bs = append(bs, benchmark{
				name: "snapshot " + v.name + " " + way, unit: v.unit, atMost: v.most, comment: way + " of " + v.what + ", beside encoding/gob",
				native:   snapshot(v.name, "gob-"+way),
				compiled: snapshot(v.name, way),
			})
		}
	}
	for _, v := range []struct {
		name string
		most float64
		what string
	}{{"frames", 5000, "10 frames"}, {"variables", 0, "10 frames in a program that knows 100 foreign variables"}} {
		for _, way := range []string{"save", "load"} {
			bs = append(bs, benchmark{
				name: "snapshot " + v.name + " " + way, unit: "ns", atMost: v.most, comment: way + " of " + v.what,
				compiled: snapshot(v.name, way),
			})
		}
	}
	for _, name := range []string{"bytes", "list", "tree", "map"} {
		bs = append(bs, benchmark{
			name: "snapshot " + name + " size", unit: "bytes", target: 1.3, comment: "size of the snapshot beside the live heap that is saved",
			native:   snapshot(name, "live"),
			compiled: snapshot(name, "size"),
		})
	}
	return bs
}

// snapshot executes the program snapshot once.
func snapshot(value, way string) func(*bench) (float64, error) {
	return func(b *bench) (float64, error) { return b.native("snapshot", "result", value, way) }
}

// inverse turns nanoseconds for a byte into gigabytes a second.
func inverse(f func(*bench) (float64, error)) func(*bench) (float64, error) {
	return func(b *bench) (float64, error) {
		x, err := f(b)
		return 1 / x, err
	}
}
