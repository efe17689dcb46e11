package dynamodb

import "context"

type (
	Client           struct{}
	Options          struct{}
	UpdateItemInput  struct{ UpdateExpression, ConditionExpression *string }
	UpdateItemOutput struct{}
)

func (c *Client) UpdateItem(ctx context.Context, in *UpdateItemInput, opts ...func(*Options)) (*UpdateItemOutput, error) {
	return nil, nil
}
