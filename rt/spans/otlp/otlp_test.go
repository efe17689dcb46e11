package otlp

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/harkgen/harkgen/rt/spans"
)

func some(n int) (list []spans.Span) {
	at := time.Unix(1000, 0)
	for i := range n {
		list = append(list, spans.Span{
			Run: "r", ID: spans.Step("r", 2, uint64(i)), Parent: spans.Process("r", 2), Name: "step", Begin: at, End: at.Add(time.Second),
			Attributes: map[string]any{"text": "a", "number": int64(i)}, Link: "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1", Error: "why",
		})
	}
	return list
}

func TestExport(t *testing.T) {
	var got []*trace.Span
	service := ""
	c := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var m collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &m); err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL, err)
			return
		}
		for _, a := range m.ResourceSpans[0].Resource.Attributes {
			if a.Key == "service.name" {
				service = a.Value.GetStringValue()
			}
		}
		got = append(got, m.ResourceSpans[0].ScopeSpans[0].Spans...)
	}))
	defer c.Close()
	e, err := New(t.Context(), c.URL, "shop", "3", 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	const n = most + 100 // more than go at once
	if err := e.Export(t.Context(), some(n)); err != nil || len(got) != n || service != "shop" {
		t.Fatalf("%d spans of %q, %v", len(got), service, err)
	}
	s, id, own, parent := got[1], spans.TraceID("r"), spans.Step("r", 2, 1), spans.Process("r", 2)
	if string(s.TraceId) != string(id[:]) || string(s.SpanId) != string(own[:]) || string(s.ParentSpanId) != string(parent[:]) {
		t.Errorf("ids: %v", s)
	}
	if s.Name != "step" || s.StartTimeUnixNano != 1000e9 || s.EndTimeUnixNano != 1001e9 || s.Status.Code != trace.Status_STATUS_CODE_ERROR || s.Status.Message != "why" {
		t.Errorf("%v", s)
	}
	if len(s.Links) != 1 || hex.EncodeToString(s.Links[0].TraceId) != "5759e988bd862e3fe1be46a994272793" || hex.EncodeToString(s.Links[0].SpanId) != "53995c3f42cd8ad8" {
		t.Errorf("links %v", s.Links)
	}
	if len(s.Attributes) != 2 {
		t.Errorf("attributes %v", s.Attributes)
	}
}

// TestDead has a collector that fails: the first export says so, the next ones do not try.
func TestDead(t *testing.T) {
	calls := 0
	c := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer c.Close()
	e, err := New(t.Context(), c.URL+"/other", "shop", "3", 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Export(t.Context(), some(3)); err == nil {
		t.Error("no error")
	}
	for range 3 {
		if err := e.Export(t.Context(), some(3)); err != nil {
			t.Error(err)
		}
	}
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
	if _, err := New(t.Context(), "here", "shop", "3", time.Second); err == nil {
		t.Error("a URL without a host")
	}
}

func TestParseLink(t *testing.T) {
	for s, want := range map[string]string{
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01":                              "4bf92f3577b34da6a3ce929d0e0e4736 00f067aa0ba902b7",
		"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1": "5759e988bd862e3fe1be46a994272793 53995c3f42cd8ad8",
		"Root=1-5759e988-bd862e3fe1be46a994272793":                                             "", "": "", "00-xx-yy-01": "",
	} {
		got := ""
		if c := parseLink(s); c.IsValid() {
			got = c.TraceID().String() + " " + c.SpanID().String()
		}
		if got != want {
			t.Errorf("%q is %q", s, got)
		}
	}
}
