// Goroutines that use clients of AWS with functions and memory of the program. Which client an operation calls a function for is not known.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
)

var (
	ctx = context.Background()

	plain = s3.New(s3.Options{})

	calls    int
	counting = s3.New(s3.Options{APIOptions: []func(*middleware.Stack) error{func(*middleware.Stack) error { calls++; return nil }}})

	transport = &http.Client{}
	through   = s3.New(s3.Options{HTTPClient: transport})

	saved  *http.Client
	saving = s3.New(s3.Options{}, func(o *s3.Options) {
		c := &http.Client{}
		saved = c
		o.HTTPClient = c
	})
)

func main() {
	optionOfClient()
	option()
	optionThrough()
	ownBody()
	tellingError()
	sharedContext()
	changedClient()
	savedClient()
}

func optionOfClient() {
	go func() { counting.GetObject(ctx, &s3.GetObjectInput{}) }() // local: .*
	fmt.Println(calls)
}

func changedClient() {
	go func() { through.GetObject(ctx, &s3.GetObjectInput{}) }() // local: .*
	transport.Timeout = time.Second
}

func savedClient() {
	go func() { saving.GetObject(ctx, &s3.GetObjectInput{}) }() // local: .*
	saved.Timeout = time.Second
}

func option() {
	n := 0
	for range 2 {
		go func() { plain.GetObject(ctx, &s3.GetObjectInput{}, func(*s3.Options) { n++ }) }() // local: .*
	}
}

func optionThrough() {
	c := &http.Client{}
	go func() { // local: .*
		plain.GetObject(ctx, &s3.GetObjectInput{}, func(o *s3.Options) { o.HTTPClient = c }, func(o *s3.Options) { o.HTTPClient.(*http.Client).Timeout = time.Second })
	}()
	fmt.Println(c.Timeout)
}

// A counter counts what is read.
type counter struct {
	r io.Reader
	n int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func ownBody() {
	sizes := make(chan int)
	for range 2 {
		go func() { // local: .*
			body := &counter{r: strings.NewReader("text")}
			plain.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String("k"), Body: body})
			sizes <- body.n
		}()
	}
	fmt.Println(<-sizes + <-sizes)
}

// A failing reader's error leads to the reader.
type failing struct{ n int }

func (f *failing) Error() string { return fmt.Sprint("failed ", f.n) }

func (f *failing) Read([]byte) (int, error) {
	f.n++
	return 0, f
}

func tellingError() {
	errs := make(chan error)
	go func() { // local: .*
		body := &failing{}
		_, err := plain.PutObject(ctx, &s3.PutObjectInput{Body: body})
		errs <- err
		body.n++
	}()
	fmt.Println(<-errs)
}

type key struct{}

func sharedContext() {
	n := new(int)
	ctx := context.WithValue(ctx, key{}, n)
	outs := make(chan error)
	go func() { // local: .*
		_, err := plain.GetObject(ctx, &s3.GetObjectInput{})
		*ctx.Value(key{}).(*int)++
		outs <- err
	}()
	*n = 2
	<-outs
}
