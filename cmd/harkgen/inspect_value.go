// This file spells values as a Go programmer would, with the numbers of what is shared.

package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/harkgen/harkgen/rt/local"
)

// lineWidth is the length from which on a value is spread over several lines.
const lineWidth = 110

// valueText spells v, which stands after so many tabs. As in a composite literal the type is left out where the one around says it.
func valueText(v *local.Value, around string, indent int) string {
	head, parts := spell(v, around)
	if parts == nil && v.Omitted == 0 || bare(v) || v.Kind == "atomic" {
		return head
	}
	var flat []string
	for _, p := range parts {
		flat = append(flat, label(&p, typeOf(v))+valueText(p.Value, typeOf(v), -1))
	}
	if v := content(v); v.Omitted > 0 {
		flat = append(flat, fmt.Sprintf("... %d more", v.Omitted))
	}
	line := head + "{" + strings.Join(flat, ", ") + "}"
	if indent < 0 || 8*indent+utf8.RuneCountInString(line) <= lineWidth {
		return line
	}
	var b strings.Builder
	b.WriteString(head + "{\n")
	tabs := strings.Repeat("\t", indent+1)
	for i, part := range flat {
		if i < len(parts) {
			part = label(&parts[i], typeOf(v)) + valueText(parts[i].Value, typeOf(v), indent+1)
		}
		b.WriteString(tabs + part + ",\n")
	}
	b.WriteString(tabs[1:] + "}")
	return b.String()
}

// content is the value that has the parts of v: behind pointers and interfaces.
func content(v *local.Value) *local.Value {
	for v.Elem != nil {
		v = v.Elem
	}
	return v
}

func typeOf(v *local.Value) string { return goTypes.Replace(content(v).Type) }

// bare reports whether v has no parts, but only a text.
func bare(v *local.Value) bool { return content(v).Text != "" && content(v).Parts == nil }

// label is what stands before the value of p, in a value of the type around.
func label(p *local.Part, around string) string {
	if p.Key != nil {
		if strings.HasPrefix(around, "map["+p.Key.Type+"]") {
			around = "]" + p.Key.Type // as that of an element
		}
		return valueText(p.Key, around, -1) + ": "
	}
	if p.ID != 0 {
		return fmt.Sprintf("%s #%d: ", p.Name, p.ID)
	}
	if p.Name != "" {
		return p.Name + ": "
	}
	return ""
}

// spell returns the text of v, or its beginning and the parts that follow in braces; these are not nil then.
func spell(v *local.Value, around string) (head string, parts []local.Part) {
	if typ := goTypes.Replace(v.Type); typ != v.Type {
		c := *v
		c.Type = typ
		v = &c
	}
	id := ""
	if v.ID != 0 {
		id = " #" + strconv.Itoa(v.ID)
	}
	switch v.Kind {
	case "interface":
		if v.Elem != nil {
			return dynamic(v.Elem)
		}
	case "ptr":
		return pointer(v, id)
	case "atomic":
		return v.Type + "(" + valueText(v.Elem, "", -1) + ")", nil
	case "lock":
		return v.Type + id + " (" + v.Text + ")", nil
	case "timer":
		return v.Type + id, nil
	case "chan":
		if v.Text == "" {
			return v.Type + id, nil
		}
	case "func":
		if v.Text != "nil" {
			return "func " + v.Text, cut(v)
		}
	case "struct", "array", "map", "slice":
		return composite(v, id, around)
	}
	if v.Cut != "" {
		return "...", nil
	}
	return scalar(v, around), nil
}

// cut returns the parts of v; where they were cut off, one that says so.
func cut(v *local.Value) []local.Part {
	if v.Cut != "" {
		return []local.Part{{Value: &local.Value{Kind: "string", Text: "..."}}}
	}
	return v.Parts
}

// dynamic spells what is in an interface: with its type, unless a constant would have that.
func dynamic(v *local.Value) (string, []local.Part) {
	head, parts := spell(v, "")
	if v.Type == "" {
		switch v.Kind {
		case "bool", "int", "string", "float64", "complex128":
		default:
			head = v.Kind + "(" + head + ")"
		}
	}
	return head, parts
}

func pointer(v *local.Value, id string) (string, []local.Part) {
	switch to := strings.TrimPrefix(v.Type, "*"); {
	case v.Text != "":
		return v.Text, nil
	case v.Cut == "seen":
		return "&" + to + id, nil
	case v.Cut != "":
		return "&" + to + id, cut(v)
	case v.Elem.Kind == "lock" || v.Elem.Kind == "timer": // has the number itself
		head, _ := spell(v.Elem, "")
		return "&" + head, nil
	case v.Elem.Kind == "struct" || v.Elem.Kind == "array":
		head, parts := spell(v.Elem, v.Elem.Type)
		return "&" + to + id + head, parts
	default:
		return "&" + to + id + "(" + valueText(v.Elem, "", -1) + ")", nil
	}
}

func composite(v *local.Value, id, around string) (string, []local.Part) {
	head := v.Type + id
	if id == "" && strings.HasSuffix(around, v.Type) {
		head = ""
	}
	if v.Text == "nil" {
		return "nil", nil
	}
	if v.Kind == "slice" && (v.Len != v.Cap || v.Omitted > 0) {
		head += fmt.Sprintf(" len=%d cap=%d ", v.Len, v.Cap)
	} else if v.Kind == "map" && v.Omitted > 0 {
		head += fmt.Sprintf(" len=%d ", v.Len)
	}
	if v.Text != "" { // bytes
		return strings.TrimSpace(v.Type+id) + "(" + quoted(v) + ")", nil
	}
	if v.Cut == "seen" {
		return head, nil
	}
	if parts := cut(v); parts != nil {
		return head, parts
	}
	return head + "{}", nil
}

func scalar(v *local.Value, around string) string {
	text := quoted(v)
	if v.Type != "" && !strings.HasSuffix(around, "]"+v.Type) && v.Kind != "time" && v.Type != "time.Duration" && v.Text != "nil" {
		return v.Type + "(" + text + ")"
	}
	return text
}

// quoted is the text of v; of a string that was cut, with its length.
func quoted(v *local.Value) string {
	if v.Omitted > 0 && strings.HasPrefix(v.Text, `"`) {
		return fmt.Sprintf("%s... %d bytes", v.Text, v.Len)
	}
	return v.Text
}
