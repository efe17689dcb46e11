package config

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// This file finds where keys stand.

type position struct{ line, col int }

func (p position) in(file string) string { return fmt.Sprintf("%s:%d:%d", file, p.line, p.col) }

// positions are those of the keys of a document, written as paths: "entry/shop/memory". The i-th table of an array has its number after its key.
type positions struct {
	at      map[string]position
	entries []string // names of entries, in order
}

func indexed(key string, i int) string { return key + "#" + strconv.Itoa(i) }

func (p *positions) has(key string) bool { _, ok := p.at[key]; return ok }

// of is where key stands, or what it is part of.
func (p *positions) of(key string) position {
	for ; key != "" && !p.has(key); key = key[:max(strings.LastIndexAny(key, "/#"), 0)] {
	}
	return p.at[key]
}

// locate finds the keys. Where data is no TOML it stops: the decoder says so.
func locate(data []byte) *positions {
	p := &positions{at: map[string]position{}}
	arrays := map[string]int{}
	table := ""
	var parser unstable.Parser
	parser.Reset(data)
	for parser.NextExpression() {
		n := parser.Expression()
		switch n.Kind {
		case unstable.Table:
			table = p.keys(&parser, n, "")
		case unstable.ArrayTable:
			key := p.keys(&parser, n, "")
			table = indexed(key, arrays[key])
			arrays[key]++
			p.note(table, p.last(&parser, n))
		case unstable.KeyValue:
			p.value(&parser, n, table)
		}
	}
	return p
}

// value notes a key with a value, and the keys in it.
func (p *positions) value(parser *unstable.Parser, n *unstable.Node, table string) {
	key := p.keys(parser, n, table)
	if v := n.Value(); v.Kind == unstable.InlineTable {
		for it := v.Children(); it.Next(); {
			p.value(parser, it.Node(), key)
		}
	}
}

// keys notes the parts of a key below table, and returns it as a path.
func (p *positions) keys(parser *unstable.Parser, n *unstable.Node, table string) string {
	for it := n.Key(); it.Next(); {
		if table != "" {
			table += "/"
		}
		table += string(it.Node().Data)
		p.note(table, where(parser, it.Node()))
	}
	return table
}

func (p *positions) last(parser *unstable.Parser, n *unstable.Node) (at position) {
	for it := n.Key(); it.Next(); {
		at = where(parser, it.Node())
	}
	return at
}

func where(parser *unstable.Parser, n *unstable.Node) position {
	at := parser.Shape(n.Raw).Start
	return position{at.Line, at.Column}
}

func (p *positions) note(key string, at position) {
	if p.has(key) {
		return
	}
	p.at[key] = at
	if name, ok := strings.CutPrefix(key, "entry/"); ok && !strings.ContainsAny(name, "/#") {
		p.entries = append(p.entries, name)
	}
}
