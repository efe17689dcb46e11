package local

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/internal/awsemu"
)

func TestParseFaults(t *testing.T) {
	const p = 0.05
	for text, want := range map[string]Faults{
		"throttle":              {Rates: awsemu.Rates{Throttle: p}},
		"5xx=0.5, lost":         {Rates: awsemu.Rates{Fail: 0.5, Lose: p}},
		"duplicate,reorder=1":   {Rates: awsemu.Rates{Duplicate: p, Reorder: 1}},
		"delay":                 {Rates: awsemu.Rates{Delay: p, MaxDelay: 100 * time.Millisecond}},
		"latency=5ms,5xx=0.5":   {Rates: awsemu.Rates{Fail: 0.5}, Latency: 5 * time.Millisecond},
		"late=0.1:5m":           {Rates: awsemu.Rates{Late: 0.1, MaxLate: 5 * time.Minute}},
		"kill=7,killed=9@F":     {Kills: []Kill{{N: 7}, {Function: "F", N: 9, After: true}}},
		"all=0.1:1s,throttle=0": {Rates: awsemu.Rates{Fail: 0.1, Lose: 0.1, Duplicate: 0.1, Reorder: 0.1, Delay: 0.1, MaxDelay: time.Second, Late: 0.1, MaxLate: time.Second}},
	} {
		want.Seed = 3
		got, err := ParseFaults(text, 3)
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"":            `fault "": there is no such fault`,
		"kill":        "which request?",
		"kill=0":      "which request?",
		"lost=2":      `"2" is not a number from 0 to 1`,
		"delay=0.5:x": "invalid duration",
		"latency":     "invalid duration",
	} {
		if _, err := ParseFaults(text, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestCredential(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=ASIA0/20261126/eu-central-1/s3/aws4_request, SignedHeaders=host, Signature=0")
	if key, service := credential(r); key != "ASIA0" || service != "s3" {
		t.Errorf("%q, %q", key, service)
	}
	if key, _ := credential(&http.Request{}); key != "" {
		t.Errorf("without a signature: %q", key)
	}
}

// TestUsage counts the requests of a function, each of which takes its time.
func TestUsage(t *testing.T) {
	t.Parallel()
	const latency = 30 * time.Millisecond
	f := start(t, "./testdata/echo", Options{
		Plan:   &plan.Plan{Program: "p", Entries: []plan.Entry{{Name: "a"}}},
		Faults: &Faults{Latency: latency},
	})
	before, began := f.Usage(), time.Now()
	f.invoke("AFunction", `{"put":"one"}`)
	if took := time.Since(began); took < 2*latency {
		t.Errorf("an invocation and a put took %v", took)
	}
	client := dynamodb.NewFromConfig(f.Config())
	item := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "p"}, "sk": &types.AttributeValueMemberS{Value: "s"}, "d": &types.AttributeValueMemberB{Value: make([]byte, 1500)}}
	if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(plan.TableID), Item: item}); err != nil {
		t.Fatal(err)
	}
	delete(item, "d")
	if _, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(plan.TableID), Key: item}); err != nil {
		t.Fatal(err)
	}
	store := s3.NewFromConfig(f.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := store.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucketName)}); err != nil {
		t.Fatal(err)
	}
	u := f.Usage()
	for op, want := range map[string]int{"lambda.POST": 1, "s3.PUT": 1, "s3.LIST": 1, "dynamodb.PutItem": 1, "dynamodb.GetItem": 1} {
		if n := u.Requests[op] - before.Requests[op]; n != want {
			t.Errorf("%d requests %s, want %d", n, op, want)
		}
	}
	if w, r := u.Table.Write-before.Table.Write, u.Table.Read-before.Table.Read; w != 2 || r != 0.5 {
		t.Errorf("%v units written, %v read; want 2 and 0.5", w, r)
	}
}

// TestKill kills a function at its second request to the store, before and after that takes effect.
func TestKill(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		f := start(t, "./testdata/echo", Options{
			Plan:   &plan.Plan{Program: "p", Entries: []plan.Entry{{Name: "a"}}},
			Faults: &Faults{Kills: []Kill{{Function: "AFunction", N: 2, After: after}}},
		})
		if got := f.invoke("AFunction", `{"put":"one"}`); got != `"ok"` {
			t.Errorf("the first: %s", got)
		}
		if got, err := f.try("AFunction", `{"put":"two"}`); err == nil || !strings.Contains(err.Error(), "signal: killed") {
			t.Errorf("the second: %s, %v", got, err)
		}
		if got := f.invoke("AFunction", `{"put":"three"}`); got != `"ok"` {
			t.Errorf("the third: %s", got)
		}
		out, err := s3.NewFromConfig(f.Config(), func(o *s3.Options) { o.UsePathStyle = true }).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucketName)})
		if err != nil {
			t.Fatal(err)
		}
		if n, want := len(out.Contents), 2; after && n != want+1 || !after && n != want {
			t.Errorf("after=%v: %d objects", after, n)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
