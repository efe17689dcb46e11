package library

import (
	"go/types"
	"strings"
)

// This file says which types of code that is not compiled stand for more than their memory.

// A Handle is a type whose values stand for something outside the program, or hide memory that no method changes for others to see. Calls
// with it do not count as writes to it, but for those that set something.
type Handle struct {
	Cannot  string // what ties it to this process; "": nothing, it can be saved
	changes string // methods that change it, besides Set...
	only    string // if given: only these methods do not change it
	Open    bool   // its methods may change what it leads to
}

var handles = map[string]Handle{
	"github.com/aws/aws-sdk-go-v2/aws.Config": {},

	"database/sql.DB":        {Cannot: "database connections belong to one process", changes: "Close"},
	"net.Listener":           {Cannot: "a network connection belongs to one process", changes: "Close"},
	"net.TCPListener":        {Cannot: "a network connection belongs to one process", changes: "Close"},
	"net.UnixListener":       {Cannot: "a network connection belongs to one process", changes: "Close"},
	"net.Conn":               {Cannot: "a network connection belongs to one process", only: "LocalAddr RemoteAddr"},
	"net.TCPConn":            {Cannot: "a network connection belongs to one process", only: "LocalAddr RemoteAddr"},
	"net.UDPConn":            {Cannot: "a network connection belongs to one process", only: "LocalAddr RemoteAddr WriteTo WriteToUDP"},
	"net/http.Transport":     {Cannot: "its connections belong to one process", changes: "RegisterProtocol"},
	"os.File":                {Cannot: "an open file belongs to one process", only: "Name Fd Stat ReadAt WriteAt Sync"},
	"os.Root":                {Cannot: "an open directory belongs to one process", changes: "Close"},
	"os/exec.Cmd":            {Cannot: "a child process belongs to one process", only: "String"},
	"plugin.Plugin":          {Cannot: "a plugin is loaded into one process"},
	"hash/maphash.Seed":      {Cannot: "hashes with a maphash.Seed differ in another process", only: "none"},
	"crypto/tls.Config":      {},
	"crypto/tls.Certificate": {},
	"crypto/x509.CertPool":   {changes: "AddCert AddCertWithConstraint AppendCertsFromPEM"},
	"html/template.Template": {changes: "AddParseTree Delims Funcs New Option Parse ParseFS ParseFiles ParseGlob"},
	"text/template.Template": {changes: "AddParseTree Delims Funcs New Option Parse ParseFS ParseFiles ParseGlob"},
	"log.Logger":             {},
	"log/slog.Logger":        {},
	"log/slog.Handler":       {},
	"log/slog.JSONHandler":   {},
	"log/slog.TextHandler":   {},
	"net.Dialer":             {},
	"net/http.Client":        {Open: true},
	"regexp.Regexp":          {changes: "Longest UnmarshalText"},
	"reflect.Type":           {},
	"strings.Replacer":       {},
	"time.Location":          {},
	"unicode.RangeTable":     {},
}

// HandleOf returns what is known of type t.
func HandleOf(t types.Type) (Handle, bool) {
	name := TypeName(t)
	if isAWSClient(name) {
		return awsClient, true
	}
	h, ok := handles[name]
	return h, ok
}

// Sets reports whether method name changes a handle.
func (h Handle) Sets(name string) bool {
	if h.only != "" {
		return !Words(h.only)[name]
	}
	return strings.HasPrefix(name, "Set") || Words(h.changes)[name]
}
