package awsemu_test

import (
	"fmt"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// This file defines the checks of DynamoDB's expressions.

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
