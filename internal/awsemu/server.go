package awsemu

import (
	"net/http/httptest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// A Server is an emulator at an address of its own.
type Server struct {
	*Emulator
	http *httptest.Server
}

// Serve starts an emulator on loopback.
func Serve(opts Options) (*Server, error) {
	e, err := New(opts)
	if err != nil {
		return nil, err
	}
	return &Server{e, httptest.NewServer(e)}, nil
}

// Close stops it.
func (s *Server) Close() {
	s.Emulator.Close()
	s.http.CloseClientConnections()
	s.http.Close()
}

// URL is the endpoint of all services.
func (s *Server) URL() string { return s.http.URL }

// Config is Config(s.URL()).
func (s *Server) Config() aws.Config { return Config(s.URL()) }

// Config is a configuration with made-up credentials for an endpoint, whose clients retry often, but without waiting long.
// Clients of S3 need UsePathStyle.
func Config(endpoint string) aws.Config {
	return aws.Config{
		Region:       Region,
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDFAKE", "fake", ""),
		BaseEndpoint: aws.String(endpoint),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = 20
				o.MaxBackoff = time.Millisecond
				o.RateLimiter = ratelimit.None
			})
		},
	}
}
