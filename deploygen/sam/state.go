package sam

import (
	"github.com/goccy/go-yaml"

	"github.com/harkgen/harkgen/deploygen/plan"
)

// This file defines the resources that hold state, as rt/store/dynamo uses them.

var retain = []yaml.MapItem{kv("DeletionPolicy", "Retain"), kv("UpdateReplacePolicy", "Retain")}

func table(p *plan.Plan) doc {
	return resource("AWS::DynamoDB::Table", doc{
		kv("BillingMode", "PAY_PER_REQUEST"),
		kv("AttributeDefinitions", []doc{
			{kv("AttributeName", "pk"), kv("AttributeType", "S")},
			{kv("AttributeName", "sk"), kv("AttributeType", "S")},
		}),
		kv("KeySchema", []doc{
			{kv("AttributeName", "pk"), kv("KeyType", "HASH")},
			{kv("AttributeName", "sk"), kv("KeyType", "RANGE")},
		}),
		kv("TimeToLiveSpecification", doc{kv("AttributeName", "ttl"), kv("Enabled", true)}),
		kv("PointInTimeRecoverySpecification", doc{kv("PointInTimeRecoveryEnabled", p.PointInTimeRecovery)}),
	}, retain...)
}

func bucket() doc {
	return resource("AWS::S3::Bucket", doc{
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
	}, retain...)
}

// bucketPolicy refuses requests without TLS.
func bucketPolicy() doc {
	return resource("AWS::S3::BucketPolicy", doc{
		kv("Bucket", ref(plan.BucketID)),
		kv("PolicyDocument", policy(doc{
			kv("Effect", "Deny"),
			kv("Principal", "*"),
			kv("Action", "s3:*"),
			kv("Resource", []doc{attr(plan.BucketID, "Arn"), sub("${" + plan.BucketID + ".Arn}/*")}),
			kv("Condition", doc{kv("Bool", doc{kv("aws:SecureTransport", "false")})}),
		})),
	})
}
