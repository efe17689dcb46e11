package s3

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// This file defines how bodies of requests are decoded and checked.

const checksumHeader = "X-Amz-Checksum-Crc32"

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	nvme       = crc64.MakeTable(0x9a6c9329ac4bc9b5)
)

var algorithms = []string{"crc32", "crc32c", "crc64nvme", "sha1", "sha256"}

// checksum returns a checksum as S3 writes it.
func checksum(algorithm string, data []byte) string {
	var sum []byte
	switch algorithm {
	case "crc32":
		sum = binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data))
	case "crc32c":
		sum = binary.BigEndian.AppendUint32(nil, crc32.Checksum(data, castagnoli))
	case "crc64nvme":
		sum = binary.BigEndian.AppendUint64(nil, crc64.Checksum(data, nvme))
	case "sha1":
		s := sha1.Sum(data)
		sum = s[:]
	case "sha256":
		s := sha256.Sum256(data)
		sum = s[:]
	}
	return base64.StdEncoding.EncodeToString(sum)
}

// decodeBody replaces the body of a request by what it means, and checks the checksums that came with it.
func decodeBody(r *http.Request) *s3Error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return &s3Error{http.StatusBadRequest, "IncompleteBody", "the body ended early"}
	}
	header := r.Header
	if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		var trailer http.Header
		if body, trailer, err = decodeChunks(body); err != nil {
			return &s3Error{http.StatusBadRequest, "IncompleteBody", err.Error()}
		}
		if strconv.Itoa(len(body)) != r.Header.Get("X-Amz-Decoded-Content-Length") {
			return &s3Error{http.StatusBadRequest, "IncompleteBody", "the body has not the length that the request says"}
		}
		header = header.Clone()
		for k, v := range trailer {
			header[k] = v
		}
		unchunked(r, len(body))
	}
	for _, a := range algorithms {
		if want := header.Get("X-Amz-Checksum-" + a); want != "" && r.Method != http.MethodGet && !completes(r) && want != checksum(a, body) {
			return &s3Error{http.StatusBadRequest, "BadDigest", "The " + a + " you specified did not match the calculated checksum."}
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// unchunked takes the chunks out of the headers of a request.
func unchunked(r *http.Request, n int) {
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	r.Header.Set("Content-Length", strconv.Itoa(n))
	r.ContentLength = int64(n)
	var left []string
	for e := range strings.SplitSeq(r.Header.Get("Content-Encoding"), ",") {
		if e = strings.TrimSpace(e); e != "" && e != "aws-chunked" {
			left = append(left, e)
		}
	}
	r.Header.Del("Content-Encoding")
	if left != nil {
		r.Header.Set("Content-Encoding", strings.Join(left, ","))
	}
}

// decodeChunks decodes aws-chunked: chunks "SIZE[;chunk-signature=...]CRLF data CRLF", the last of size 0, then a trailer.
// Signatures are not checked.
func decodeChunks(body []byte) (data []byte, trailer http.Header, err error) {
	in := bufio.NewReader(bytes.NewReader(body))
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, nil, err
		}
		size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, err := strconv.ParseUint(size, 16, 32)
		if err != nil {
			return nil, nil, err
		}
		if n == 0 {
			t, err := textproto.NewReader(in).ReadMIMEHeader()
			if err == io.EOF {
				err = nil // it ends without an empty line
			}
			return data, http.Header(t), err
		}
		if n > uint64(len(body)) {
			return nil, nil, io.ErrUnexpectedEOF
		}
		chunk := make([]byte, n+2)
		if _, err := io.ReadFull(in, chunk); err != nil {
			return nil, nil, err
		}
		data = append(data, chunk[:n]...)
	}
}

// completes reports whether a request completes an upload in parts: its checksum is that of the object, not of the body.
func completes(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Query().Has("uploadId")
}
