// This file defines what client and server say to each other: calls of net/rpc (gob), one per operation
// of store.Store, all with the same argument and reply types; gob leaves out what is zero.

package shared

import (
	"context"
	"errors"
	"fmt"

	"github.com/harkgen/harkgen/rt/store"
)

// protocol is the version of this file. Client and server must agree.
const protocol = 1

// Args are the arguments of every call. They are exported for net/rpc only.
type Args struct {
	ID, Page string
	Limit    int
	Version  int64
	Record   store.Record
	Blobs    []store.Blob
	Messages []store.Message
	Keys     []store.Key
}

// Reply is the reply of every call. It is exported for net/rpc only.
type Reply struct {
	Code, Error string // see codes
	Version     int64
	Records     []store.Record
	Messages    []store.Message
	Names       []string
	Data        []byte
	Next        string
	PID         int
}

// codes are the errors that keep their identity on the wire.
var codes = []struct {
	code string
	err  error
}{
	{"conflict", store.ErrConflict},
	{"notfound", store.ErrNotFound},
	{"toolarge", store.ErrTooLarge},
	{"badid", store.ErrBadID},
	{"damaged", store.ErrDamaged},
	{"closed", errLost}, // the server goes, so the call is to be repeated with the next one
}

// fail puts the error into the reply.
func (r *Reply) fail(err error) {
	if err == nil {
		return
	}
	r.Code, r.Error = "other", err.Error()
	if errors.Is(err, store.ErrClosed) || errors.Is(err, context.Canceled) { // of the server's context
		err = errLost
	}
	for _, c := range codes {
		if errors.Is(err, c.err) {
			r.Code = c.code
			return
		}
	}
}

// err returns the error in the reply.
func (r *Reply) err() error {
	if r.Code == "" {
		return nil
	}
	for _, c := range codes {
		if c.code == r.Code {
			return &remoteError{r.Error, c.err}
		}
	}
	return errors.New(r.Error)
}

// A remoteError has the text of the server's error and the identity of one of the sentinels.
type remoteError struct {
	msg string
	is  error
}

func (e *remoteError) Error() string { return e.msg }
func (e *remoteError) Unwrap() error { return e.is }

// A Service is what the server registers. It is exported for net/rpc only.
type Service struct{ s *server }

func (v *Service) do(r *Reply, err error) error {
	r.fail(err)
	return nil
}

// Hello tells who serves.
func (v *Service) Hello(a *Args, r *Reply) error {
	r.Version, r.PID = protocol, v.s.pid
	if a.Version != protocol {
		r.fail(fmt.Errorf("the state directory is served by another version of harkgen (process %d); wait until it ends", r.PID))
	}
	return nil
}

// The others are the operations of store.Store.

func (v *Service) Get(a *Args, r *Reply) error {
	rec, err := v.s.Get(v.s.ctx, a.ID)
	r.Records = []store.Record{rec}
	return v.do(r, err)
}

func (v *Service) Put(a *Args, r *Reply) (err error) {
	r.Version, err = v.s.Put(v.s.ctx, a.Record, a.Blobs...)
	return v.do(r, err)
}

func (v *Service) Delete(a *Args, r *Reply) error {
	return v.do(r, v.s.Delete(v.s.ctx, a.ID, a.Version))
}

func (v *Service) List(a *Args, r *Reply) (err error) {
	r.Records, r.Next, err = v.s.List(v.s.ctx, a.ID, a.Page, a.Limit)
	return v.do(r, err)
}

func (v *Service) Append(a *Args, r *Reply) error {
	return v.do(r, v.s.Append(v.s.ctx, a.ID, a.Messages...))
}

func (v *Service) Messages(a *Args, r *Reply) (err error) {
	r.Messages, err = v.s.Messages(v.s.ctx, a.ID, a.Keys[0], a.Limit)
	return v.do(r, err)
}

func (v *Service) DeleteMessages(a *Args, r *Reply) error {
	return v.do(r, v.s.DeleteMessages(v.s.ctx, a.ID, a.Keys...))
}

func (v *Service) PutBlob(a *Args, r *Reply) error {
	return v.do(r, v.s.PutBlob(v.s.ctx, a.Blobs[0]))
}

func (v *Service) GetBlob(a *Args, r *Reply) (err error) {
	r.Data, err = v.s.GetBlob(v.s.ctx, a.ID)
	return v.do(r, err)
}

func (v *Service) DeleteBlob(a *Args, r *Reply) error {
	return v.do(r, v.s.DeleteBlob(v.s.ctx, a.ID))
}

func (v *Service) Blobs(a *Args, r *Reply) (err error) {
	r.Names, r.Next, err = v.s.Blobs(v.s.ctx, a.ID, a.Page, a.Limit)
	return v.do(r, err)
}
