package sam

import (
	"github.com/goccy/go-yaml"
)

// This file defines the resources that hold state, as rt/store/dynamo uses them, and the user's like them.

func (t *template) table(id string, more ...yaml.MapItem) {
	t.add(id, "AWS::DynamoDB::Table", tagList, append(doc{
		kv("BillingMode", "PAY_PER_REQUEST"),
		kv("AttributeDefinitions", []doc{
			{kv("AttributeName", "pk"), kv("AttributeType", "S")},
			{kv("AttributeName", "sk"), kv("AttributeType", "S")},
		}),
		kv("KeySchema", []doc{
			{kv("AttributeName", "pk"), kv("KeyType", "HASH")},
			{kv("AttributeName", "sk"), kv("KeyType", "RANGE")},
		}),
		kv("PointInTimeRecoverySpecification", doc{kv("PointInTimeRecoveryEnabled", t.plan.PointInTimeRecovery)}),
	}, more...), retain...)
}

// bucket adds a bucket, and a policy that refuses requests without TLS.
func (t *template) bucket(id, policyID string, more ...yaml.MapItem) {
	t.add(id, "AWS::S3::Bucket", tagList, append(doc{
		kv("BucketEncryption", doc{kv("ServerSideEncryptionConfiguration", []doc{
			{kv("ServerSideEncryptionByDefault", doc{kv("SSEAlgorithm", "AES256")})},
		})}),
		kv("PublicAccessBlockConfiguration", doc{
			kv("BlockPublicAcls", true),
			kv("BlockPublicPolicy", true),
			kv("IgnorePublicAcls", true),
			kv("RestrictPublicBuckets", true),
		}),
		kv("OwnershipControls", doc{kv("Rules", []doc{{kv("ObjectOwnership", "BucketOwnerEnforced")}})}),
		kv("LifecycleConfiguration", doc{kv("Rules", []doc{{
			kv("Id", "AbortUploads"),
			kv("Status", "Enabled"),
			kv("AbortIncompleteMultipartUpload", doc{kv("DaysAfterInitiation", 1)}),
		}})}),
	}, more...), retain...)
	t.add(policyID, "AWS::S3::BucketPolicy", noTags, doc{
		kv("Bucket", ref(id)),
		kv("PolicyDocument", policy(doc{
			kv("Effect", "Deny"),
			kv("Principal", "*"),
			kv("Action", "s3:*"),
			kv("Resource", []doc{attr(id, "Arn"), sub("${" + id + ".Arn}/*")}),
			kv("Condition", doc{kv("Bool", doc{kv("aws:SecureTransport", "false")})}),
		})),
	})
}

const retention = 14 * 24 * 3600 // seconds that queues keep messages, the longest that SQS offers

// queue adds a queue whose messages become dead letters after maxReceive deliveries.
func (t *template) queue(id, deadLetters string, timeout int) {
	const maxReceive, visibilityTimes = 5, 6 // deliveries; times the timeout of the function
	t.add(id, "AWS::SQS::Queue", tagList, doc{
		kv("VisibilityTimeout", visibilityTimes*timeout),
		kv("MessageRetentionPeriod", retention),
		kv("SqsManagedSseEnabled", true),
		kv("RedrivePolicy", doc{
			kv("deadLetterTargetArn", attr(deadLetters, "Arn")),
			kv("maxReceiveCount", maxReceive),
		}),
	}, disposable...)
}

func (t *template) deadLetters(id string) {
	t.add(id, "AWS::SQS::Queue", tagList, doc{
		kv("MessageRetentionPeriod", retention),
		kv("SqsManagedSseEnabled", true),
	}, disposable...)
}
