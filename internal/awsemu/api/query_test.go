package api

import (
	"encoding/json"
	"testing"
)

func TestParseQuery(t *testing.T) {
	for _, test := range []struct{ form, op, want string }{
		{"Action=Publish&Version=1&TopicArn=t&Message=a+b", "Publish", `{"Message":"a b","TopicArn":"t"}`},
		{"Action=A&L.member.1=x&L.member.2=y", "A", `{"L":["x","y"]}`},
		{"Action=A&M.entry.1.Name=n&M.entry.1.Value.DataType=String&M.entry.2.Name=o", "A", `{"M":[{"Name":"n","Value":{"DataType":"String"}},{"Name":"o"}]}`},
		{"Action=A&L.member.2=gap", "A", `{"L":{"member":{"2":"gap"}}}`},
		{"", "", `{}`},
	} {
		op, params, err := ParseQuery([]byte(test.form))
		if op != test.op || string(params) != test.want || err != nil {
			t.Errorf("%s: %s %s %v", test.form, op, params, err)
		}
	}
	for _, form := range []string{"a=%zz", "a=1&a=2", "a=1&a.b=2"} {
		if _, _, err := ParseQuery([]byte(form)); err == nil {
			t.Errorf("%s is taken", form)
		}
	}
}

func FuzzParseQuery(f *testing.F) {
	f.Add([]byte("Action=A&M.entry.1.Name=n&M.entry.1.Value.DataType=String&M=x&M.entry=y"))
	f.Fuzz(func(t *testing.T, form []byte) {
		if _, params, err := ParseQuery(form); err == nil && !json.Valid(params) {
			t.Errorf("%q", params)
		}
	})
}
