package local

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"sync"

	"github.com/harkgen/harkgen/deploygen/local/lambda"
)

// logs takes the logs of the functions: it is a [lambda.Sink]. Each group has a file.
type logs struct {
	dir   string
	log   func(lambda.LogEvent)               // may be nil
	group func(group, stream, message string) // CloudWatch Logs

	mu    sync.Mutex
	files map[string]*os.File
	err   error // the first
}

func (l *logs) Log(e lambda.LogEvent) {
	if l.log != nil {
		l.log(e)
	}
	l.group(e.Group, e.Stream, e.Message)
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := l.file(e.Group)
	if err == nil {
		_, err = fmt.Fprintf(f, "%s %s %s\n", e.Time.UTC().Format("2006-01-02T15:04:05.000Z"), e.Stream, e.Message)
	}
	if l.err == nil {
		l.err = err
	}
}

// file returns the file of a group, which begins anew with the cloud.
func (l *logs) file(group string) (*os.File, error) {
	if f := l.files[group]; f != nil {
		return f, nil
	}
	f, err := os.Create(filepath.Join(l.dir, path.Base(group)+".log"))
	if err != nil {
		return nil, err
	}
	if l.files == nil {
		l.files = map[string]*os.File{}
	}
	l.files[group] = f
	return f, nil
}

func (l *logs) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	errs := []error{l.err}
	for _, f := range l.files {
		errs = append(errs, f.Close())
	}
	l.files = nil
	return errors.Join(errs...)
}
