package dynamo

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/harkgen/harkgen/rt/store"
)

// TestConflictOf has reasons for which a transaction is canceled, also those that the emulator does not give.
func TestConflictOf(t *testing.T) {
	changes := []store.Change{{Record: store.Record{ID: "a", Token: "mine"}, New: 1}, {Record: store.Record{ID: "b", Version: 1, Token: "mine too"}}}
	failed := types.CancellationReason{Code: aws.String("ConditionalCheckFailed")}
	none := types.CancellationReason{Code: aws.String("None")}
	by := func(token string) types.CancellationReason {
		r := failed
		r.Item = recordItem(store.Record{ID: "a", Token: token}, 1)
		return r
	}
	code := func(code string) types.CancellationReason { return types.CancellationReason{Code: &code} }
	for _, test := range []struct {
		name    string
		reasons []types.CancellationReason
		ids     []string
		made    bool
		bad     bool
	}{
		{name: "another's", reasons: []types.CancellationReason{by("theirs"), none}, ids: []string{"a"}},
		{name: "gone", reasons: []types.CancellationReason{failed, failed}, ids: []string{"a", "b"}},
		{name: "repeat", reasons: []types.CancellationReason{by("mine"), none}, made: true},
		{name: "at the same time", reasons: []types.CancellationReason{code("TransactionConflict"), none}},
		{name: "throttled", reasons: []types.CancellationReason{code("ThrottlingError"), code("ProvisionedThroughputExceeded")}},
		{name: "both", reasons: []types.CancellationReason{code("TransactionConflict"), failed}, ids: []string{"b"}},
		{name: "refused", reasons: []types.CancellationReason{code("ValidationError"), none}, bad: true},
	} {
		c, err := conflictOf(changes, test.reasons)
		if (err != nil) != test.bad || !test.bad && (c == nil) != test.made || c != nil && !slices.Equal(c.IDs, test.ids) {
			t.Errorf("%s: %v, %v", test.name, c, err)
		}
	}
}
