package sam

import (
	"github.com/harkgen/harkgen/deploygen/plan"
)

// This file defines what functions may do.

// A statement allows actions on resources.
func statement(actions []string, resources ...any) doc {
	return doc{kv("Effect", "Allow"), kv("Action", actions), kv("Resource", resources)}
}

func policy(statements ...doc) doc {
	return doc{kv("Version", "2012-10-17"), kv("Statement", statements)}
}

// assume is the policy of a role for a service.
func assume(service string, conditions ...doc) doc {
	s := doc{
		kv("Effect", "Allow"),
		kv("Principal", doc{kv("Service", service)}),
		kv("Action", "sts:AssumeRole"),
	}
	for _, c := range conditions {
		s = append(s, kv("Condition", c))
	}
	return policy(s)
}

func inline(statements ...doc) []doc {
	return []doc{{kv("PolicyName", "hark"), kv("PolicyDocument", policy(statements...))}}
}

const schedules = "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:"

// role adds the role of the functions of an entry.
func (t *template) role(e *plan.Entry) {
	statements := []doc{
		statement([]string{"dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"},
			attr(plan.TableID, "Arn")),
		statement([]string{"s3:DeleteObject", "s3:GetObject", "s3:PutObject"},
			sub("${"+plan.BucketID+".Arn}/b/*")),
		statement([]string{"s3:ListBucket"},
			attr(plan.BucketID, "Arn")),
		statement([]string{"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"},
			attr(e.QueueID(), "Arn")),
		statement([]string{"sqs:SendMessage"},
			attr(e.DeadLettersID(), "Arn")),
		statement([]string{"logs:CreateLogStream", "logs:PutLogEvents"},
			attr(e.LogsID(), "Arn")),
		statement([]string{"scheduler:CreateSchedule", "scheduler:DeleteSchedule"},
			sub(schedules+"schedule/${"+plan.SchedulesID+"}/*")),
		append(statement([]string{"iam:PassRole"}, attr(e.WakerID(), "Arn")),
			kv("Condition", doc{kv("StringEquals", doc{kv("iam:PassedToService", "scheduler.amazonaws.com")})})),
	}
	t.add(e.RoleID(), "AWS::IAM::Role", tagList, doc{
		kv("AssumeRolePolicyDocument", assume("lambda.amazonaws.com")),
		kv("Policies", inline(append(statements, readSources(e)...)...)),
	})
}

// readSources allows what Lambda does in the function's name to read queues and streams.
func readSources(e *plan.Entry) []doc {
	var queues, streams, tables []any
	for i := range e.Triggers {
		t := &e.Triggers[i]
		switch {
		case t.Type == "sqs":
			queues = append(queues, arnOf(t, t.Queue, "Arn"))
		case t.Type == "dynamodb-stream":
			streams = append(streams, arnOf(t, t.Table, "StreamArn"))
			if id := t.MadeID(); id != "" {
				tables = append(tables, sub("${"+id+".Arn}/stream/*"))
			} else {
				tables = append(tables, tableOf(t.Table)+"/stream/*")
			}
		}
	}
	var out []doc
	if queues != nil {
		out = append(out, statement([]string{"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}, queues...))
	}
	if streams != nil {
		out = append(out, statement([]string{"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}, streams...),
			statement([]string{"dynamodb:ListStreams"}, tables...))
	}
	return out
}

// calls adds the policy with what depends on the function: itself, to pass on what belongs to another version and to execute
// processes, the functions of its goroutines, and the objects that it is told of; and what the user's code may do.
func (t *template) calls(e *plan.Entry) {
	functions := []any{attr(e.FunctionID(), "Arn"), sub("${" + e.FunctionID() + ".Arn}:*")}
	for i := range e.Goroutines {
		id := e.WorkerID(&e.Goroutines[i])
		functions = append(functions, attr(id, "Arn"), sub("${"+id+".Arn}:*"))
	}
	statements := []doc{statement([]string{"lambda:InvokeFunction"}, functions...)}
	var objects []any
	seen := map[string]bool{}
	for i := range e.Triggers {
		if tr := &e.Triggers[i]; tr.Type == "s3" && !seen[tr.Bucket] {
			seen[tr.Bucket] = true
			objects = append(objects, sub("${"+tr.MadeID()+".Arn}/*"))
		}
	}
	if objects != nil {
		statements = append(statements, statement([]string{"s3:GetObject"}, objects...))
	}
	for _, p := range e.Policies {
		resources := make([]any, len(p.Resources))
		for i, r := range p.Resources {
			resources[i] = r
		}
		statements = append(statements, statement(p.Actions, resources...))
	}
	t.add(e.CallsID(), "AWS::IAM::Policy", noTags, doc{
		kv("PolicyName", "calls"),
		kv("Roles", []doc{ref(e.RoleID())}),
		kv("PolicyDocument", policy(statements...)),
	})
}

// waker adds the role of one-time schedules of an entry: they send to its queue.
func (t *template) waker(e *plan.Entry) {
	t.add(e.WakerID(), "AWS::IAM::Role", tagList, doc{
		kv("AssumeRolePolicyDocument", assume("scheduler.amazonaws.com", doc{kv("StringEquals", doc{
			kv("aws:SourceAccount", ref("AWS::AccountId")),
			kv("aws:SourceArn", attr(plan.SchedulesID, "Arn")),
		})})),
		kv("Policies", inline(statement([]string{"sqs:SendMessage"}, attr(e.QueueID(), "Arn")))),
	})
}
