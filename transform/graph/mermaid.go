package graph

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// This file writes Mermaid's flowcharts, which GitHub and others draw.

// has reports whether list, with commas, has an element.
func has(list, element string) bool {
	return slices.Contains(strings.Split(list, ", "), element)
}

// shapes are the brackets around labels.
var shapes = map[Kind][2]string{
	Trigger: {"([", "])"}, Goroutine: {"[", "]"}, Channel: {"[(", ")]"}, Lock: {"{{", "}}"}, Timer: {"((", "))"}, Outside: {"[/", "/]"}, Unknown: {">", "]"},
}

// Mermaid writes g as a flowchart.
func (g *Graph) Mermaid(w io.Writer) error {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for _, n := range g.Nodes {
		switch {
		case n.Kind == Process:
			fmt.Fprintf(&b, "\tsubgraph %s[%s]\n", n.ID, quoted(n))
			for _, in := range g.in(n.ID) {
				b.WriteString("\t")
				mermaidNode(&b, in)
			}
			b.WriteString("\tend\n")
		case n.In == "":
			mermaidNode(&b, n)
		}
	}
	for _, e := range g.Edges {
		if e.Label == "" {
			fmt.Fprintf(&b, "\t%s --> %s\n", e.From, e.To)
		} else {
			fmt.Fprintf(&b, "\t%s -->|\"%s\"| %s\n", e.From, mermaidText(e.Label), e.To)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func mermaidNode(b *strings.Builder, n Node) {
	s := shapes[n.Kind]
	fmt.Fprintf(b, "\t%s%s%s%s\n", n.ID, s[0], quoted(n), s[1])
}

func quoted(n Node) string {
	text := mermaidText(n.Label)
	if n.Detail != "" {
		text += "<br/>" + mermaidText(n.Detail)
	}
	return `"` + text + `"`
}

// mermaidText writes what Mermaid would read as something else by its code.
var mermaidText = strings.NewReplacer(`"`, "#quot;", "<", "#lt;", ">", "#gt;", "|", "#124;", "#", "#35;", "`", "#96;").Replace
