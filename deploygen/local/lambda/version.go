package lambda

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// This file defines functions and their versions. The code of a version is DIR/NAME/NUMBER/bootstrap.

// A Config is what a function is, besides its code. It belongs to a version.
type Config struct {
	Name        string
	Env         map[string]string
	Memory      int           // in MB, told to the function only
	Timeout     time.Duration // of an invocation
	Concurrency int           // reserved for the function, and its limit; 0: none
	LogGroup    string        // "" is /aws/lambda/NAME
	OnFailure   string        // ARN of the destination of asynchronous events that were given up; "": none
}

// Live is the alias of the version that was deployed last. Latest is what has no number yet.
const (
	Live   = "live"
	Latest = "$LATEST"
)

type function struct {
	highest  int                 // number that was given last; none is given twice
	aliases  map[string]string   // to numbers
	versions map[string]*version // by number, and Latest
	running  int                 // invocations
}

type version struct {
	Config
	Number  string
	Created time.Time
	SHA256  string // of the code, base64

	dir     string
	size    int64          // of the code
	idle    []*environment // frozen, in the order of their use
	deleted bool
}

// Deploy publishes a version of a function, whose code is that executable, and lets the alias point to it. If nothing has changed since the last one,
// that one it is. It returns the version's number.
func (s *Service) Deploy(c Config, bootstrap string) (string, error) {
	if c.Name == "" || strings.Trim(c.Name, nameChars) != "" || c.Timeout <= 0 {
		return "", fmt.Errorf("a function cannot have the name %q and a timeout of %v", c.Name, c.Timeout)
	}
	if c.LogGroup == "" {
		c.LogGroup = "/aws/lambda/" + c.Name
	}
	sum, err := hash(bootstrap)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[c.Name]
	if f == nil {
		f = &function{aliases: map[string]string{}, versions: map[string]*version{}}
	}
	v := &version{Config: c, Number: strconv.Itoa(f.highest + 1), Created: s.o.Clock.Now(), SHA256: sum}
	if last := f.versions[strconv.Itoa(f.highest)]; last != nil && last.same(v) {
		v = last
	} else {
		v.dir = filepath.Join(s.o.Dir, c.Name, v.Number)
		if err := v.write(bootstrap); err != nil {
			return "", err
		}
		f.highest++
	}
	f.aliases[Live] = v.Number
	s.functions[c.Name] = f
	s.add(f, v)
	return v.Number, nil
}

const nameChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

// add lets the function have the version, which is its newest. s.mu is held.
func (s *Service) add(f *function, v *version) {
	f.versions[v.Number] = v
	if latest := f.versions[Latest]; latest != nil {
		if latest.same(v) {
			return
		}
		s.retire(latest)
	}
	f.versions[Latest] = &version{Config: v.Config, Number: Latest, Created: v.Created, SHA256: v.SHA256, dir: v.dir, size: v.size}
}

// retire makes nobody use the version any more. s.mu is held.
func (s *Service) retire(v *version) {
	v.deleted = true
	for _, e := range v.idle {
		s.discard(e)
	}
	v.idle = nil
}

// delete removes a version, or with "" the whole function.
func (s *Service) delete(name, qualifier string) *Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[name]
	switch {
	case f == nil:
		return notFound(s.arn(name, qualifier))
	case qualifier == "":
		for _, v := range f.versions {
			s.retire(v)
		}
		delete(s.functions, name)
		os.RemoveAll(filepath.Join(s.o.Dir, name))
		return nil
	case qualifier == Latest:
		return invalid("$LATEST version cannot be deleted without deleting the function.")
	}
	for alias, number := range f.aliases {
		if number == qualifier {
			return &Error{Status: 409, Code: "ResourceConflictException", Msg: fmt.Sprintf("Unable to delete version because the following aliases reference it: [%s]", alias)}
		}
	}
	if v := f.versions[qualifier]; v != nil { // AWS says nothing if it is not there
		s.retire(v)
		delete(f.versions, qualifier)
		os.RemoveAll(v.dir)
	}
	return nil
}

// lookup returns what a name and a qualifier mean, as the API takes them: the name may be an ARN, or part of one.
func (s *Service) lookup(name, qualifier string) (*version, *Error) {
	name, q := splitName(name)
	if q != "" && qualifier != "" && q != qualifier {
		return nil, invalid("The derived qualifier from the function name does not match the specified qualifier.")
	}
	qualifier = cmp.Or(qualifier, q, Latest)
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[name]
	if f == nil {
		return nil, notFound(s.arn(name, ""))
	}
	if v := f.versions[qualifier]; v != nil {
		return v, nil
	}
	if v := f.versions[f.aliases[qualifier]]; v != nil {
		return v, nil
	}
	return nil, notFound(s.arn(name, qualifier))
}

// splitName splits NAME, NAME:QUALIFIER, ACCOUNT:function:NAME... and ARNs.
func splitName(s string) (name, qualifier string) {
	if _, rest, ok := strings.Cut(s, ":function:"); ok {
		s = rest
	}
	name, qualifier, _ = strings.Cut(s, ":")
	return name, qualifier
}

func (s *Service) arn(name, qualifier string) string {
	arn := "arn:aws:lambda:" + s.o.Region + ":" + s.o.Account + ":function:" + name
	if qualifier != "" {
		arn += ":" + qualifier
	}
	return arn
}

// same reports whether two versions differ in nothing but their numbers.
func (v *version) same(w *version) bool {
	return v.SHA256 == w.SHA256 && reflect.DeepEqual(v.Config, w.Config)
}

// write stores the version.
func (v *version) write(bootstrap string) error {
	if err := os.MkdirAll(v.dir, 0o700); err != nil {
		return err
	}
	n, err := copyFile(v.exe(), bootstrap)
	if err != nil {
		return err
	}
	v.size = n
	return nil
}

func (v *version) exe() string { return filepath.Join(v.dir, "bootstrap") }

func hash(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil)), nil
}

func copyFile(to, from string) (int64, error) {
	in, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o700)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(out, in)
	return n, errors.Join(err, out.Close())
}
