package main

// This file measures peers: other systems that do what a row does. Each is a module of its own below peers, so that what
// it needs stays out of harkgen's go.mod. It is built when the first row asks for it, from the module proxy.

import (
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A peer measures once with run.
type peer struct {
	name   string // of the column
	module string // its directory below peers
	run    func(*bench) (float64, error)
}

// A peerResult is what a peer shows in a row.
type peerResult struct {
	Name    string  `json:"name"`
	Value   float64 `json:"value,omitempty"`
	Samples int     `json:"samples,omitempty"`
	Failed  string  `json:"failed,omitempty"` // why there is no value
}

// longRun is how long a run of a peer may take if it is to be repeated.
const longRun = 10 * time.Second

// peerRuns are the measurements of a peer for one row.
type peerRuns struct {
	peer
	values []float64
	long   bool // the last one took so long that it stays the last
	err    error
}

// peerRuns builds the peers.
func (b *bench) peerRuns(peers []peer) []peerRuns {
	runs := make([]peerRuns, len(peers))
	for i, p := range peers {
		runs[i] = peerRuns{peer: p, err: b.buildPeer(p.module)}
	}
	return runs
}

// again measures once more, unless that has failed or takes long.
func (p *peerRuns) again(b *bench) {
	if p.err != nil || p.long {
		return
	}
	start := time.Now()
	x, err := p.run(b)
	p.long = time.Since(start) > longRun
	p.err = err
	p.values = append(p.values, x)
}

func (p *peerRuns) result() peerResult {
	if p.err != nil {
		return peerResult{Name: p.name, Failed: p.err.Error()}
	}
	return peerResult{Name: p.name, Value: median(p.values), Samples: len(p.values)}
}

// peer executes a peer's program, with a new directory for its state.
func (b *bench) peer(module, unit string, args ...string) (float64, error) {
	out, err := b.exec(nil, b.peerFile(module), append([]string{"-state", b.dir()}, args...)...)
	if err != nil {
		return 0, err
	}
	return result(out, unit)
}

// peerFile is the executable of a module below peers.
func (b *bench) peerFile(module string) string { return filepath.Join(b.tmp, "peers", module) }

// buildPeer makes that executable, unless it is there.
func (b *bench) buildPeer(module string) error {
	if _, err := os.Stat(b.peerFile(module)); err == nil {
		return nil
	}
	b.progress("building " + module)
	dir := filepath.Join(b.root, "cmd", "harkbench", "peers", module)
	_, err := execIn(dir, []string{"GOWORK=off"}, "go", "build", "-o", b.peerFile(module), ".")
	return err
}

// peerNames are the peers of all rows, in the order in which they come.
func peerNames(rows []row) []string {
	var names []string
	for _, r := range rows {
		for _, p := range r.Peers {
			if !slices.Contains(names, p.Name) {
				names = append(names, p.Name)
			}
		}
	}
	return names
}

// peerCells are the cells of the row in the columns of peers.
func (r *row) peerCells(names []string) []string {
	cells := make([]string, len(names))
	for _, p := range r.Peers {
		cell := number(p.Value)
		if p.Failed != "" {
			cell = "failed"
		}
		cells[slices.Index(names, p.Name)] = cell
	}
	return cells
}
