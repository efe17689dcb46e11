package sam

import (
	"github.com/goccy/go-yaml"

	"github.com/harkgen/harkgen/deploygen/plan"
)

// This file defines the functions of an entry, and what stands around them.

// entry adds the resources of one entry.
func (t *template) entry(e *plan.Entry) {
	t.function(e)
	for i := range e.Goroutines {
		t.worker(e, &e.Goroutines[i])
	}
	t.role(e)
	t.calls(e)
	t.queue(e.QueueID(), e.DeadLettersID(), e.Timeout)
	t.deadLetters(e.DeadLettersID())
	t.waker(e)
	t.add(e.LogsID(), "AWS::Logs::LogGroup", tagList, doc{
		kv("LogGroupName", sub("/harkgen/${AWS::StackName}/"+e.ID())),
		kv("RetentionInDays", t.plan.LogRetention),
	}, disposable...)
	if e.Kind == plan.Server {
		t.api(e.APIID())
		t.output(e.ID()+"Url", "Where the server "+e.Name+" is", sub("${"+e.APIID()+".ApiEndpoint}"))
	}
	t.alarms(e)
	t.output(e.FunctionID(), "Invoke this to start "+e.Name, ref(e.FunctionID()+".Alias"))
	t.output(e.QueueID(), "Wake-ups of runs of "+e.Name, ref(e.QueueID()))
	t.output(e.DeadLettersID(), "Wake-ups and events of "+e.Name+" that were refused", ref(e.DeadLettersID()))
	t.output(e.LogsID(), "The logs of "+e.Name, ref(e.LogsID()))
}

// function adds the function of the entry itself.
func (t *template) function(e *plan.Entry) {
	t.addFunction(e.FunctionID(), e, e.Resources, doc{
		kv("AutoPublishAlias", "live"),
		kv("EventInvokeConfig", doc{
			kv("MaximumRetryAttempts", 2),
			kv("DestinationConfig", doc{kv("OnFailure", doc{
				kv("Type", "SQS"),
				kv("Destination", attr(e.DeadLettersID(), "Arn")),
			})}),
		}),
		kv("Events", t.events(e)),
	})
}

// worker adds the function of a class of goroutines. Only the function of its entry invokes it, by version.
func (t *template) worker(e *plan.Entry, c *plan.Class) {
	t.addFunction(e.WorkerID(c), e, c.Resources, doc{kv("AutoPublishAlias", "live")})
}

func (t *template) addFunction(id string, e *plan.Entry, r plan.Resources, more doc) {
	t.add(id, "AWS::Serverless::Function", tagsDown, append(doc{
		kv("Runtime", "provided.al2023"),
		kv("Architectures", []string{"arm64"}),
		kv("Handler", "bootstrap"),
		kv("CodeUri", "."),
		kv("MemorySize", r.Memory),
		kv("Timeout", r.Timeout),
		kv("EphemeralStorage", doc{kv("Size", r.Storage)}),
		kv("AutoPublishAliasAllProperties", true),
		kv("RecursiveLoop", "Allow"),
		kv("Role", attr(e.RoleID(), "Arn")),
		kv("LoggingConfig", doc{kv("LogFormat", "JSON"), kv("LogGroup", ref(e.LogsID()))}),
		kv("Environment", doc{kv("Variables", t.environment(e, id == e.FunctionID()))}),
	}, more...), kv("Metadata", doc{kv("BuildMethod", "makefile")}))
}

// environment is how a handler finds its resources. The functions of goroutines are told to the function of the entry only.
func (t *template) environment(e *plan.Entry, classes bool) doc {
	vars := doc{
		kv(plan.EnvTable, ref(plan.TableID)),
		kv(plan.EnvBucket, ref(plan.BucketID)),
		kv(plan.EnvQueue, ref(e.QueueID())),
		kv(plan.EnvQueueARN, attr(e.QueueID(), "Arn")),
		kv(plan.EnvDeadLetters, ref(e.DeadLettersID())),
		kv(plan.EnvSchedules, ref(plan.SchedulesID)),
		kv(plan.EnvScheduler, attr(e.WakerID(), "Arn")),
		kv(plan.EnvEntry, e.Name),
		kv(plan.EnvKind, string(e.Kind)),
		kv(plan.EnvRetention, decimal(t.plan.RunRetention)),
	}
	if t.plan.Tracing != "" {
		vars = append(vars, kv(plan.EnvTracing, t.plan.Tracing))
	}
	if classes && len(e.Goroutines) > 0 {
		vars = append(vars, kv(plan.EnvClasses, versions(e)))
	}
	for _, v := range e.Env {
		vars = append(vars, kv(v.Name, text(v.Value)))
	}
	return vars
}

// versions is a JSON object of the classes with the versions of their functions. Names of classes need no quoting.
func versions(e *plan.Entry) doc {
	object, vars := "{", doc{}
	for i := range e.Goroutines {
		c := &e.Goroutines[i]
		if i > 0 {
			object += ","
		}
		name := "V" + decimal(i)
		object += `"` + c.Name + `":"${` + name + `}"`
		vars = append(vars, kv(name, ref(e.WorkerID(c)+".Version")))
	}
	return doc{kv("Fn::Sub", []any{object + "}", vars})}
}

// An alarm is on one metric of one thing.
type alarm struct {
	id, what, namespace, metric, dimension string
	of                                     doc
	statistic                              string
	above                                  int
}

// alarms adds those of an entry. A wake-up that has been there for an hour means that invocations do not keep up, or fail.
func (t *template) alarms(e *plan.Entry) {
	const anHour = 3600
	for _, a := range []alarm{
		{e.DeadLettersAlarm(), "Wake-ups or events of " + e.Name + " were given up", "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", attr(e.DeadLettersID(), "QueueName"), "Maximum", 0},
		{e.OldestWakeUpAlarm(), "Runs of " + e.Name + " wait for an hour to go on", "AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", attr(e.QueueID(), "QueueName"), "Maximum", anHour},
		{e.ErrorsAlarm(), "Invocations of " + e.Name + " fail", "AWS/Lambda", "Errors", "FunctionName", ref(e.FunctionID()), "Sum", 0},
		{e.ThrottlesAlarm(), "Invocations of " + e.Name + " are throttled", "AWS/Lambda", "Throttles", "FunctionName", ref(e.FunctionID()), "Sum", 0},
	} {
		t.alarm(&a)
	}
}

func (t *template) alarm(a *alarm) {
	props := doc{
		kv("AlarmDescription", a.what),
		kv("Namespace", a.namespace),
		kv("MetricName", a.metric),
		kv("Dimensions", []doc{{kv("Name", a.dimension), kv("Value", a.of)}}),
		kv("Statistic", a.statistic),
		kv("Period", 300),
		kv("EvaluationPeriods", 1),
		kv("ComparisonOperator", "GreaterThanThreshold"),
		kv("Threshold", a.above),
		kv("TreatMissingData", "notBreaching"),
	}
	if topic := t.plan.AlarmTopic; topic != "" {
		props = append(props, kv("AlarmActions", []string{topic}), kv("OKActions", []string{topic}))
	}
	t.add(a.id, "AWS::CloudWatch::Alarm", tagList, props)
}

func event(name, typ string, props doc) yaml.MapItem {
	return kv(name, doc{kv("Type", typ), kv("Properties", props)})
}
