// Package awscall makes single calls of AWS services whose clients in the SDK are large: their tables of all operations and shapes are
// linked for the first of them. What can go wrong is left to the SDK: its middlewares retry, sign, and count.
package awscall

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// A Client makes calls of one service. It may be used by several goroutines.
type Client struct {
	cfg      aws.Config
	service  string
	endpoint string
	retryer  aws.Retryer
	signer   *v4.Signer
	http     aws.HTTPClient
}

// New returns a client of a service by the name that it has in its endpoint and in signatures: "lambda". It uses of cfg Region, Credentials,
// BaseEndpoint, Retryer, HTTPClient and APIOptions.
func New(cfg aws.Config, service string) (*Client, error) {
	c := &Client{cfg: cfg, service: service, http: cfg.HTTPClient, retryer: aws.NopRetryer{}, signer: v4.NewSigner()}
	if c.http == nil {
		c.http = awshttp.NewBuildableClient()
	}
	if cfg.Retryer != nil {
		c.retryer = cfg.Retryer()
	}
	var err error
	c.endpoint, err = endpoint(&cfg, service)
	return c, err
}

// endpoint returns the URL of the service: AWS_ENDPOINT_URL_SERVICE of the environment comes first, as in the SDK. That of DynamoDB, which is linked anyway, knows the partition of the region.
func endpoint(cfg *aws.Config, service string) (string, error) {
	if url := os.Getenv("AWS_ENDPOINT_URL_" + strings.ToUpper(service)); url != "" {
		return strings.TrimSuffix(url, "/"), nil
	}
	if cfg.BaseEndpoint != nil {
		return strings.TrimSuffix(*cfg.BaseEndpoint, "/"), nil
	}
	e, err := dynamodb.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), dynamodb.EndpointParameters{Region: &cfg.Region})
	if err != nil {
		return "", err
	}
	return "https://" + service + strings.TrimPrefix(e.URI.Host, "dynamodb"), nil
}

// A Call is a request.
type Call struct {
	Operation string // as the SDK names it
	Path      string // "": "/"; escaped
	Query     url.Values
	Header    http.Header
	Body      []byte
}

// An Answer is the response of a call that has succeeded.
type Answer struct {
	Header http.Header
	Body   []byte
}

// Post makes a call. An error that the service has answered is a [smithy.APIError]: see [Code].
func (c *Client) Post(ctx context.Context, call Call) (Answer, error) {
	ctx = middleware.ClearStackValues(ctx)
	ctx = awsmiddleware.SetServiceID(ctx, c.service)
	ctx = awsmiddleware.SetOperationName(ctx, call.Operation)
	sum := sha256.Sum256(call.Body)
	ctx = v4.SetPayloadHash(ctx, hex.EncodeToString(sum[:]))
	stack, err := c.stack(call.Operation)
	if err != nil {
		return Answer{}, err
	}
	out, _, err := middleware.DecorateHandler(smithyhttp.NewClientHandlerWithOptions(c.http), stack).Handle(ctx, call)
	if err != nil {
		return Answer{}, fmt.Errorf("%s of %s: %w", call.Operation, c.service, err)
	}
	return out.(Answer), nil
}

// stack returns the middlewares of a call: its request is made, tried, signed and sent, the response read.
func (c *Client) stack(operation string) (*middleware.Stack, error) {
	s := middleware.NewStack(operation, smithyhttp.NewStackRequest)
	err := errors.Join(
		s.Serialize.Add(middleware.SerializeMiddlewareFunc("Request", c.write), middleware.After),
		awsmiddleware.AddRecursionDetection(s),
		s.Finalize.Add(middleware.FinalizeMiddlewareFunc("Signing", c.sign), middleware.After),
		retry.AddRetryMiddlewares(s, retry.AddRetryMiddlewaresOptions{Retryer: c.retryer}),
		awsmiddleware.AddRawResponseToMetadata(s),
		s.Deserialize.Add(middleware.DeserializeMiddlewareFunc("Response", read), middleware.After),
	)
	for _, f := range c.cfg.APIOptions {
		err = errors.Join(err, f(s))
	}
	return s, err
}

// write makes the request of a Call.
func (c *Client) write(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (out middleware.SerializeOutput, md middleware.Metadata, err error) {
	call, r := in.Parameters.(Call), in.Request.(*smithyhttp.Request)
	if r.URL, err = url.Parse(c.endpoint + cmp.Or(call.Path, "/")); err != nil {
		return out, md, err
	}
	r.Method = http.MethodPost
	r.URL.RawQuery = call.Query.Encode()
	for name, values := range call.Header {
		r.Header[name] = values
	}
	if r, err = r.SetStream(bytes.NewReader(call.Body)); err != nil {
		return out, md, err
	}
	in.Request = r
	return next.HandleSerialize(ctx, in)
}

// sign signs a request, at each attempt.
func (c *Client) sign(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (out middleware.FinalizeOutput, md middleware.Metadata, err error) {
	keys, err := c.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return out, md, err
	}
	r := in.Request.(*smithyhttp.Request).Request
	if err := c.signer.SignHTTP(ctx, keys, r, v4.GetPayloadHash(ctx), c.service, c.cfg.Region, time.Now()); err != nil {
		return out, md, err
	}
	return next.HandleFinalize(ctx, in)
}

// read makes an Answer of the response, or an error.
func read(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (out middleware.DeserializeOutput, md middleware.Metadata, err error) {
	if out, md, err = next.HandleDeserialize(ctx, in); err != nil {
		return out, md, err
	}
	r := out.RawResponse.(*smithyhttp.Response)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	switch {
	case err != nil:
		err = &smithy.DeserializationError{Err: err}
	case r.StatusCode/100 != 2:
		id := r.Header.Get("X-Amzn-Requestid")
		err = &awshttp.ResponseError{RequestID: id, ResponseError: &smithyhttp.ResponseError{Response: r, Err: apiError(r, body)}}
	}
	out.Result = Answer{r.Header, body}
	return out, md, err
}

// apiError reads an error of the protocols restJson1 and awsJson1.
func apiError(r *smithyhttp.Response, body []byte) error {
	var e struct {
		Type    string `json:"__type"`
		Code    string
		Message string
	}
	if json.Unmarshal(body, &e) != nil {
		e.Message = string(body)
	}
	code := cmp.Or(r.Header.Get("X-Amzn-Errortype"), e.Type, e.Code, r.Status)
	code, _, _ = strings.Cut(code, ":") // "NAME:http://internal.amazon.com/..."
	fault := smithy.FaultClient
	if r.StatusCode/100 == 5 {
		fault = smithy.FaultServer
	}
	return &smithy.GenericAPIError{Code: code[strings.LastIndex(code, "#")+1:], Message: e.Message, Fault: fault}
}

// Code returns the code of an error that a service has answered, else "".
func Code(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return ""
}
