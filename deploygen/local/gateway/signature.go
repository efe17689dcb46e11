package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/harkgen/harkgen/deploygen/local/lambda"
)

// This file defines the authorizer AWS_IAM: it checks the Signature Version 4 in the header of a request. There are no policies: who can sign may call.

// A signature is what the header Authorization says.
type signature struct {
	key, date, region, service string   // the credential
	signed                     []string // names of headers, in small letters
}

const algorithm = "AWS4-HMAC-SHA256 "

// signatureOf returns that of a request, zero if it has none.
func signatureOf(r *http.Request) (s signature) {
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), algorithm)
	if !ok {
		return s
	}
	for field := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		switch name {
		case "Credential":
			if p := strings.Split(value, "/"); len(p) == 5 {
				s.key, s.date, s.region, s.service = p[0], p[1], p[2], p[3]
			}
		case "SignedHeaders":
			s.signed = strings.Split(value, ";")
		}
	}
	return s
}

// signedFor is the service that requests are signed for.
const signedFor = "execute-api"

// skew is how old a signature may be, and how far in the future.
const skew = 15 * time.Minute

// authorized reports whether a request is signed with [lambda.Secret]: signing what it says is signed must make the same header.
func authorized(r *http.Request, body []byte) bool {
	s := signatureOf(r)
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || time.Since(at).Abs() > skew || s.service != signedFor || s.date != at.Format("20060102") || !slices.Contains(s.signed, "host") {
		return false
	}
	again := &http.Request{Method: r.Method, URL: r.URL, Host: r.Host, Header: http.Header{}}
	for _, name := range s.signed {
		switch name = http.CanonicalHeaderKey(name); name {
		case "Host":
		case "Content-Length":
			again.ContentLength = r.ContentLength
		default:
			again.Header[name] = r.Header[name]
		}
	}
	hash := sha256.Sum256(body)
	key := aws.Credentials{AccessKeyID: s.key, SecretAccessKey: lambda.Secret, SessionToken: r.Header.Get("X-Amz-Security-Token")}
	err = v4.NewSigner().SignHTTP(context.Background(), key, again, hex.EncodeToString(hash[:]), s.service, s.region, at)
	return err == nil && again.Header.Get("Authorization") == r.Header.Get("Authorization")
}
