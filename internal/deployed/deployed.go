// Package deployed speaks to a deployment that is there: in an AWS account, or in the local cloud, which
// speaks the same APIs. It finds everything by the outputs of the stack.
package deployed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/dynamo"
)

// A Deployment is one. Its methods are safe for concurrent use.
type Deployment struct {
	where   string // in words, for errors
	outputs map[string]string
	store   store.Store
	lambda  *lambda.Client
	sqs     *sqs.Client
	logs    *cloudwatchlogs.Client
}

// OpenStack opens a stack of the account and region that the environment names, as AWS tools read it.
func OpenStack(ctx context.Context, name string) (*Deployment, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	out, err := cloudformation.NewFromConfig(cfg).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(name)})
	if err != nil {
		return nil, fmt.Errorf("the stack %s: %w", name, err)
	}
	if len(out.Stacks) != 1 {
		return nil, fmt.Errorf("there is no stack %s in %s", name, cfg.Region)
	}
	outputs := map[string]string{}
	for _, o := range out.Stacks[0].Outputs {
		outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	return open(ctx, "the stack "+name, cfg, outputs)
}

// OpenCloud opens what runs in a local cloud.
func OpenCloud(ctx context.Context, c *plan.Cloud) (*Deployment, error) {
	return open(ctx, "the local cloud", aws.Config{
		Region:       "us-east-1", // any: one endpoint is all regions
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
		BaseEndpoint: aws.String(c.Endpoint),
	}, c.Outputs)
}

func open(ctx context.Context, where string, cfg aws.Config, outputs map[string]string) (*Deployment, error) {
	table, bucket := outputs[plan.TableOutput], outputs[plan.BucketOutput]
	if table == "" || bucket == "" {
		return nil, fmt.Errorf("%s is not a deployment of harkgen: it has no outputs %s and %s", where, plan.TableOutput, plan.BucketOutput)
	}
	s, err := dynamo.Open(dynamo.Options{
		Table: table, Bucket: bucket, DynamoDB: dynamodb.NewFromConfig(cfg),
		S3: s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil }),
	})
	if err != nil {
		return nil, err
	}
	return &Deployment{
		where:   where,
		outputs: outputs,
		store:   s,
		lambda:  lambda.NewFromConfig(cfg, func(o *lambda.Options) { o.RetryMaxAttempts = 1 }), // else one command may start two runs
		sqs:     sqs.NewFromConfig(cfg),
		logs:    cloudwatchlogs.NewFromConfig(cfg),
	}, nil
}

// Close ends the use of it.
func (d *Deployment) Close() error { return d.store.Close() }

// Store is where the runs are.
func (d *Deployment) Store() store.Store { return d.store }

// ErrNoEntry says that the deployment has no such entry point.
var ErrNoEntry = errors.New("no such entry point")

// output returns an output of an entry, named by its logical id.
func (d *Deployment) output(entry, id string) (string, error) {
	if v := d.outputs[id]; v != "" {
		return v, nil
	}
	return "", fmt.Errorf("%w: %s has no %s; it has, as its outputs name them, %s", ErrNoEntry, d.where, entry, strings.Join(plan.EntryIDs(d.outputs), ", "))
}

// Runs returns all runs, oldest first, and an error about those that cannot be read.
func (d *Deployment) Runs(ctx context.Context) ([]store.Run, error) {
	var runs []store.Run
	var errs []error
	for page := ""; ; {
		recs, next, err := d.store.List(ctx, "", page, 500)
		if err != nil {
			return runs, errors.Join(append(errs, err)...)
		}
		for _, rec := range recs {
			if strings.Contains(rec.ID, "/") { // of the processes of a run
				continue
			}
			run, err := store.DecodeRun(rec)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			runs = append(runs, *run)
		}
		if page = next; page == "" {
			break
		}
	}
	slices.SortStableFunc(runs, func(a, b store.Run) int { return a.Created.Compare(b.Created) })
	return runs, errors.Join(errs...)
}

// Run returns one run. The error may wrap store.ErrNotFound.
func (d *Deployment) Run(ctx context.Context, id string) (*store.Run, error) {
	rec, err := d.store.Get(ctx, id)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrBadID) {
		return nil, fmt.Errorf("there is no run %s in %s: %w", id, d.where, store.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return store.DecodeRun(rec)
}

// Pinned says what becomes of a run when its program has a new version.
func (d *Deployment) Pinned(r *store.Run) string {
	version, _, _ := strings.Cut(r.Build, "/")
	return fmt.Sprintf("stays with version %s of the function, which is kept", version)
}
