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
