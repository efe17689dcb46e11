package awsemu_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// This file defines the checks of DynamoDB.

type item = map[string]types.AttributeValue

// num is a number as text; set is a set of strings; null is null.
type (
	num  string
	set  []string
	nums []string
	null struct{}
)

// av returns a value: of string, num, []byte, bool, null, set, nums, []any or map[string]any.
func av(v any) types.AttributeValue {
	switch v := v.(type) {
	case string:
		return &types.AttributeValueMemberS{Value: v}
	case num:
		return &types.AttributeValueMemberN{Value: string(v)}
	case int:
		return &types.AttributeValueMemberN{Value: fmt.Sprint(v)}
	case []byte:
		return &types.AttributeValueMemberB{Value: v}
	case bool:
		return &types.AttributeValueMemberBOOL{Value: v}
	case null:
		return &types.AttributeValueMemberNULL{Value: true}
	case set:
		return &types.AttributeValueMemberSS{Value: v}
	case nums:
		return &types.AttributeValueMemberNS{Value: v}
	case []any:
		l := []types.AttributeValue{}
		for _, e := range v {
			l = append(l, av(e))
		}
		return &types.AttributeValueMemberL{Value: l}
	case map[string]any:
		return &types.AttributeValueMemberM{Value: avs(v)}
	}
	panic(fmt.Sprintf("%T", v))
}

func avs(m map[string]any) item {
	if m == nil {
		return nil
	}
	out := item{}
	for k, v := range m {
		out[k] = av(v)
	}
	return out
}

func show(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return fmt.Sprintf("%q", v.Value)
	case *types.AttributeValueMemberN:
		return v.Value
	case *types.AttributeValueMemberB:
		return "b:" + base64.StdEncoding.EncodeToString(v.Value)
	case *types.AttributeValueMemberBOOL:
		return fmt.Sprint(v.Value)
	case *types.AttributeValueMemberNULL:
		return "null"
	case *types.AttributeValueMemberSS:
		return "<" + strings.Join(slices.Sorted(slices.Values(v.Value)), " ") + ">"
	case *types.AttributeValueMemberNS:
		return "<" + strings.Join(slices.Sorted(slices.Values(v.Value)), " ") + ">"
	case *types.AttributeValueMemberL:
		var parts []string
		for _, e := range v.Value {
			parts = append(parts, show(e))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case *types.AttributeValueMemberM:
		return showItem(v.Value)
	}
	return fmt.Sprintf("%T", v)
}

func showItem(it item) string {
	if it == nil {
		return "none"
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(it)) {
		parts = append(parts, k+":"+show(it[k]))
	}
	return "{" + strings.Join(parts, " ") + "}"
}

func showItems(its []item) string {
	var parts []string
	for _, it := range its {
		parts = append(parts, showItem(it))
	}
	return strings.Join(parts, " ")
}

// table makes a table with the key pk, sk, a global index by g and gn, and a local one by n.
func (e *env) table() *string {
	e.t.Helper()
	attr := func(name string, kind types.ScalarAttributeType) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: kind}
	}
	key := func(hash, sort string) []types.KeySchemaElement {
		return []types.KeySchemaElement{{AttributeName: &hash, KeyType: "HASH"}, {AttributeName: &sort, KeyType: "RANGE"}}
	}
	_, err := e.db.CreateTable(e.ctx, &dynamodb.CreateTableInput{
		TableName:            &e.name,
		BillingMode:          "PAY_PER_REQUEST",
		AttributeDefinitions: []types.AttributeDefinition{attr("pk", "S"), attr("sk", "S"), attr("g", "S"), attr("gn", "N"), attr("n", "N")},
		KeySchema:            key("pk", "sk"),
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("by-g"), KeySchema: key("g", "gn"),
			Projection: &types.Projection{ProjectionType: "INCLUDE", NonKeyAttributes: []string{"extra"}},
		}},
		LocalSecondaryIndexes: []types.LocalSecondaryIndex{{
			IndexName: aws.String("by-n"), KeySchema: key("pk", "n"), Projection: &types.Projection{ProjectionType: "ALL"},
		}},
	})
	e.ok(err)
	return &e.name
}

// put puts an item {pk: "a", sk: sk, ...}.
func (e *env) put(sk string, more map[string]any) error {
	it := avs(more)
	if it == nil {
		it = item{}
	}
	it["pk"], it["sk"] = av("a"), av(sk)
	_, err := e.db.PutItem(e.ctx, &dynamodb.PutItemInput{TableName: &e.name, Item: it})
	return err
}

func key(sk string) item { return item{"pk": av("a"), "sk": av(sk)} }

func (e *env) get(sk string) string {
	e.t.Helper()
	out, err := e.db.GetItem(e.ctx, &dynamodb.GetItemInput{TableName: &e.name, Key: key(sk), ConsistentRead: aws.Bool(true)})
	e.ok(err)
	delete(out.Item, "pk")
	delete(out.Item, "sk")
	return showItem(out.Item)
}

var sampleItem = map[string]any{
	"s": "text", "n": 5, "m": map[string]any{"x": 1, "y": map[string]any{"z": "deep"}}, "l": []any{1, "two", []any{3}}, "ss": set{"p", "q"},
	"ns": nums{"1", "2"}, "b": []byte("bin"), "t": true, "nul": null{}, "blank": "",
}

// conditionChecks are conditions on sampleItem.
func conditionChecks() (cs []check) {
	const failed, invalid = "ConditionalCheckFailedException", "ValidationException"
	type v = map[string]any
	type names = map[string]string
	for _, c := range []struct {
		expr    string
		values  v
		names   names
		want    string
		differs map[string]string
	}{
		{"s = :v", v{":v": "text"}, nil, "ok", nil},
		{"s = :v", v{":v": "other"}, nil, failed, nil},
		{"s = :v", v{":v": 5}, nil, failed, nil},
		{"n = :v", v{":v": num("5.0")}, nil, "ok", nil},
		{"n <> :v", v{":v": 5}, nil, failed, nil},
		{"n <> :v", v{":v": "5"}, nil, "ok", nil},
		{"w <> :v", v{":v": 5}, nil, "ok", nil},
		{"w = :v", v{":v": 5}, nil, failed, nil},
		{"n < :v", v{":v": 10}, nil, "ok", nil},
		{"n <= :v", v{":v": 5}, nil, "ok", nil},
		{"n > :v", v{":v": 5}, nil, failed, nil},
		{"n >= :v", v{":v": num("4.99")}, nil, "ok", nil},
		{"n < :v", v{":v": "a"}, nil, failed, moto("500")},
		{"s > :v", v{":v": "tex"}, nil, "ok", nil},
		{"n BETWEEN :a AND :b", v{":a": 1, ":b": 5}, nil, "ok", nil},
		{"n BETWEEN :a AND :b", v{":a": 6, ":b": 9}, nil, failed, nil},
		{"n between :a and :b", v{":a": 1, ":b": 5}, nil, "ok", nil},
		{"s IN (:a, :b)", v{":a": "x", ":b": "text"}, nil, "ok", nil},
		{"s IN (:a)", v{":a": "x"}, nil, failed, nil},
		{"attribute_exists(m.x)", nil, nil, "ok", nil},
		{"attribute_exists(m.y.z)", nil, nil, "ok", nil},
		{"attribute_exists(m.w)", nil, nil, failed, nil},
		{"attribute_not_exists(l[3])", nil, nil, "ok", nil},
		{"attribute_exists(l[2][0])", nil, nil, "ok", nil},
		{"attribute_type(m, :v)", v{":v": "M"}, nil, "ok", nil},
		{"attribute_type(nul, :v)", v{":v": "NULL"}, nil, "ok", nil},
		{"attribute_type(s, :v)", v{":v": "N"}, nil, failed, nil},
		{"attribute_type(s, :v)", v{":v": "X"}, nil, invalid, moto(failed)},
		{"begins_with(s, :v)", v{":v": "te"}, nil, "ok", nil},
		{"begins_with(n, :v)", v{":v": "5"}, nil, failed, nil},
		{"begins_with(s, :v)", v{":v": 5}, nil, invalid, moto(failed)},
		{"contains(s, :v)", v{":v": "ex"}, nil, "ok", nil},
		{"contains(ss, :v)", v{":v": "q"}, nil, "ok", nil},
		{"contains(ss, :v)", v{":v": "r"}, nil, failed, nil},
		{"contains(l, :v)", v{":v": "two"}, nil, "ok", nil},
		{"contains(ns, :v)", v{":v": 2}, nil, "ok", nil},
		{"size(s) = :v", v{":v": 4}, nil, "ok", nil},
		{"size(l) > :v", v{":v": 2}, nil, "ok", nil},
		{"size(m) = :v", v{":v": 2}, nil, "ok", nil},
		{"size(ss) <= :v", v{":v": 1}, nil, failed, nil},
		{"t = :v", v{":v": true}, nil, "ok", nil},
		{"nul = :v", v{":v": null{}}, nil, "ok", nil},
		{"ss = :v", v{":v": set{"q", "p"}}, nil, "ok", nil},
		{"l = :v", v{":v": []any{1, "two", []any{3}}}, nil, "ok", nil},
		{"m.y = :v", v{":v": map[string]any{"z": "deep"}}, nil, "ok", nil},
		{"l[1] = :v", v{":v": "two"}, nil, "ok", nil},
		{"blank = :v", v{":v": ""}, nil, "ok", nil},
		{"#a.#b = :v", v{":v": 1}, names{"#a": "m", "#b": "x"}, "ok", nil},
		{"NOT s = :v", v{":v": "x"}, nil, "ok", nil},
		{"NOT (s = :v OR n = :n)", v{":v": "x", ":n": 5}, nil, failed, nil},
		{"s = :v AND n = :n", v{":v": "text", ":n": 5}, nil, "ok", nil},
		{"s = :v OR n = :n AND t = :f", v{":v": "text", ":n": 5, ":f": false}, nil, "ok", nil},
		{"(s = :v OR n = :n) AND t = :f", v{":v": "text", ":n": 5, ":f": false}, nil, failed, nil},
		{"((s) = (:v))", v{":v": "text"}, nil, "ok", moto("500")},
		{"attribute_exists(s) AND NOT attribute_exists(w)", nil, nil, "ok", nil},
		// Refused.
		{"s = :v", v{":v": "text", ":unused": 1}, nil, invalid, moto("ok")},
		{"s = :missing", v{":v": "text"}, nil, invalid, moto("500")},
		{"#missing = :v", v{":v": "text"}, names{"#a": "s"}, invalid, moto("500")},
		{"s = :v", v{":v": "text"}, names{"#unused": "s"}, invalid, nil},
		{"s = ", nil, nil, invalid, moto("500")},
		{"s == :v", v{":v": "text"}, nil, invalid, moto("500")},
		{"= :v", v{":v": "text"}, nil, invalid, moto("500")},
		{"s", nil, nil, invalid, moto("500")},
		{"(s = :v", v{":v": "text"}, nil, invalid, moto("500")},
		{"s = :v)", v{":v": "text"}, nil, invalid, moto("500")},
		{"name = :v", v{":v": "text"}, nil, invalid, nil}, // a reserved word
		{"unknown(s)", nil, nil, invalid, nil},
		{"attribute_exists(s, n)", nil, nil, invalid, moto("500")},
		{"n BETWEEN :b AND :a", v{":a": 1, ":b": 5}, nil, invalid, moto(failed)},
		{"s = s", nil, nil, invalid, moto("ok")},
	} {
		cs = append(cs, check{"if " + c.expr, func(e *env) string {
			table := e.table()
			e.ok(e.put("k", sampleItem))
			it := avs(sampleItem)
			maps.Copy(it, key("k"))
			_, err := e.db.PutItem(e.ctx, &dynamodb.PutItemInput{
				TableName: table, Item: it, ConditionExpression: &c.expr,
				ExpressionAttributeValues: avs(c.values), ExpressionAttributeNames: c.names,
			})
			return code(err)
		}, c.want, c.differs})
	}
	return cs
}

// updateChecks are updates of sampleItem; wanted is what is at some attributes after it.
func updateChecks() (cs []check) {
	const invalid = "ValidationException"
	type v = map[string]any
	for _, c := range []struct {
		expr    string
		values  v
		show    string // attributes
		want    string
		differs map[string]string
	}{
		{"SET s = :v", v{":v": "new"}, "s", `{s:"new"}`, nil},
		{"SET n = n + :v", v{":v": num("0.5")}, "n", `{n:5.5}`, nil},
		{"SET n = n - :v", v{":v": 7}, "n", `{n:-2}`, nil},
		{"SET n = :v - n", v{":v": num("1e2")}, "n", `{n:95}`, moto("500")},
		{"SET n = n + :v", v{":v": num("0.00000000000000000000000000000000001")}, "n", `{n:5.00000000000000000000000000000000001}`, moto("{n:5.000000000000000000000000000}")},
		{"SET a = if_not_exists(a, :v)", v{":v": 1}, "a", `{a:1}`, nil},
		{"SET n = if_not_exists(n, :v)", v{":v": 1}, "n", `{n:5}`, nil},
		{"SET n = if_not_exists(a, :z) + :v", v{":z": 0, ":v": 1}, "n", `{n:1}`, nil},
		{"SET l = list_append(l, :v)", v{":v": []any{"end"}}, "l", `{l:[1 "two" [3] "end"]}`, nil},
		{"SET l = list_append(:v, l)", v{":v": []any{"start"}}, "l", `{l:["start" 1 "two" [3]]}`, nil},
		{"SET l = list_append(if_not_exists(a, :e), :v)", v{":e": []any{}, ":v": []any{"x"}}, "l", `{l:["x"]}`, nil},
		{"SET l[1] = :v", v{":v": "2"}, "l", `{l:[1 "2" [3]]}`, nil},
		{"SET l[9] = :v", v{":v": "end"}, "l", `{l:[1 "two" [3] "end"]}`, nil},
		{"SET m.x = :v, m.w = :w", v{":v": 2, ":w": "new"}, "m", `{m:{w:"new" x:2 y:{z:"deep"}}}`, nil},
		{"SET m.y.z = n", nil, "m", `{m:{x:1 y:{z:5}}}`, nil},
		{"SET a = s, s = :v", v{":v": "new"}, "a s", `{a:"text" s:"new"}`, nil},
		{"REMOVE s, m.y", nil, "s m", `{m:{x:1}}`, nil},
		{"REMOVE l[0], l[2]", nil, "l", `{l:["two"]}`, nil},
		{"REMOVE w", nil, "w", `{}`, nil},
		{"ADD n :v", v{":v": 3}, "n", `{n:8}`, nil},
		{"ADD a :v", v{":v": 3}, "a", `{a:3}`, nil},
		{"ADD ss :v", v{":v": set{"q", "r"}}, "ss", `{ss:<p q r>}`, nil},
		{"ADD a :v", v{":v": set{"q"}}, "a", `{a:<q>}`, nil},
		{"DELETE ss :v", v{":v": set{"q", "r"}}, "ss", `{ss:<p>}`, nil},
		{"DELETE ss :v", v{":v": set{"p", "q"}}, "ss", `{}`, nil},
		{"DELETE ns :v", v{":v": nums{"2.0"}}, "ns", `{ns:<1>}`, moto(`{ns:<1 2>}`)},
		{"SET a = :v REMOVE s ADD n :v DELETE ss :s", v{":v": 1, ":s": set{"p"}}, "a s n ss", `{a:1 n:6 ss:<q>}`, nil},
		{"set a = :v remove s", v{":v": 1}, "a s", `{a:1}`, nil},
		// Refused.
		{"SET a = w", nil, "", invalid, nil},
		{"SET n = s + :v", v{":v": 1}, "", invalid, nil},
		{"SET m.q.r = :v", v{":v": 1}, "", invalid, nil},
		{"SET s[0] = :v", v{":v": 1}, "", invalid, nil},
		{"SET pk = :v", v{":v": "x"}, "", invalid, nil},
		{"SET a = :v, a = :v", v{":v": "x"}, "", invalid, nil},
		{"SET m = :v, m.x = :v", v{":v": "x"}, "", invalid, nil},
		{"SET a = :v SET n = :v", v{":v": "x"}, "", invalid, nil},
		{"ADD s :v", v{":v": 1}, "", invalid, nil},
		{"ADD s :v", v{":v": "x"}, "", invalid, nil},
		{"DELETE n :v", v{":v": 1}, "", invalid, nil},
		{"SET a :v", v{":v": 1}, "", invalid, nil},
		{"CHANGE a = :v", v{":v": 1}, "", invalid, nil},
		{"SET l = list_append(l, :v)", v{":v": "x"}, "", invalid, nil},
		{"SET n = n + :v", v{":v": num("1e200")}, "", invalid, moto("500")},
		{"SET gn = :v", v{":v": "text"}, "", invalid, nil}, // of the key of an index
	} {
		cs = append(cs, check{c.expr, func(e *env) string {
			table := e.table()
			e.ok(e.put("k", sampleItem))
			out, err := e.db.UpdateItem(e.ctx, &dynamodb.UpdateItemInput{
				TableName: table, Key: key("k"), UpdateExpression: &c.expr, ExpressionAttributeValues: avs(c.values), ReturnValues: "ALL_NEW",
			})
			if err != nil || c.show == "" {
				return code(err)
			}
			it := item{}
			for name := range strings.FieldsSeq(c.show) {
				if v, ok := out.Attributes[name]; ok {
					it[name] = v
				}
			}
			return showItem(it)
		}, c.want, c.differs})
	}
	return cs
}

// queryChecks are queries of a few items, whose sort keys are the outcome.
func queryChecks() (cs []check) {
	const invalid = "ValidationException"
	type in = dynamodb.QueryInput
	key := func(expr string, values map[string]any) in {
		if values == nil {
			values = map[string]any{}
		}
		values[":p"] = "a"
		return in{KeyConditionExpression: &expr, ExpressionAttributeValues: avs(values)}
	}
	with := func(q in, f func(*in)) in { f(&q); return q }
	all := key("pk = :p", nil)
	for _, c := range []struct {
		name    string
		in      in
		want    string
		differs map[string]string
	}{
		{"hash", all, "1 10 2 b", nil},
		{"swapped", key(":p = pk", nil), "1 10 2 b", moto(invalid)},
		{"backwards", with(all, func(q *in) { q.ScanIndexForward = aws.Bool(false) }), "b 2 10 1", nil},
		{"equal", key("pk = :p AND sk = :s", map[string]any{":s": "2"}), "2", nil},
		{"sort key first", key("sk = :s AND pk = :p", map[string]any{":s": "2"}), "2", nil},
		{"less", key("pk = :p AND sk < :s", map[string]any{":s": "2"}), "1 10", nil},
		{"at least", key("pk = :p AND sk >= :s", map[string]any{":s": "2"}), "2 b", nil},
		{"between", key("pk = :p AND sk BETWEEN :s AND :t", map[string]any{":s": "10", ":t": "2"}), "10 2", nil},
		{"begins with", key("pk = :p AND begins_with(sk, :s)", map[string]any{":s": "1"}), "1 10", nil},
		{"limit", with(all, func(q *in) { q.Limit = aws.Int32(2) }), "1 10 after 10", nil},
		{"limit that is the number of items", with(all, func(q *in) { q.Limit = aws.Int32(4) }), "1 10 2 b after b", moto("1 10 2 b")},
		{"start", with(all, func(q *in) { q.ExclusiveStartKey = item{"pk": av("a"), "sk": av("10")} }), "2 b", nil},
		{"start that is no item", with(all, func(q *in) { q.ExclusiveStartKey = item{"pk": av("a"), "sk": av("11")} }), "2 b", nil},
		{"start, backwards", with(all, func(q *in) {
			q.ExclusiveStartKey, q.ScanIndexForward = item{"pk": av("a"), "sk": av("2")}, aws.Bool(false)
		}), "10 1", nil},
		{"filter", with(key("pk = :p", map[string]any{":n": 2}), func(q *in) { q.FilterExpression = aws.String("n >= :n") }), "2 b", nil},
		{"filter and limit", with(key("pk = :p", map[string]any{":n": 2}), func(q *in) {
			q.FilterExpression, q.Limit = aws.String("n >= :n"), aws.Int32(3)
		}), "2 after 2", nil},
		{"count", with(all, func(q *in) { q.Select = "COUNT" }), "count 4", nil},
		{"local index", with(all, func(q *in) { q.IndexName = aws.String("by-n") }), "10 1 2 b", nil},
		{"local index, backwards, limit", with(all, func(q *in) {
			q.IndexName, q.ScanIndexForward, q.Limit = aws.String("by-n"), aws.Bool(false), aws.Int32(2)
		}), "b 2 after 2", nil},
		{"local index, range", with(key("pk = :p AND n > :n", map[string]any{":n": 1}), func(q *in) { q.IndexName = aws.String("by-n") }), "2 b", nil},
		{"global index", with(key("g = :p", nil), func(q *in) { q.IndexName = aws.String("by-g") }), "b 2", nil},
		{"other", key("pk = :p AND sk = :s", map[string]any{":s": "none"}), "", nil},
		// Refused.
		{"no hash key", key("sk = :p", nil), invalid, nil},
		{"hash key in a range", key("pk > :p", nil), invalid, nil},
		{"or", key("pk = :p OR sk = :p", nil), invalid, moto("500")},
		{"not equal", key("pk = :p AND sk <> :s", map[string]any{":s": "2"}), invalid, moto("500")},
		{"other attribute", key("pk = :p AND n = :n", map[string]any{":n": 2}), invalid, nil},
		{"type", key("pk = :p AND sk = :s", map[string]any{":s": 2}), invalid, moto("")},
		{"empty key", key("pk = :p AND sk = :s", map[string]any{":s": ""}), invalid, nil},
		{"filter of the key", with(key("pk = :p", map[string]any{":s": "2"}), func(q *in) { q.FilterExpression = aws.String("sk = :s") }), invalid, moto("2")},
		{"consistent global index", with(key("g = :p", nil), func(q *in) {
			q.IndexName, q.ConsistentRead = aws.String("by-g"), aws.Bool(true)
		}), invalid, nil},
		{"unknown index", with(all, func(q *in) { q.IndexName = aws.String("by-x") }), invalid, moto("ResourceNotFoundException")},
	} {
		cs = append(cs, check{"query: " + c.name, func(e *env) string {
			c.in.TableName = e.table()
			e.ok(e.put("1", map[string]any{"n": 1}))
			e.ok(e.put("10", map[string]any{"n": num("-1.5")}))
			e.ok(e.put("2", map[string]any{"n": 2, "g": "a", "gn": 20}))
			e.ok(e.put("b", map[string]any{"n": 10, "g": "a", "gn": 3}))
			out, err := e.db.Query(e.ctx, &c.in)
			if err != nil {
				return code(err)
			}
			var sks []string
			for _, it := range out.Items {
				sks = append(sks, it["sk"].(*types.AttributeValueMemberS).Value)
			}
			if out.LastEvaluatedKey != nil {
				sks = append(sks, "after", out.LastEvaluatedKey["sk"].(*types.AttributeValueMemberS).Value)
			}
			if c.in.Select == "COUNT" {
				sks = append(sks, "count", fmt.Sprint(out.Count))
			}
			return strings.Join(sks, " ")
		}, c.want, c.differs})
	}
	return cs
}

var dynamodbChecks = []check{
	{"an item as it was put", func(e *env) string {
		e.table()
		e.ok(e.put("k", sampleItem))
		return e.get("k")
	}, `{b:b:Ymlu blank:"" l:[1 "two" [3]] m:{x:1 y:{z:"deep"}} n:5 ns:<1 2> nul:null s:"text" ss:<p q> t:true}`, nil},
	{"no item", func(e *env) string { e.table(); return e.get("k") }, "none", nil},
	{"numbers are normalized", func(e *env) string {
		e.table()
		e.ok(e.put("k", map[string]any{"a": num("1.50"), "b": num("1e3"), "c": num("-0"), "d": num("0.0005"), "e": num("+7"), "f": num("007")}))
		return e.get("k")
	}, "{a:1.5 b:1000 c:0 d:0.0005 e:7 f:7}", moto("{a:1.50 b:1e3 c:-0 d:0.0005 e:+7 f:007}")},
	{"values that are refused", func(e *env) string {
		e.table()
		return lines(code(e.put("", nil)), code(e.put("k", map[string]any{"x": num("abc")})), code(e.put("k", map[string]any{"x": num("1e126")})),
			code(e.put("k", map[string]any{"x": num("1.23456789012345678901234567890123456789")})), code(e.put("k", map[string]any{"x": set{"a", "a"}})),
			code(e.put("k", map[string]any{"x": set{}})), code(e.put("k", map[string]any{"x": strings.Repeat("x", 400<<10)})),
			code(e.put(strings.Repeat("k", 1025), nil)), code(e.put("k", map[string]any{"g": 5})))
	}, strings.Repeat("ValidationException; ", 8) + "ValidationException", moto("ValidationException; ValidationException; ok; ok; ok; ValidationException; ValidationException; ValidationException; ok")},
	{"delete", func(e *env) string {
		table := e.table()
		e.ok(e.put("k", map[string]any{"x": 1}))
		out, err := e.db.DeleteItem(e.ctx, &dynamodb.DeleteItemInput{TableName: table, Key: key("k"), ReturnValues: "ALL_OLD"})
		e.ok(err)
		again, err := e.db.DeleteItem(e.ctx, &dynamodb.DeleteItemInput{TableName: table, Key: key("k"), ReturnValues: "ALL_OLD"})
		return lines(showItem(out.Attributes), code(err), showItem(again.Attributes), e.get("k"))
	}, `{pk:"a" sk:"k" x:1}; ok; none; none`, nil},
	{"put returns the old item", func(e *env) string {
		table := e.table()
		in := &dynamodb.PutItemInput{TableName: table, Item: item{"pk": av("a"), "sk": av("k"), "x": av(1)}, ReturnValues: "ALL_OLD"}
		first, err := e.db.PutItem(e.ctx, in)
		e.ok(err)
		second, err := e.db.PutItem(e.ctx, in)
		e.ok(err)
		return lines(showItem(first.Attributes), showItem(second.Attributes))
	}, `none; {pk:"a" sk:"k" x:1}`, nil},
	{"what update returns", func(e *env) string {
		table := e.table()
		e.ok(e.put("k", map[string]any{"x": 1, "y": 1}))
		outs := []any{}
		for _, rv := range []types.ReturnValue{"NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"} {
			out, err := e.db.UpdateItem(e.ctx, &dynamodb.UpdateItemInput{
				TableName: table, Key: key("k"), UpdateExpression: aws.String("ADD x :one"), ExpressionAttributeValues: item{":one": av(1)}, ReturnValues: rv,
			})
			e.ok(err)
			outs = append(outs, showItem(out.Attributes))
		}
		return lines(outs...)
	}, `none; {pk:"a" sk:"k" x:2 y:1}; {x:3}; {pk:"a" sk:"k" x:5 y:1}; {x:6}`, nil},
	{"update makes the item", func(e *env) string {
		table := e.table()
		_, err := e.db.UpdateItem(e.ctx, &dynamodb.UpdateItemInput{
			TableName: table, Key: key("k"), UpdateExpression: aws.String("SET x = :x"), ExpressionAttributeValues: item{":x": av("v")},
		})
		e.ok(err)
		return e.get("k")
	}, `{x:"v"}`, nil},
	{"a condition that fails returns the item", func(e *env) string {
		table := e.table()
		e.ok(e.put("k", map[string]any{"x": 1}))
		_, err := e.db.DeleteItem(e.ctx, &dynamodb.DeleteItemInput{
			TableName: table, Key: key("k"), ConditionExpression: aws.String("x = :x"), ExpressionAttributeValues: item{":x": av(2)},
			ReturnValuesOnConditionCheckFailure: "ALL_OLD",
		})
		var failed *types.ConditionalCheckFailedException
		if !errors.As(err, &failed) {
			return code(err)
		}
		return showItem(failed.Item)
	}, `{pk:"a" sk:"k" x:1}`, nil},
	{"projection", func(e *env) string {
		table := e.table()
		e.ok(e.put("k", sampleItem))
		outs := []any{}
		for _, expr := range []string{"s, n", "m.y.z", "l[1], l[2]", "w", "#s", "m.x, m.y", "m, m.x", "name"} {
			in := &dynamodb.GetItemInput{TableName: table, Key: key("k"), ProjectionExpression: &expr}
			if strings.Contains(expr, "#s") {
				in.ExpressionAttributeNames = map[string]string{"#s": "s"}
			}
			out, err := e.db.GetItem(e.ctx, in)
			if err != nil {
				outs = append(outs, code(err))
				continue
			}
			outs = append(outs, showItem(out.Item))
		}
		return lines(outs...)
	}, `{n:5 s:"text"}; {m:{y:{z:"deep"}}}; {l:["two" [3]]}; {}; {s:"text"}; {m:{x:1 y:{z:"deep"}}}; ValidationException; ValidationException`,
		moto(`{n:5 s:"text"}; {m:{y:{z:"deep"}}}; {l:[[3]]}; {}; {s:"text"}; {m:{x:1 y:{z:"deep"}}}; {m:{x:1 y:{z:"deep"}}}; ValidationException`)},
	{"scan", func(e *env) string {
		table := e.table()
		for _, sk := range []string{"1", "2", "3"} {
			e.ok(e.put(sk, map[string]any{"x": num(sk)}))
		}
		out, err := e.db.Scan(e.ctx, &dynamodb.ScanInput{TableName: table, FilterExpression: aws.String("x > :x"), ExpressionAttributeValues: item{":x": av(1)}})
		e.ok(err)
		page, err := e.db.Scan(e.ctx, &dynamodb.ScanInput{TableName: table, Limit: aws.Int32(2)})
		e.ok(err)
		rest, err := e.db.Scan(e.ctx, &dynamodb.ScanInput{TableName: table, ExclusiveStartKey: page.LastEvaluatedKey})
		e.ok(err)
		total := 0
		for i := range int32(3) {
			part, err := e.db.Scan(e.ctx, &dynamodb.ScanInput{TableName: table, Segment: &i, TotalSegments: aws.Int32(3)})
			e.ok(err)
			total += int(part.Count)
		}
		return lines(showItems(out.Items), out.ScannedCount, page.Count, rest.Count, total)
	}, `{pk:"a" sk:"2" x:2} {pk:"a" sk:"3" x:3}; 3; 2; 1; 3`, nil},
	{"scan of an index", func(e *env) string {
		table := e.table()
		e.ok(e.put("1", map[string]any{"g": "x", "gn": 1, "extra": "e", "more": "m"}))
		e.ok(e.put("2", map[string]any{"g": "x"}))
		out, err := e.db.Scan(e.ctx, &dynamodb.ScanInput{TableName: table, IndexName: aws.String("by-g")})
		e.ok(err)
		return showItems(out.Items)
	}, `{extra:"e" g:"x" gn:1 pk:"a" sk:"1"}`, nil},
	{"batches", func(e *env) string {
		table := e.table()
		put := func(sk string) types.WriteRequest {
			return types.WriteRequest{PutRequest: &types.PutRequest{Item: key(sk)}}
		}
		del := func(sk string) types.WriteRequest {
			return types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: key(sk)}}
		}
		write := func(rs ...types.WriteRequest) string {
			_, err := e.db.BatchWriteItem(e.ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{*table: rs}})
			return code(err)
		}
		outs := []any{write(put("1"), put("2"), put("3")), write(del("1"), put("4")), write(del("1"), put("1")), write(slices.Repeat([]types.WriteRequest{put("1")}, 26)...)}
		get, err := e.db.BatchGetItem(e.ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{*table: {
			Keys: []item{key("1"), key("2"), key("4")}, ProjectionExpression: aws.String("sk"),
		}}})
		e.ok(err)
		its := get.Responses[*table]
		slices.SortFunc(its, func(a, b item) int { return strings.Compare(showItem(a), showItem(b)) })
		_, err = e.db.BatchGetItem(e.ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{*table: {Keys: []item{key("1"), key("1")}}}})
		return lines(append(outs, showItems(its), code(err))...)
	}, `ok; ok; ValidationException; ValidationException; {sk:"2"} {sk:"4"}; ValidationException`,
		moto(`ok; ok; ok; ValidationException; {sk:"2"} {sk:"4"}; ValidationException`)},
	{"a transaction", func(e *env) string {
		table := e.table()
		e.ok(e.put("1", map[string]any{"x": 1}))
		e.ok(e.put("2", map[string]any{"x": 2}))
		_, err := e.db.TransactWriteItems(e.ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			{Put: &types.Put{TableName: table, Item: key("3")}},
			{Update: &types.Update{TableName: table, Key: key("1"), UpdateExpression: aws.String("ADD x :one"), ExpressionAttributeValues: item{":one": av(1)}}},
			{Delete: &types.Delete{TableName: table, Key: key("2")}},
			{ConditionCheck: &types.ConditionCheck{TableName: table, Key: key("4"), ConditionExpression: aws.String("attribute_not_exists(pk)")}},
		}})
		got, err2 := e.db.TransactGetItems(e.ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
			{Get: &types.Get{TableName: table, Key: key("1")}}, {Get: &types.Get{TableName: table, Key: key("4")}},
		}})
		e.ok(err2)
		return lines(code(err), e.get("1"), e.get("2"), e.get("3"), e.get("4"), showItem(got.Responses[0].Item), showItem(got.Responses[1].Item))
	}, `ok; {x:2}; none; {}; none; {pk:"a" sk:"1" x:2}; none`, nil},
	{"a transaction that is cancelled", func(e *env) string {
		table := e.table()
		e.ok(e.put("1", map[string]any{"x": 1}))
		_, err := e.db.TransactWriteItems(e.ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			{Put: &types.Put{TableName: table, Item: key("2")}},
			{Put: &types.Put{
				TableName: table, Item: key("1"), ConditionExpression: aws.String("attribute_not_exists(pk)"), ReturnValuesOnConditionCheckFailure: "ALL_OLD",
			}},
		}})
		var cancelled *types.TransactionCanceledException
		if !errors.As(err, &cancelled) {
			return code(err)
		}
		var outs []any
		for _, r := range cancelled.CancellationReasons {
			outs = append(outs, aws.ToString(r.Code), showItem(r.Item))
		}
		return lines(append(outs, e.get("2"))...)
	}, `None; none; ConditionalCheckFailed; {pk:"a" sk:"1" x:1}; none`, nil},
	{"a transaction with a token", func(e *env) string {
		table := e.table()
		e.ok(e.put("1", map[string]any{"x": 1}))
		add := func(by int) string {
			_, err := e.db.TransactWriteItems(e.ctx, &dynamodb.TransactWriteItemsInput{
				ClientRequestToken: aws.String("token-" + e.name),
				TransactItems: []types.TransactWriteItem{{Update: &types.Update{
					TableName: table, Key: key("1"), UpdateExpression: aws.String("ADD x :by"), ExpressionAttributeValues: item{":by": av(by)},
				}}},
			})
			return code(err)
		}
		return lines(add(1), add(1), e.get("1"), add(2), e.get("1"))
	}, `ok; ok; {x:2}; IdempotentParameterMismatchException; {x:2}`, moto("ok; ok; {x:3}; ok; {x:5}")},
	{"transactions that are refused", func(e *env) string {
		table := e.table()
		write := func(is ...types.TransactWriteItem) string {
			_, err := e.db.TransactWriteItems(e.ctx, &dynamodb.TransactWriteItemsInput{TransactItems: is})
			return code(err)
		}
		put := types.TransactWriteItem{Put: &types.Put{TableName: table, Item: key("1")}}
		return lines(write(put, put), write(slices.Repeat([]types.TransactWriteItem{put}, 101)...), write(types.TransactWriteItem{}))
	}, "ValidationException; ValidationException; ValidationException", moto("ValidationException; ValidationException; 500")},
	{"tables", func(e *env) string {
		table := e.table()
		d, err := e.db.DescribeTable(e.ctx, &dynamodb.DescribeTableInput{TableName: table})
		e.ok(err)
		_, err = e.db.CreateTable(e.ctx, &dynamodb.CreateTableInput{
			TableName: table, BillingMode: "PAY_PER_REQUEST",
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: "S"}},
			KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: "HASH"}},
		})
		_, none := e.db.GetItem(e.ctx, &dynamodb.GetItemInput{TableName: aws.String("missing-" + e.name), Key: key("1")})
		_, del := e.db.DeleteTable(e.ctx, &dynamodb.DeleteTableInput{TableName: table})
		_, gone := e.db.DescribeTable(e.ctx, &dynamodb.DescribeTableInput{TableName: table})
		return lines(d.Table.TableStatus, len(d.Table.GlobalSecondaryIndexes), code(err), code(none), code(del), code(gone))
	}, "ACTIVE; 1; ResourceInUseException; ResourceNotFoundException; ok; ResourceNotFoundException", nil},
	{"tables that are refused", func(e *env) string {
		create := func(change func(*dynamodb.CreateTableInput)) string {
			in := &dynamodb.CreateTableInput{
				TableName: &e.name, BillingMode: "PAY_PER_REQUEST",
				AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: "S"}},
				KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: "HASH"}},
			}
			change(in)
			_, err := e.db.CreateTable(e.ctx, in)
			return code(err)
		}
		return lines(
			create(func(in *dynamodb.CreateTableInput) { in.KeySchema[0].AttributeName = aws.String("other") }),
			create(func(in *dynamodb.CreateTableInput) { in.KeySchema[0].KeyType = "RANGE" }),
			create(func(in *dynamodb.CreateTableInput) {
				in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{AttributeName: aws.String("x"), AttributeType: "S"})
			}))
	}, "ValidationException; ValidationException; ValidationException", moto("ValidationException; ok; ValidationException")},
	{"keys that are refused", func(e *env) string {
		table := e.table()
		get := func(k item) string {
			_, err := e.db.GetItem(e.ctx, &dynamodb.GetItemInput{TableName: table, Key: k})
			return code(err)
		}
		return lines(get(item{"pk": av("a")}), get(item{"pk": av("a"), "sk": av(1)}), get(item{"pk": av("a"), "sk": av("k"), "x": av("y")}), get(item{"pk": av("a"), "sk": av("")}))
	}, "ValidationException; ValidationException; ValidationException; ValidationException", moto("ValidationException; ok; ValidationException; ValidationException")},
	{"capacity", func(e *env) string {
		table := e.table()
		big := item{"pk": av("a"), "sk": av("k"), "x": av(strings.Repeat("x", 10_000))}
		put, err := e.db.PutItem(e.ctx, &dynamodb.PutItemInput{TableName: table, Item: big, ReturnConsumedCapacity: "TOTAL"})
		e.ok(err)
		get, err := e.db.GetItem(e.ctx, &dynamodb.GetItemInput{TableName: table, Key: key("k"), ConsistentRead: aws.Bool(true), ReturnConsumedCapacity: "TOTAL"})
		e.ok(err)
		return lines(*put.ConsumedCapacity.CapacityUnits, *get.ConsumedCapacity.CapacityUnits)
	}, "10; 3", moto("1; 0.5")},
}
