// This file defines the client: store.Store over a connection.

package shared

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/rpc"
	"time"

	"github.com/harkgen/harkgen/rt/store"
)

type client struct{ rpc *rpc.Client }

func (c *client) serving() bool { return false }

// dial returns a client, or an error that wraps errLost if nobody answers.
func dial(ctx context.Context, dir string, deadline time.Time) (*client, error) {
	path, err := findSocket(dir)
	if err != nil {
		return nil, fmt.Errorf("%w (%v)", errLost, err)
	}
	d := net.Dialer{Deadline: deadline}
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w (%v)", errLost, err)
	}
	c := &client{rpc.NewClient(conn)}
	hello, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	if _, err := c.call(hello, "Hello", &Args{Version: protocol}); err != nil {
		c.Close()
		if ctx.Err() == nil && hello.Err() != nil {
			return nil, fmt.Errorf("state directory %s: the process that serves it does not answer", dir)
		}
		return nil, err
	}
	return c, nil
}

// call makes a call. The error wraps errLost if the connection broke or the server goes.
func (c *client) call(ctx context.Context, op string, a *Args) (*Reply, error) {
	var r Reply
	call := c.rpc.Go("Service."+op, a, &r, make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
	case <-ctx.Done():
		return &Reply{}, ctx.Err() // r may still be written
	}
	var refused rpc.ServerError
	switch {
	case call.Error == nil:
		return &r, r.err()
	case errors.As(call.Error, &refused):
		return &r, fmt.Errorf("store server: %s", refused)
	}
	return &r, fmt.Errorf("%w (%v)", errLost, call.Error)
}

func (c *client) Close() error {
	c.rpc.Close()
	return nil
}

func (c *client) Get(ctx context.Context, id string) (store.Record, error) {
	r, err := c.call(ctx, "Get", &Args{ID: id})
	if err != nil {
		return store.Record{}, err
	}
	return r.Records[0], nil
}

func (c *client) Put(ctx context.Context, rec store.Record, blobs ...store.Blob) (int64, error) {
	r, err := c.call(ctx, "Put", &Args{Record: rec, Blobs: blobs})
	return r.Version, err
}

func (c *client) Delete(ctx context.Context, id string, version int64) error {
	_, err := c.call(ctx, "Delete", &Args{ID: id, Version: version})
	return err
}

func (c *client) List(ctx context.Context, prefix, page string, limit int) ([]store.Record, string, error) {
	r, err := c.call(ctx, "List", &Args{ID: prefix, Page: page, Limit: limit})
	return r.Records, r.Next, err
}

func (c *client) Append(ctx context.Context, mailbox string, ms ...store.Message) error {
	_, err := c.call(ctx, "Append", &Args{ID: mailbox, Messages: ms})
	return err
}

func (c *client) Messages(ctx context.Context, mailbox string, after store.Key, limit int) ([]store.Message, error) {
	r, err := c.call(ctx, "Messages", &Args{ID: mailbox, Keys: []store.Key{after}, Limit: limit})
	return r.Messages, err
}

func (c *client) DeleteMessages(ctx context.Context, mailbox string, keys ...store.Key) error {
	_, err := c.call(ctx, "DeleteMessages", &Args{ID: mailbox, Keys: keys})
	return err
}

func (c *client) PutBlob(ctx context.Context, b store.Blob) error {
	_, err := c.call(ctx, "PutBlob", &Args{Blobs: []store.Blob{b}})
	return err
}

func (c *client) GetBlob(ctx context.Context, name string) ([]byte, error) {
	r, err := c.call(ctx, "GetBlob", &Args{ID: name})
	return r.Data, err
}

func (c *client) DeleteBlob(ctx context.Context, name string) error {
	_, err := c.call(ctx, "DeleteBlob", &Args{ID: name})
	return err
}

func (c *client) Blobs(ctx context.Context, owner, page string, limit int) ([]string, string, error) {
	r, err := c.call(ctx, "Blobs", &Args{ID: owner, Page: page, Limit: limit})
	return r.Names, r.Next, err
}
