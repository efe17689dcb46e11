package sfn

import "context"

type (
	Client               struct{}
	Options              struct{}
	StartExecutionInput  struct{ Name *string }
	StartExecutionOutput struct{}
)

func (c *Client) StartExecution(ctx context.Context, in *StartExecutionInput, opts ...func(*Options)) (*StartExecutionOutput, error) {
	return nil, nil
}
