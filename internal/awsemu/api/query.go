package api

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// This file defines the query protocol, in terms of JSON: a form with
//
//	TopicArn=t  Tags.member.1.Key=k  MessageAttributes.entry.1.Name=n
//
// is the object {"TopicArn": "t", "Tags": [{"Key": "k"}], "MessageAttributes": [{"Name": "n"}]}. So a map is a list of its entries.

// ParseQuery returns the operation of a form, and its parameters in JSON.
func ParseQuery(form []byte) (op string, params []byte, err error) {
	values, err := url.ParseQuery(string(form))
	if err != nil {
		return "", nil, Errorf("MalformedQueryString", "%v", err)
	}
	op = values.Get("Action")
	values.Del("Action")
	values.Del("Version")
	root := map[string]any{}
	for name, v := range values {
		put(root, strings.Split(name, "."), v[0])
	}
	params, err = json.Marshal(lists(root))
	return op, params, err
}

// put sets the member at a path; where a value and members meet, the value is lost and the decoder misses it.
func put(m map[string]any, path []string, v string) {
	for len(path) > 1 {
		inner, ok := m[path[0]].(map[string]any)
		if !ok {
			inner = map[string]any{}
			m[path[0]] = inner
		}
		m, path = inner, path[1:]
	}
	m[path[0]] = v
}

// lists makes objects {"member": {"1": ...}} into lists.
func lists(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	for _, name := range []string{"member", "entry"} {
		if numbered, ok := m[name].(map[string]any); ok && len(m) == 1 {
			list := []any{}
			for i := 1; numbered[strconv.Itoa(i)] != nil; i++ {
				list = append(list, lists(numbered[strconv.Itoa(i)]))
			}
			return list
		}
	}
	for name, e := range m {
		m[name] = lists(e)
	}
	return m
}

// WriteQuery writes an answer of the query protocol.
func WriteQuery(w http.ResponseWriter, namespace, op string, result any) {
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, `<%sResponse xmlns="%s">`, op, namespace)
	xml.NewEncoder(w).EncodeElement(result, xml.StartElement{Name: xml.Name{Local: op + "Result"}})
	fmt.Fprintf(w, "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></%sResponse>", op)
}

// WriteQueryError writes an error of the query protocol.
func WriteQueryError(w http.ResponseWriter, err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Status: http.StatusInternalServerError, Code: "InternalFailure", Message: err.Error()}
	}
	kind := "Sender"
	if e.Status >= 500 {
		kind = "Receiver"
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(e.Status)
	xml.NewEncoder(w).EncodeElement(struct {
		Type, Code, Message string
	}{kind, e.Code, e.Message}, xml.StartElement{Name: xml.Name{Local: "Error"}})
}
