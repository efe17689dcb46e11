package sqs

import "context"

type (
	Client            struct{}
	Options           struct{}
	SendMessageInput  struct{ MessageDeduplicationId *string }
	SendMessageOutput struct{}
)

func (c *Client) SendMessage(ctx context.Context, in *SendMessageInput, opts ...func(*Options)) (*SendMessageOutput, error) {
	return nil, nil
}
