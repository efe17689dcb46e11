// Package sam writes a checked plan as an AWS SAM template and the Makefile that sam build runs.
//
// # The deployment
//
// All entries share one table and one bucket for state. Each entry has a
// function, a queue of wake-ups that only this function reads, a queue of dead
// letters, a log group, and a role that allows just what the function does with these.
//
//	  invoke                 wake-up
//	    |         .------------------------------.
//	    v         v                              |
//	Function (alias live) --- state ---> Table, Bucket
//	    |                                        |
//	    '---- SendMessage, delayed ----> Queue --'
//	                                       | refused 5 times
//	                                       v
//	                                   DeadLetters
//
// # What is not obvious in it
//
//   - RecursiveLoop: Allow. A waiting run wakes itself through its queue, which Lambda would
//     take for a runaway loop and stop after 16 turns.
//   - The role is written out. Given an event source, SAM would attach a managed policy that
//     allows every queue of the account.
//   - s3:ListBucket is needed to read: without it, S3 answers 403, not 404, when an object is not there.
//   - VisibilityTimeout is six times the function's timeout, as Lambda asks for. So that a wake-up that
//     has failed is not seen again only then, the handler shortens it (sqs:ChangeMessageVisibility).
//   - BatchSize 1: a run may need the whole of an invocation. ReportBatchItemFailures holds for any size.
//   - Objects do not expire: a run may wait for a year. Only what uploads left behind does.
//   - Table and bucket outlive the stack (Retain): deleting a stack must not delete the state of runs.
//   - The alias makes SAM publish a version per build. Versions are kept, since a run needs the one that started it.
package sam

import (
	"bytes"
	"fmt"

	"github.com/goccy/go-yaml"

	"github.com/harkgen/harkgen/deploygen/plan"
)

// Fixed parts of the deployment.
const (
	maxReceive      = 5              // deliveries of a wake-up before it is a dead letter
	retention       = 14 * 24 * 3600 // seconds, the longest that SQS offers
	visibilityTimes = 6              // times the function's timeout
)

// doc is a mapping in order.
type doc = yaml.MapSlice

func kv(k string, v any) yaml.MapItem { return yaml.MapItem{Key: k, Value: v} }

func ref(id string) doc        { return doc{kv("Ref", id)} }
func attr(id, name string) doc { return doc{kv("Fn::GetAtt", []string{id, name})} }
func sub(text string) doc      { return doc{kv("Fn::Sub", text)} }
func resource(typ string, props doc, more ...yaml.MapItem) doc {
	return append(append(doc{kv("Type", typ)}, more...), kv("Properties", props))
}

// Template returns the text of template.yaml.
func Template(p *plan.Plan) ([]byte, error) {
	resources := doc{
		kv(plan.TableID, table(p)),
		kv(plan.BucketID, bucket()),
		kv(plan.BucketPolicyID, bucketPolicy()),
	}
	outputs := doc{
		kv("Table", output("Records, mailboxes and small blobs", ref(plan.TableID))),
		kv("Bucket", output("Large blobs", ref(plan.BucketID))),
	}
	for i := range p.Entries {
		e := &p.Entries[i]
		resources = append(resources,
			kv(e.FunctionID(), function(e)),
			kv(e.RoleID(), role(e)),
			kv(e.QueueID(), queue(e)),
			kv(e.DeadLettersID(), deadLetters()),
			kv(e.LogsID(), logs(p, e)),
		)
		outputs = append(outputs,
			kv(e.FunctionID(), output("Invoke this to start "+e.Name, ref(e.FunctionID()+".Alias"))),
			kv(e.QueueID(), output("Wake-ups of runs of "+e.Name, ref(e.QueueID()))),
			kv(e.DeadLettersID(), output("Wake-ups of "+e.Name+" that were refused", ref(e.DeadLettersID()))),
		)
	}
	var b bytes.Buffer
	b.WriteString(header("# "))
	err := yaml.NewEncoder(&b, yaml.Indent(2), yaml.IndentSequence(true)).Encode(doc{
		kv("AWSTemplateFormatVersion", "2010-09-09"),
		kv("Transform", "AWS::Serverless-2016-10-31"),
		kv("Description", fmt.Sprintf("%.900s, made durable by harkgen", p.Program)),
		kv("Resources", resources),
		kv("Outputs", outputs),
	})
	return b.Bytes(), err
}

func output(what string, value doc) doc {
	return doc{kv("Description", what), kv("Value", value)}
}

func function(e *plan.Entry) doc {
	return resource("AWS::Serverless::Function", doc{
		kv("Runtime", "provided.al2023"),
		kv("Architectures", []string{"arm64"}),
		kv("Handler", "bootstrap"),
		kv("CodeUri", "."),
		kv("MemorySize", e.Memory),
		kv("Timeout", e.Timeout),
		kv("AutoPublishAlias", "live"),
		kv("RecursiveLoop", "Allow"),
		kv("Role", attr(e.RoleID(), "Arn")),
		kv("LoggingConfig", doc{kv("LogGroup", ref(e.LogsID()))}),
		kv("Environment", doc{kv("Variables", doc{
			kv(plan.EnvTable, ref(plan.TableID)),
			kv(plan.EnvBucket, ref(plan.BucketID)),
			kv(plan.EnvQueue, ref(e.QueueID())),
		})}),
		kv("Events", doc{kv("WakeUps", doc{
			kv("Type", "SQS"),
			kv("Properties", doc{
				kv("Queue", attr(e.QueueID(), "Arn")),
				kv("BatchSize", 1),
				kv("FunctionResponseTypes", []string{"ReportBatchItemFailures"}),
				kv("ScalingConfig", doc{kv("MaximumConcurrency", e.Concurrency)}),
			}),
		})}),
	}, kv("Metadata", doc{kv("BuildMethod", "makefile")}))
}

// disposable marks what goes with the stack.
var disposable = []yaml.MapItem{kv("DeletionPolicy", "Delete"), kv("UpdateReplacePolicy", "Delete")}

func queue(e *plan.Entry) doc {
	return resource("AWS::SQS::Queue", doc{
		kv("VisibilityTimeout", visibilityTimes*e.Timeout),
		kv("MessageRetentionPeriod", retention),
		kv("SqsManagedSseEnabled", true),
		kv("RedrivePolicy", doc{
			kv("deadLetterTargetArn", attr(e.DeadLettersID(), "Arn")),
			kv("maxReceiveCount", maxReceive),
		}),
	}, disposable...)
}

func deadLetters() doc {
	return resource("AWS::SQS::Queue", doc{
		kv("MessageRetentionPeriod", retention),
		kv("SqsManagedSseEnabled", true),
	}, disposable...)
}

func logs(p *plan.Plan, e *plan.Entry) doc {
	return resource("AWS::Logs::LogGroup", doc{
		kv("LogGroupName", sub("/harkgen/${AWS::StackName}/"+e.ID())),
		kv("RetentionInDays", p.LogRetention),
	}, disposable...)
}

// A statement allows actions on resources.
func statement(actions []string, resources ...doc) doc {
	return doc{kv("Effect", "Allow"), kv("Action", actions), kv("Resource", resources)}
}

func role(e *plan.Entry) doc {
	return resource("AWS::IAM::Role", doc{
		kv("AssumeRolePolicyDocument", policy(doc{
			kv("Effect", "Allow"),
			kv("Principal", doc{kv("Service", "lambda.amazonaws.com")}),
			kv("Action", "sts:AssumeRole"),
		})),
		kv("Policies", []doc{{
			kv("PolicyName", "hark"),
			kv("PolicyDocument", policy(
				statement([]string{"dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"},
					attr(plan.TableID, "Arn")),
				statement([]string{"s3:DeleteObject", "s3:GetObject", "s3:PutObject"},
					sub("${"+plan.BucketID+".Arn}/b/*")),
				statement([]string{"s3:ListBucket"},
					attr(plan.BucketID, "Arn")),
				statement([]string{"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"},
					attr(e.QueueID(), "Arn")),
				statement([]string{"logs:CreateLogStream", "logs:PutLogEvents"},
					attr(e.LogsID(), "Arn")),
			)),
		}}),
	})
}

func policy(statements ...doc) doc {
	return doc{kv("Version", "2012-10-17"), kv("Statement", statements)}
}
