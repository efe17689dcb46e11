package awsfake

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"hash/crc32"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file defines the bucket and the queue.

func (f *Fake) serveS3(w http.ResponseWriter, r *http.Request, body []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if bucket != Bucket {
		s3Error(w, http.StatusNotFound, "NoSuchBucket")
		return
	}
	data, there := f.objects[key]
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data))
	switch {
	case r.Method == "GET" && key == "" && r.URL.Query().Get("list-type") == "2":
		f.listObjects(w, r)
	case r.Method == "PUT" && key != "":
		f.putObject(w, r, key, body)
	case r.Method == "DELETE" && key != "":
		delete(f.objects, key)
		w.WriteHeader(http.StatusNoContent)
	case (r.Method == "GET" || r.Method == "HEAD") && key != "" && !there:
		s3Error(w, http.StatusNotFound, "NoSuchKey")
	case (r.Method == "GET" || r.Method == "HEAD") && key != "":
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		if r.Header.Get("X-Amz-Checksum-Mode") == "ENABLED" {
			w.Header().Set("X-Amz-Checksum-Crc32", base64.StdEncoding.EncodeToString(sum))
		}
		if r.Method == "GET" {
			w.Write(data)
		}
	default:
		s3Error(w, http.StatusNotImplemented, "NotImplemented")
	}
}

func (f *Fake) putObject(w http.ResponseWriter, r *http.Request, key string, body []byte) {
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body))
	want := r.Header.Get("X-Amz-Checksum-Crc32")
	switch {
	case r.Header.Get("Content-Encoding") == "aws-chunked" || len(key) > 1024:
		s3Error(w, http.StatusNotImplemented, "NotImplemented")
	case want != "" && want != base64.StdEncoding.EncodeToString(sum):
		s3Error(w, http.StatusBadRequest, "BadDigest")
	default:
		f.objects[key] = body
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, md5.Sum(body)))
	}
}

type listBucketResult struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
	Contents              []listedObject
}

type listedObject struct {
	Key  string
	Size int
}

func (f *Fake) listObjects(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	n, err := strconv.Atoi(q.Get("max-keys"))
	if err != nil || n < 1 {
		n = 1000
	}
	after, err := base64.URLEncoding.DecodeString(q.Get("continuation-token"))
	if err != nil {
		s3Error(w, http.StatusBadRequest, "InvalidArgument")
		return
	}
	var out listBucketResult
	for _, key := range slices.Sorted(maps.Keys(f.objects)) {
		if !strings.HasPrefix(key, q.Get("prefix")) || key <= string(after) {
			continue
		}
		if len(out.Contents) == n {
			out.IsTruncated = true
			out.NextContinuationToken = base64.URLEncoding.EncodeToString([]byte(out.Contents[n-1].Key))
			break
		}
		out.Contents = append(out.Contents, listedObject{Key: key, Size: len(f.objects[key])})
	}
	w.Header().Set("Content-Type", "application/xml")
	xml.NewEncoder(w).Encode(out)
}

func s3Error(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, code)
}

// Objects returns the keys in the bucket.
func (f *Fake) Objects() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.objects))
}

// Damage flips a bit of an object.
func (f *Fake) Damage(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	data := slices.Clone(f.objects[key])
	data[0] ^= 1
	f.objects[key] = data
}

// Message is one in the queue.
type Message struct {
	ID    string
	Body  string
	Delay time.Duration
	Sent  time.Time
}

type sendMessageInput struct {
	QueueUrl     string
	MessageBody  string
	DelaySeconds int
}

type sendMessageOutput struct {
	MessageId        string
	MD5OfMessageBody string
}

func (f *Fake) sendMessage(in *sendMessageInput) (out sendMessageOutput, err *apiError) {
	switch {
	case in.QueueUrl != f.QueueURL():
		return out, &apiError{status: 400, code: "AWS.SimpleQueueService.NonExistentQueue", msg: in.QueueUrl}
	case in.DelaySeconds < 0 || in.DelaySeconds > 900:
		return out, &apiError{status: 400, code: "InvalidParameterValue", msg: "DelaySeconds"}
	case in.MessageBody == "" || len(in.MessageBody) > 1<<20:
		return out, &apiError{status: 400, code: "InvalidParameterValue", msg: "MessageBody"}
	}
	f.counts["sqs.messages"]++
	m := Message{
		ID:    fmt.Sprintf("m-%d", f.counts["sqs.messages"]),
		Body:  in.MessageBody,
		Delay: time.Duration(in.DelaySeconds) * time.Second,
		Sent:  time.Now(),
	}
	f.queue = append(f.queue, m)
	sum := md5.Sum([]byte(in.MessageBody))
	return sendMessageOutput{MessageId: m.ID, MD5OfMessageBody: hex.EncodeToString(sum[:])}, nil
}

type changeVisibilityInput struct {
	QueueUrl          string
	ReceiptHandle     string
	VisibilityTimeout int
}

func (f *Fake) changeVisibility(in *changeVisibilityInput) (empty, *apiError) {
	if in.QueueUrl != f.QueueURL() || in.ReceiptHandle == "" || in.VisibilityTimeout < 0 || in.VisibilityTimeout > 43200 {
		return empty{}, &apiError{status: 400, code: "InvalidParameterValue", msg: "ChangeMessageVisibility"}
	}
	f.visibility[in.ReceiptHandle] = time.Duration(in.VisibilityTimeout) * time.Second
	return empty{}, nil
}

// Visibility returns after how long the receiver of a message wants to see it again.
func (f *Fake) Visibility(receipt string) (time.Duration, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d, ok := f.visibility[receipt]
	return d, ok
}

// Receive takes what is in the queue, without waiting for delays to pass.
func (f *Fake) Receive() []Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	q := f.queue
	f.queue = nil
	return q
}
