package awsemu_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedtypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// This file defines the checks of the scheduler, SNS, EventBridge and CloudWatch Logs.

func (e *env) arn(service, resource string) *string {
	return aws.String("arn:aws:" + service + ":eu-central-1:123456789012:" + resource)
}

func (e *env) schedule(name, expr string, change ...func(*scheduler.CreateScheduleInput)) string {
	in := &scheduler.CreateScheduleInput{
		Name: &name, ScheduleExpression: &expr, FlexibleTimeWindow: &schedtypes.FlexibleTimeWindow{Mode: "OFF"},
		Target: &schedtypes.Target{Arn: e.arn("sqs", e.name), RoleArn: aws.String("arn:aws:iam::123456789012:role/r"), Input: aws.String("due")},
	}
	for _, f := range change {
		f(in)
	}
	_, err := e.scheduler.CreateSchedule(e.ctx, in)
	return code(err)
}

var schedulerChecks = []check{
	{"create, get, update, delete", func(e *env) string {
		outs := []any{e.schedule(e.name, "rate(5 minutes)"), e.schedule(e.name, "rate(5 minutes)")}
		get, err := e.scheduler.GetSchedule(e.ctx, &scheduler.GetScheduleInput{Name: &e.name})
		e.ok(err)
		outs = append(outs, *get.ScheduleExpression, get.State, *get.GroupName, *get.Target.Input, *get.ScheduleExpressionTimezone)
		_, err = e.scheduler.UpdateSchedule(e.ctx, &scheduler.UpdateScheduleInput{
			Name: &e.name, ScheduleExpression: aws.String("cron(0 8 ? * MON *)"), FlexibleTimeWindow: get.FlexibleTimeWindow, Target: get.Target, State: "DISABLED",
		})
		e.ok(err)
		get, err = e.scheduler.GetSchedule(e.ctx, &scheduler.GetScheduleInput{Name: &e.name})
		e.ok(err)
		_, del := e.scheduler.DeleteSchedule(e.ctx, &scheduler.DeleteScheduleInput{Name: &e.name})
		_, again := e.scheduler.DeleteSchedule(e.ctx, &scheduler.DeleteScheduleInput{Name: &e.name})
		return lines(append(outs, *get.ScheduleExpression, get.State, code(del), code(again))...)
	}, "ok; ConflictException; rate(5 minutes); ENABLED; default; due; UTC; cron(0 8 ? * MON *); DISABLED; ok; ResourceNotFoundException", nil},
	{"groups and lists", func(e *env) string {
		_, err := e.scheduler.CreateScheduleGroup(e.ctx, &scheduler.CreateScheduleGroupInput{Name: &e.name})
		e.ok(err)
		_, twice := e.scheduler.CreateScheduleGroup(e.ctx, &scheduler.CreateScheduleGroupInput{Name: &e.name})
		in := func(in *scheduler.CreateScheduleInput) { in.GroupName = &e.name }
		for i := range 3 {
			e.schedule(fmt.Sprint(e.name, "-", i), "rate(1 hour)", in)
		}
		list, err := e.scheduler.ListSchedules(e.ctx, &scheduler.ListSchedulesInput{GroupName: &e.name})
		e.ok(err)
		_, wrong := e.scheduler.GetSchedule(e.ctx, &scheduler.GetScheduleInput{Name: aws.String(e.name + "-0")})
		_, err = e.scheduler.DeleteScheduleGroup(e.ctx, &scheduler.DeleteScheduleGroupInput{Name: &e.name})
		e.ok(err)
		_, gone := e.scheduler.GetSchedule(e.ctx, &scheduler.GetScheduleInput{Name: aws.String(e.name + "-0"), GroupName: &e.name})
		return lines(code(twice), len(list.Schedules), *list.Schedules[0].GroupName, code(wrong), code(gone))
	}, "ConflictException; 3; NAME; ResourceNotFoundException; ResourceNotFoundException", moto("ok; 3; NAME; ResourceNotFoundException; ResourceNotFoundException")},
	{"expressions that are refused", func(e *env) string {
		zone := func(in *scheduler.CreateScheduleInput) { in.ScheduleExpressionTimezone = aws.String("Mars/Olympus") }
		window := func(in *scheduler.CreateScheduleInput) { in.FlexibleTimeWindow.Mode = "FLEXIBLE" }
		return lines(e.schedule("a", "rate(0 minutes)"), e.schedule("a", "cron(* * * * *)"), e.schedule("a", "at(tomorrow)"), e.schedule("a", "rate(1 hour)", zone), e.schedule("a", "rate(1 hour)", window))
	}, "ValidationException; ValidationException; ValidationException; ValidationException; ValidationException", moto("-")},
	{"a schedule that is due", func(e *env) string {
		q := e.queue("", nil)
		once := func(in *scheduler.CreateScheduleInput) { in.ActionAfterCompletion = "DELETE" }
		out := e.schedule(e.name, "at("+time.Now().UTC().Add(-time.Minute).Format("2006-01-02T15:04:05")+")", once)
		_, got := e.receive(q, sqs.ReceiveMessageInput{WaitTimeSeconds: 20})
		gone := soon(func() bool {
			_, err := e.scheduler.GetSchedule(e.ctx, &scheduler.GetScheduleInput{Name: &e.name})
			return code(err) == "ResourceNotFoundException"
		})
		return lines(out, got, gone)
	}, "ok; due; true", moto("-")},
}

func (e *env) topic() *string {
	e.t.Helper()
	out, err := e.sns.CreateTopic(e.ctx, &sns.CreateTopicInput{Name: &e.name})
	e.ok(err)
	return out.TopicArn
}

var snsChecks = []check{
	{"publish to a queue", func(e *env) string {
		q, topic := e.queue("", nil), e.topic()
		_, err := e.sns.Subscribe(e.ctx, &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("sqs"), Endpoint: e.arn("sqs", e.name)})
		e.ok(err)
		_, err = e.sns.Publish(e.ctx, &sns.PublishInput{TopicArn: topic, Message: aws.String("hello"), Subject: aws.String("s"), MessageAttributes: map[string]snstypes.MessageAttributeValue{
			"kind": {DataType: aws.String("String"), StringValue: aws.String("test")},
		}})
		e.ok(err)
		ms, _ := e.receive(q, sqs.ReceiveMessageInput{WaitTimeSeconds: 5})
		var n struct {
			Type, TopicArn, Subject, Message string
			MessageAttributes                map[string]struct{ Type, Value string }
		}
		e.ok(json.Unmarshal([]byte(*ms[0].Body), &n))
		return toJSON(n)
	}, `{"Type":"Notification","TopicArn":"arn:aws:sns:eu-central-1:123456789012:NAME","Subject":"s","Message":"hello","MessageAttributes":{"kind":{"Type":"String","Value":"test"}}}`, nil},
	{"raw, filtered, in a batch", func(e *env) string {
		q, topic := e.queue("", nil), e.topic()
		_, err := e.sns.Subscribe(e.ctx, &sns.SubscribeInput{
			TopicArn: topic, Protocol: aws.String("sqs"), Endpoint: e.arn("sqs", e.name),
			Attributes: map[string]string{"RawMessageDelivery": "true", "FilterPolicy": `{"n": [{"numeric": [">", 1]}]}`},
		})
		e.ok(err)
		entry := func(n string) snstypes.PublishBatchRequestEntry {
			return snstypes.PublishBatchRequestEntry{Id: &n, Message: aws.String("m" + n), MessageAttributes: map[string]snstypes.MessageAttributeValue{
				"n": {DataType: aws.String("Number"), StringValue: &n},
			}}
		}
		out, err := e.sns.PublishBatch(e.ctx, &sns.PublishBatchInput{TopicArn: topic, PublishBatchRequestEntries: []snstypes.PublishBatchRequestEntry{entry("1"), entry("2")}})
		e.ok(err)
		_, got := e.receive(q, sqs.ReceiveMessageInput{WaitTimeSeconds: 5})
		return lines(len(out.Successful), got)
	}, "2; m2", nil},
	{"topics and subscriptions", func(e *env) string {
		e.queue("", nil)
		topic, again := e.topic(), e.topic()
		sub, err := e.sns.Subscribe(e.ctx, &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("sqs"), Endpoint: e.arn("sqs", e.name)})
		e.ok(err)
		subs, err := e.sns.ListSubscriptionsByTopic(e.ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: topic})
		e.ok(err)
		_, err = e.sns.Unsubscribe(e.ctx, &sns.UnsubscribeInput{SubscriptionArn: sub.SubscriptionArn})
		e.ok(err)
		left, err := e.sns.ListSubscriptionsByTopic(e.ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: topic})
		e.ok(err)
		_, del := e.sns.DeleteTopic(e.ctx, &sns.DeleteTopicInput{TopicArn: topic})
		_, gone := e.sns.Publish(e.ctx, &sns.PublishInput{TopicArn: topic, Message: aws.String("m")})
		_, empty := e.sns.Publish(e.ctx, &sns.PublishInput{TopicArn: e.topic(), Message: aws.String("")})
		return lines(*topic == *again, len(subs.Subscriptions), *subs.Subscriptions[0].Protocol, len(left.Subscriptions), code(del), code(gone), code(empty))
	}, "true; 1; sqs; 0; ok; NotFound; InvalidParameter", moto("true; 1; sqs; 0; ok; NotFound; ok")},
}

var eventsChecks = []check{
	{"put", func(e *env) string {
		entry := func(detail string) eventtypes.PutEventsRequestEntry {
			return eventtypes.PutEventsRequestEntry{Source: aws.String("my.app"), DetailType: aws.String("t"), Detail: &detail}
		}
		put := func(es ...eventtypes.PutEventsRequestEntry) string {
			out, err := e.events.PutEvents(e.ctx, &eventbridge.PutEventsInput{Entries: es})
			if err != nil {
				return code(err)
			}
			text := fmt.Sprint(out.FailedEntryCount)
			for _, r := range out.Entries {
				text += fmt.Sprint(" ", r.EventId != nil, " ", aws.ToString(r.ErrorCode))
			}
			return text
		}
		return lines(put(entry(`{"a": 1}`)), put(entry(`{}`), entry(`no JSON`)), put(eventtypes.PutEventsRequestEntry{}))
	}, "0 true ; 1 true  false MalformedDetail; 1 false InvalidArgument", nil},
}

var logsChecks = []check{
	{"put and filter", func(e *env) string {
		_, err := e.logs.CreateLogGroup(e.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &e.name})
		e.ok(err)
		_, twice := e.logs.CreateLogGroup(e.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &e.name})
		_, err = e.logs.CreateLogStream(e.ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &e.name, LogStreamName: aws.String("s")})
		e.ok(err)
		start := time.Now().Add(-time.Minute).UnixMilli()
		var es []logtypes.InputLogEvent
		for i, m := range []string{`{"run": "r-1", "n": 1}`, "plain ERROR text", `{"run": "r-2", "n": 2}`} {
			es = append(es, logtypes.InputLogEvent{Message: &m, Timestamp: aws.Int64(start + int64(i)*1000)})
		}
		_, err = e.logs.PutLogEvents(e.ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: &e.name, LogStreamName: aws.String("s"), LogEvents: es})
		e.ok(err)
		filter := func(in cloudwatchlogs.FilterLogEventsInput) string {
			in.LogGroupName = &e.name
			out, err := e.logs.FilterLogEvents(e.ctx, &in)
			if err != nil {
				return code(err)
			}
			text := ""
			for _, ev := range out.Events {
				text += fmt.Sprint((*ev.Timestamp-start)/1000, " ")
			}
			return text
		}
		return lines(code(twice), filter(cloudwatchlogs.FilterLogEventsInput{}), filter(cloudwatchlogs.FilterLogEventsInput{FilterPattern: aws.String("ERROR")}),
			filter(cloudwatchlogs.FilterLogEventsInput{StartTime: aws.Int64(start + 1000), EndTime: aws.Int64(start + 1500)}),
			filter(cloudwatchlogs.FilterLogEventsInput{LogStreamNames: []string{"s"}}), filter(cloudwatchlogs.FilterLogEventsInput{LogStreamNamePrefix: aws.String("t")}))
	}, "ResourceAlreadyExistsException; 0 1 2 ; 1 ; 1 ; 0 1 2 ; ", moto("ResourceAlreadyExistsException; 0 1 2 ; 1 ; 1 ; 0 1 2 ; 0 1 2 ")},
	{"filter by a field", func(e *env) string {
		_, err := e.logs.CreateLogGroup(e.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &e.name})
		e.ok(err)
		_, err = e.logs.CreateLogStream(e.ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &e.name, LogStreamName: aws.String("s")})
		e.ok(err)
		now := time.Now().UnixMilli()
		_, err = e.logs.PutLogEvents(e.ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: &e.name, LogStreamName: aws.String("s"), LogEvents: []logtypes.InputLogEvent{
			{Message: aws.String(`{"run": "r-1"}`), Timestamp: &now}, {Message: aws.String(`{"run": "r-2"}`), Timestamp: &now},
		}})
		e.ok(err)
		out, err := e.logs.FilterLogEvents(e.ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &e.name, FilterPattern: aws.String(`{ $.run = "r-2" }`)})
		e.ok(err)
		text := ""
		for _, ev := range out.Events {
			text += *ev.Message
		}
		return text
	}, `{"run": "r-2"}`, moto("-")}, // moto has no such patterns
	{"get, page by page", func(e *env) string {
		_, err := e.logs.CreateLogGroup(e.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &e.name})
		e.ok(err)
		_, err = e.logs.CreateLogStream(e.ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &e.name, LogStreamName: aws.String("s")})
		e.ok(err)
		var es []logtypes.InputLogEvent
		for i := range 5 {
			es = append(es, logtypes.InputLogEvent{Message: aws.String(fmt.Sprint(i)), Timestamp: aws.Int64(time.Now().UnixMilli())})
		}
		_, err = e.logs.PutLogEvents(e.ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: &e.name, LogStreamName: aws.String("s"), LogEvents: es})
		e.ok(err)
		text := ""
		var token *string
		for {
			out, err := e.logs.GetLogEvents(e.ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: &e.name, LogStreamName: aws.String("s"), StartFromHead: aws.Bool(true), Limit: aws.Int32(2), NextToken: token})
			e.ok(err)
			for _, ev := range out.Events {
				text += *ev.Message + " "
			}
			if token != nil && *token == *out.NextForwardToken {
				return text
			}
			token, text = out.NextForwardToken, text+"| "
		}
	}, "0 1 | 2 3 | 4 | ", nil},
	{"refused", func(e *env) string {
		_, none := e.logs.FilterLogEvents(e.ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("missing")})
		_, err := e.logs.CreateLogGroup(e.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &e.name})
		e.ok(err)
		_, stream := e.logs.PutLogEvents(e.ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: &e.name, LogStreamName: aws.String("s"), LogEvents: []logtypes.InputLogEvent{{Message: aws.String("m"), Timestamp: aws.Int64(1)}}})
		return lines(code(none), code(stream))
	}, "ResourceNotFoundException; ResourceNotFoundException", nil},
}
