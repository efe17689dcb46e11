package s3

import "context"

type (
	Client          struct{}
	Options         struct{}
	PutObjectInput  struct{ Key *string }
	PutObjectOutput struct{}
)

func (c *Client) PutObject(ctx context.Context, in *PutObjectInput, opts ...func(*Options)) (*PutObjectOutput, error) {
	return nil, nil
}
