package hark_event

import (
	"errors"
	"strings"
	"testing"
)

func TestBody(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]string{
		`{"messageId":"1","eventSource":"aws:sqs","body":"{\"id\":1}"}`:          `{"id":1}`,
		`{"EventSource":"aws:sns","Sns":{"Subject":"s","Message":"{\"id\":2}"}}`: `{"id":2}`,
		`{"id":"e","detail-type":"Order","source":"app","detail":{"id": 3}}`:     `{"id": 3}`,
		`{"body":"no record"}`: `{"body":"no record"}`,
		`"text"`:               `"text"`,
		`[1]`:                  `[1]`,
		`bad`:                  `bad`,
	} {
		if got := string(Body([]byte(payload))); got != want {
			t.Errorf("%s: %s, want %s", payload, got, want)
		}
	}
	if got := string(Entity([]byte(`{"EventSource":"aws:sns","Sns":{"Message":"m"}}`))); got != `{"Message":"m"}` {
		t.Errorf("entity %s", got)
	}
}

type bad struct{}

func (bad) MarshalJSON() ([]byte, error) { return nil, errors.New("bad") }

func TestJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		v    any
		want string
	}{
		{nil, "null"}, {map[string]string{"a": "<b>"}, `{"a":"<b>"}`}, {strings.NewReader("raw"), "raw"}, {"x\n", `"x\n"`},
	} {
		if got, err := JSON(tt.v); err != nil || string(got) != tt.want {
			t.Errorf("%v: %s, %v", tt.v, got, err)
		}
	}
	if _, err := JSON(bad{}); err == nil {
		t.Error("no error")
	}
}
