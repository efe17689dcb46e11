package awsfake

import (
	"encoding/base64"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
)

// This file defines the table.

// An item has attribute values as the protocol writes them: {"S": "..."}, {"N": "..."}, {"B": base64}.
type item map[string]map[string]string

const (
	maxItem  = 400 << 10
	maxPage  = 1 << 20
	maxBatch = 25
)

type putItemInput struct {
	TableName                           string
	Item                                item
	ConditionExpression                 string
	ExpressionAttributeValues           item
	ReturnValuesOnConditionCheckFailure string
}

type empty struct{}

func (f *Fake) putItem(in *putItemInput) (empty, *apiError) {
	if err := checkTable(in.TableName); err != nil {
		return empty{}, err
	}
	if err := checkItem(in.Item); err != nil {
		return empty{}, err
	}
	pk, sk := in.Item["pk"]["S"], in.Item["sk"]["S"]
	err := checkCondition(in.ConditionExpression, in.ExpressionAttributeValues, f.items[pk][sk], in.ReturnValuesOnConditionCheckFailure)
	if err != nil {
		return empty{}, err
	}
	f.set(pk, sk, in.Item)
	return empty{}, nil
}

func (f *Fake) set(pk, sk string, it item) {
	if f.items[pk] == nil {
		f.items[pk] = map[string]item{}
	}
	f.items[pk][sk] = it
}

type getItemInput struct {
	TableName      string
	Key            item
	ConsistentRead bool
}

type getItemOutput struct {
	Item item `json:",omitempty"`
}

func (f *Fake) getItem(in *getItemInput) (out getItemOutput, err *apiError) {
	if err := checkTable(in.TableName); err != nil {
		return out, err
	}
	pk, sk, err := checkKey(in.Key)
	if err != nil {
		return out, err
	}
	if !in.ConsistentRead {
		return out, invalid("fake: an inconsistent read")
	}
	out.Item = f.items[pk][sk]
	return out, nil
}

type deleteItemInput struct {
	TableName                           string
	Key                                 item
	ConditionExpression                 string
	ExpressionAttributeValues           item
	ReturnValuesOnConditionCheckFailure string
}

func (f *Fake) deleteItem(in *deleteItemInput) (empty, *apiError) {
	if err := checkTable(in.TableName); err != nil {
		return empty{}, err
	}
	pk, sk, err := checkKey(in.Key)
	if err != nil {
		return empty{}, err
	}
	err = checkCondition(in.ConditionExpression, in.ExpressionAttributeValues, f.items[pk][sk], in.ReturnValuesOnConditionCheckFailure)
	if err != nil {
		return empty{}, err
	}
	delete(f.items[pk], sk)
	return empty{}, nil
}

type batchWriteItemInput struct {
	RequestItems map[string][]writeRequest
}

type writeRequest struct {
	DeleteRequest *struct{ Key item } `json:",omitempty"`
}

type batchWriteItemOutput struct {
	UnprocessedItems map[string][]writeRequest
}

func (f *Fake) batchWriteItem(in *batchWriteItemInput) (out batchWriteItemOutput, err *apiError) {
	out.UnprocessedItems = map[string][]writeRequest{}
	for table, reqs := range in.RequestItems {
		if err := checkTable(table); err != nil {
			return out, err
		}
		if len(reqs) == 0 || len(reqs) > maxBatch {
			return out, invalid("%d requests in a batch", len(reqs))
		}
		seen := map[string]bool{}
		for _, r := range reqs {
			if r.DeleteRequest == nil {
				return out, invalid("fake: a request that is not a delete")
			}
			pk, sk, err := checkKey(r.DeleteRequest.Key)
			if err != nil {
				return out, err
			}
			if seen[pk+"\x00"+sk] {
				return out, invalid("Provided list of item keys contains duplicates")
			}
			seen[pk+"\x00"+sk] = true
		}
		for i, r := range reqs {
			if i >= 20 { // a full batch is never done at once, so that the caller's loop is tested
				out.UnprocessedItems[table] = append(out.UnprocessedItems[table], r)
				continue
			}
			delete(f.items[r.DeleteRequest.Key["pk"]["S"]], r.DeleteRequest.Key["sk"]["S"])
		}
	}
	return out, nil
}

type queryInput struct {
	TableName                 string
	KeyConditionExpression    string
	ExpressionAttributeValues item
	ProjectionExpression      string
	ConsistentRead            bool
	ExclusiveStartKey         item
	Limit                     *int
}

type queryOutput struct {
	Items            []item
	Count            int
	ScannedCount     int
	LastEvaluatedKey item `json:",omitempty"`
}

func (f *Fake) query(in *queryInput) (out queryOutput, err *apiError) {
	if err := checkTable(in.TableName); err != nil {
		return out, err
	}
	conds, err := parse(in.KeyConditionExpression, in.ExpressionAttributeValues)
	if err != nil {
		return out, err
	}
	if len(conds) == 0 || len(conds) > 2 || conds[0].attr != "pk" || conds[0].op != "=" || !in.ConsistentRead || in.Limit == nil || *in.Limit < 1 {
		return out, invalid("fake: a query it does not know")
	}
	for _, c := range conds {
		if c.value["S"] == "" {
			return out, invalid("The AttributeValue for a key attribute cannot contain an empty string value. Key: %s", c.attr)
		}
	}
	pk, start := conds[0].value["S"], ""
	if in.ExclusiveStartKey != nil {
		startPK, startSK, err := checkKey(in.ExclusiveStartKey)
		if err != nil {
			return out, err
		}
		if startPK != pk {
			return out, invalid("The provided starting key is outside query boundaries based on provided conditions")
		}
		start = startSK
	}
	size := 0
	for _, sk := range slices.Sorted(maps.Keys(f.items[pk])) {
		it := f.items[pk][sk]
		if sk <= start || !holds(conds, it) {
			continue
		}
		size += itemSize(it)
		out.Items = append(out.Items, project(it, in.ProjectionExpression))
		if len(out.Items) == *in.Limit || size > maxPage {
			out.LastEvaluatedKey = item{"pk": it["pk"], "sk": it["sk"]}
			break
		}
	}
	out.Count, out.ScannedCount = len(out.Items), len(out.Items)
	return out, nil
}

func project(it item, expr string) item {
	if expr == "" {
		return it
	}
	p := item{}
	for name := range strings.SplitSeq(expr, ", ") {
		p[name] = it[name]
	}
	return p
}

func checkTable(name string) *apiError {
	if name != Table {
		return &apiError{status: 400, code: "ResourceNotFoundException", msg: "Requested resource not found"}
	}
	return nil
}

func checkKey(key item) (pk, sk string, err *apiError) {
	pk, sk = key["pk"]["S"], key["sk"]["S"]
	if len(key) != 2 || pk == "" || sk == "" || len(pk) > 2048 || len(sk) > 1024 {
		return "", "", invalid("The provided key element does not match the schema")
	}
	return pk, sk, nil
}

func checkItem(it item) *apiError {
	if _, _, err := checkKey(item{"pk": it["pk"], "sk": it["sk"]}); err != nil {
		return err
	}
	for name, v := range it {
		if len(v) != 1 {
			return invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes: %s", name)
		}
	}
	if itemSize(it) > maxItem {
		return invalid("Item size has exceeded the maximum allowed size")
	}
	return nil
}

func itemSize(it item) int {
	n := 0
	for name, v := range it {
		n += len(name) + len(v["S"]) + base64.StdEncoding.DecodedLen(len(v["B"])) + len(v["N"])
	}
	return n
}

// A cond is one condition on an attribute: op is =, >, attribute_not_exists or begins_with.
type cond struct {
	attr, op string
	value    map[string]string
}

var condRE = regexp.MustCompile(`^(?:(\w+) (=|>) (:\w+)|(begins_with)\((\w+), (:\w+)\)|(attribute_not_exists)\((\w+)\))$`)

func parse(expr string, values item) (conds []cond, err *apiError) {
	used := map[string]bool{}
	for part := range strings.SplitSeq(expr, " AND ") {
		m := condRE.FindStringSubmatch(part)
		if m == nil {
			return nil, invalid("fake: the expression %q", expr)
		}
		c := cond{attr: m[1] + m[5] + m[8], op: m[2] + m[4] + m[7]}
		if name := m[3] + m[6]; name != "" {
			v, ok := values[name]
			if !ok {
				return nil, invalid("An expression attribute value used in expression is not defined; attribute value: %s", name)
			}
			c.value, used[name] = v, true
		}
		conds = append(conds, c)
	}
	if len(used) != len(values) {
		return nil, invalid("Value unused in expressions")
	}
	return conds, nil
}

func holds(conds []cond, it item) bool {
	for _, c := range conds {
		v, there := it[c.attr]
		ok := false
		switch c.op {
		case "attribute_not_exists":
			ok = !there
		case "begins_with":
			ok = there && strings.HasPrefix(v["S"], c.value["S"])
		case "=":
			ok = there && equal(v, c.value)
		case ">":
			ok = there && v["S"] > c.value["S"]
		}
		if !ok {
			return false
		}
	}
	return true
}

func equal(a, b map[string]string) bool {
	x, ok1 := new(big.Int).SetString(a["N"], 10)
	y, ok2 := new(big.Int).SetString(b["N"], 10)
	if ok1 && ok2 {
		return x.Cmp(y) == 0
	}
	return maps.Equal(a, b)
}

func checkCondition(expr string, values, old item, onFailure string) *apiError {
	if expr == "" {
		return nil
	}
	conds, err := parse(expr, values)
	if err != nil {
		return err
	}
	if holds(conds, old) {
		return nil
	}
	e := &apiError{status: 400, code: "ConditionalCheckFailedException", msg: "The conditional request failed"}
	if onFailure == "ALL_OLD" {
		e.item = old
	}
	return e
}
