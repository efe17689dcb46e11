package awsemu_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// This file defines the checks of S3.

func (e *env) bucket() *string {
	e.t.Helper()
	_, err := e.s3.CreateBucket(e.ctx, &s3.CreateBucketInput{
		Bucket: &e.name, CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-central-1"},
	})
	e.ok(err)
	return &e.name
}

func (e *env) putObject(key, body string, change ...func(*s3.PutObjectInput)) string {
	in := &s3.PutObjectInput{Bucket: &e.name, Key: &key, Body: strings.NewReader(body)}
	for _, f := range change {
		f(in)
	}
	_, err := e.s3.PutObject(e.ctx, in)
	return code(err)
}

func (e *env) getObject(in s3.GetObjectInput) string {
	in.Bucket = &e.name
	out, err := e.s3.GetObject(e.ctx, &in)
	if err != nil {
		return code(err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		return code(err)
	}
	return string(body)
}

var s3Checks = []check{
	{"put, get, head, delete", func(e *env) string {
		e.bucket()
		outs := []any{e.putObject("dir/key", "hello"), e.getObject(s3.GetObjectInput{Key: aws.String("dir/key")}), e.getObject(s3.GetObjectInput{Key: aws.String("none")})}
		head, err := e.s3.HeadObject(e.ctx, &s3.HeadObjectInput{Bucket: &e.name, Key: aws.String("dir/key")})
		e.ok(err)
		_, none := e.s3.HeadObject(e.ctx, &s3.HeadObjectInput{Bucket: &e.name, Key: aws.String("none")})
		_, del := e.s3.DeleteObject(e.ctx, &s3.DeleteObjectInput{Bucket: &e.name, Key: aws.String("dir/key")})
		_, again := e.s3.DeleteObject(e.ctx, &s3.DeleteObjectInput{Bucket: &e.name, Key: aws.String("dir/key")})
		return lines(append(outs, *head.ContentLength, *head.ETag, code(none), code(del), code(again), e.getObject(s3.GetObjectInput{Key: aws.String("dir/key")}))...)
	}, `ok; hello; NoSuchKey; 5; "5d41402abc4b2a76b9719d911017c592"; NotFound; ok; ok; NoSuchKey`, nil},
	{"metadata is that of the last put", func(e *env) string {
		e.bucket()
		e.putObject("k", "1", func(in *s3.PutObjectInput) {
			in.Metadata, in.ContentType = map[string]string{"a": "1", "b": "2"}, aws.String("text/plain")
		})
		e.putObject("k", "2", func(in *s3.PutObjectInput) { in.Metadata = map[string]string{"a": "3"} })
		head, err := e.s3.HeadObject(e.ctx, &s3.HeadObjectInput{Bucket: &e.name, Key: aws.String("k")})
		e.ok(err)
		return fmt.Sprint(head.Metadata)
	}, "map[a:3]", nil},
	{"checksums", func(e *env) string {
		e.bucket()
		var outs []any
		for _, a := range types.ChecksumAlgorithmCrc32.Values()[:5] {
			outs = append(outs, e.putObject("k", "hello", func(in *s3.PutObjectInput) { in.ChecksumAlgorithm = a }), e.getObject(s3.GetObjectInput{Key: aws.String("k"), ChecksumMode: "ENABLED"}))
		}
		return lines(append(outs, e.putObject("k", "hello", func(in *s3.PutObjectInput) { in.ChecksumCRC32 = aws.String("AAAAAA==") }))...)
	}, "ok; hello; ok; hello; ok; hello; ok; hello; ok; hello; BadDigest", moto("ok; hello; ok; hello; ok; hello; ok; hello; ok; hello; ok")},
	{"a body of unknown length", func(e *env) string {
		e.bucket()
		_, err := e.s3.PutObject(e.ctx, &s3.PutObjectInput{Bucket: &e.name, Key: aws.String("k"), Body: io.MultiReader(strings.NewReader("hel"), strings.NewReader("lo")), ContentLength: aws.Int64(5)},
			s3.WithAPIOptions(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware))
		return lines(code(err), e.getObject(s3.GetObjectInput{Key: aws.String("k")}))
	}, "ok; hello", nil},
	{"ranges", func(e *env) string {
		e.bucket()
		e.putObject("k", "0123456789")
		get := func(r string) string { return e.getObject(s3.GetObjectInput{Key: aws.String("k"), Range: &r}) }
		return lines(get("bytes=2-4"), get("bytes=7-"), get("bytes=-2"), get("bytes=20-30"))
	}, "234; 789; 89; InvalidRange", nil},
	{"conditional puts", func(e *env) string {
		e.bucket()
		fresh := func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }
		match := func(etag string) func(in *s3.PutObjectInput) {
			return func(in *s3.PutObjectInput) { in.IfMatch = aws.String(etag) }
		}
		return lines(e.putObject("k", "1", fresh), e.putObject("k", "2", fresh), e.putObject("k", "3", match(`"00000000000000000000000000000000"`)),
			e.putObject("k", "4", match(`"c4ca4238a0b923820dcc509a6f75849b"`)), e.getObject(s3.GetObjectInput{Key: aws.String("k")}))
	}, "ok; PreconditionFailed; PreconditionFailed; ok; 4", nil},
	{"conditional gets", func(e *env) string {
		e.bucket()
		e.putObject("k", "1")
		return lines(e.getObject(s3.GetObjectInput{Key: aws.String("k"), IfNoneMatch: aws.String(`"c4ca4238a0b923820dcc509a6f75849b"`)}), e.getObject(s3.GetObjectInput{Key: aws.String("k"), IfNoneMatch: aws.String(`"x"`)}))
	}, "NotModified; 1", moto("NotModified; 1")},
	{"lists", func(e *env) string {
		e.bucket()
		for _, k := range []string{"a/1", "a/2", "b/c/1", "b/2", "z"} {
			e.putObject(k, "x")
		}
		list := func(in s3.ListObjectsV2Input) string {
			in.Bucket = &e.name
			var keys []string
			for {
				out, err := e.s3.ListObjectsV2(e.ctx, &in)
				e.ok(err)
				for _, o := range out.Contents {
					keys = append(keys, *o.Key)
				}
				for _, p := range out.CommonPrefixes {
					keys = append(keys, "("+*p.Prefix+")")
				}
				if !aws.ToBool(out.IsTruncated) {
					return strings.Join(keys, " ")
				}
				keys = append(keys, "|")
				in.ContinuationToken = out.NextContinuationToken
			}
		}
		return lines(list(s3.ListObjectsV2Input{}), list(s3.ListObjectsV2Input{Prefix: aws.String("a/")}), list(s3.ListObjectsV2Input{Delimiter: aws.String("/")}),
			list(s3.ListObjectsV2Input{MaxKeys: aws.Int32(2)}), list(s3.ListObjectsV2Input{StartAfter: aws.String("b/2")}), list(s3.ListObjectsV2Input{Prefix: aws.String("none")}))
	}, "a/1 a/2 b/2 b/c/1 z; a/1 a/2; z (a/) (b/); a/1 a/2 | b/2 b/c/1 | z; b/c/1 z; ", nil},
	{"delete of several", func(e *env) string {
		e.bucket()
		e.putObject("1", "x")
		e.putObject("2", "x")
		out, err := e.s3.DeleteObjects(e.ctx, &s3.DeleteObjectsInput{Bucket: &e.name, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("1")}, {Key: aws.String("none")}}}})
		e.ok(err)
		return lines(len(out.Deleted), len(out.Errors), e.getObject(s3.GetObjectInput{Key: aws.String("1")}), e.getObject(s3.GetObjectInput{Key: aws.String("2")}))
	}, "2; 0; NoSuchKey; x", nil},
	{"copy", func(e *env) string {
		e.bucket()
		e.putObject("from", "x", func(in *s3.PutObjectInput) { in.Metadata = map[string]string{"a": "1"} })
		_, err := e.s3.CopyObject(e.ctx, &s3.CopyObjectInput{Bucket: &e.name, Key: aws.String("to"), CopySource: aws.String(e.name + "/from")})
		e.ok(err)
		head, err := e.s3.HeadObject(e.ctx, &s3.HeadObjectInput{Bucket: &e.name, Key: aws.String("to")})
		e.ok(err)
		_, none := e.s3.CopyObject(e.ctx, &s3.CopyObjectInput{Bucket: &e.name, Key: aws.String("to"), CopySource: aws.String(e.name + "/none")})
		return lines(e.getObject(s3.GetObjectInput{Key: aws.String("to")}), head.Metadata, code(none))
	}, "x; map[a:1]; NoSuchKey", nil},
	{"upload in parts", func(e *env) string {
		e.bucket()
		up, err := e.s3.CreateMultipartUpload(e.ctx, &s3.CreateMultipartUploadInput{Bucket: &e.name, Key: aws.String("k")})
		e.ok(err)
		big := bytes.Repeat([]byte("x"), 5<<20)
		var parts []types.CompletedPart
		for i, body := range [][]byte{big, []byte("end")} {
			n := int32(i + 1)
			p, err := e.s3.UploadPart(e.ctx, &s3.UploadPartInput{Bucket: &e.name, Key: aws.String("k"), UploadId: up.UploadId, PartNumber: &n, Body: bytes.NewReader(body)})
			e.ok(err)
			parts = append(parts, types.CompletedPart{ETag: p.ETag, PartNumber: &n})
		}
		_, err = e.s3.CompleteMultipartUpload(e.ctx, &s3.CompleteMultipartUploadInput{
			Bucket: &e.name, Key: aws.String("k"), UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
		})
		return lines(code(err), len(e.getObject(s3.GetObjectInput{Key: aws.String("k")})) == len(big)+3)
	}, "ok; true", nil},
	{"presigned", func(e *env) string {
		e.bucket()
		e.putObject("k", "hello")
		p, err := s3.NewPresignClient(e.s3).PresignGetObject(e.ctx, &s3.GetObjectInput{Bucket: &e.name, Key: aws.String("k")})
		e.ok(err)
		r, err := http.Get(p.URL)
		e.ok(err)
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		e.ok(err)
		return lines(r.StatusCode, string(body))
	}, "200; hello", nil},
	{"buckets", func(e *env) string {
		e.bucket()
		_, head := e.s3.HeadBucket(e.ctx, &s3.HeadBucketInput{Bucket: &e.name})
		_, none := e.s3.HeadBucket(e.ctx, &s3.HeadBucketInput{Bucket: aws.String("missing")})
		e.putObject("k", "x")
		_, full := e.s3.DeleteBucket(e.ctx, &s3.DeleteBucketInput{Bucket: &e.name})
		_, err := e.s3.DeleteObject(e.ctx, &s3.DeleteObjectInput{Bucket: &e.name, Key: aws.String("k")})
		e.ok(err)
		_, del := e.s3.DeleteBucket(e.ctx, &s3.DeleteBucketInput{Bucket: &e.name})
		return lines(code(head), code(none), code(full), code(del), e.putObject("k", "x"))
	}, "ok; NotFound; BucketNotEmpty; ok; NoSuchBucket", nil},
	{"odd keys", func(e *env) string {
		e.bucket()
		var outs []any
		for _, k := range []string{"a b", "a+b", "ü/%41", "a//b", "=2F", "q?x=1&y"} {
			outs = append(outs, e.putObject(k, k) == "ok" && e.getObject(s3.GetObjectInput{Key: &k}) == k)
		}
		return lines(outs...)
	}, "true; true; true; true; true; true", nil},
}
