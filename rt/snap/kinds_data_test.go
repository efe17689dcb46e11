package snap

// This file lists values of the standard library that hash, encrypt, compress or stand for things of the system and the network.

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/gob"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"hash"
	"hash/adler32"
	"hash/crc32"
	"hash/crc64"
	hashfnv "hash/fnv"
	img "image"
	"image/color"
	"io"
	"io/fs"
	"math/big"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/mail"
	"net/netip"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
	"unicode"

	warmdes "github.com/harkgen/harkgen/rt/snap/warm/des"
	warmflate "github.com/harkgen/harkgen/rt/snap/warm/flate"
)

type hashes struct {
	all   []hash.Hash
	crc32 hash.Hash32
	fnv   hash.Hash64
	mac   hash.Hash
	shake *sha3.SHAKE
}

var _ = play("hash states", func(r *hashes) {
	r.all = []hash.Hash{
		md5.New(), sha1.New(), sha256.New(), sha256.New224(), sha512.New(), sha512.New512_256(), sha3.New256(), crc32.NewIEEE(), crc64.New(crc64.MakeTable(crc64.ECMA)),
		adler32.New(), hashfnv.New32(), hashfnv.New128a(), hmac.New(sha256.New, []byte("key")), hmac.New(md5.New, []byte("key")),
	}
	r.crc32, r.fnv = crc32.New(crc32.MakeTable(crc32.Castagnoli)), hashfnv.New64a()
	r.mac = hmac.New(sha512.New, []byte("other key"))
	r.all = append(r.all, r.crc32, r.fnv, r.mac)
	r.shake = sha3.NewSHAKE128()
	r.shake.Write([]byte("part one"))
	for _, h := range r.all {
		h.Write([]byte("some text of no particular length"))
	}
}, func(r *hashes) string {
	var b strings.Builder
	for range 2 {
		for _, h := range r.all {
			fmt.Fprintf(&b, "%x,", h.Sum(nil))
			h.Write(bytes.Repeat([]byte("more"), 50))
		}
	}
	r.mac.Reset()
	r.mac.Write([]byte("again"))
	out := make([]byte, 40)
	r.shake.Read(out)
	return fmt.Sprintf("%s %x %x %x %x", b.String(), r.crc32.Sum32(), r.fnv.Sum64(), r.mac.Sum(nil), out)
})

type ciphers struct {
	block cipher.Block
	ctr   cipher.Stream
	cbc   cipher.BlockMode
	gcm   cipher.AEAD
	des   cipher.Block
	sw    *cipher.StreamWriter
	out   *bytes.Buffer
	ed    ed25519.PrivateKey
	ec    *ecdsa.PrivateKey
	cert  *x509.Certificate
	conf  *tls.Config
}

func key8() []byte { return []byte("01234567") }

func testCert() *x509.Certificate {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	t := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(4e9, 0), DNSNames: []string{"a.example"}}
	made, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		panic(err)
	}
	c, err := x509.ParseCertificate(made)
	if err != nil {
		panic(err)
	}
	return c
}

var _ = play("ciphers and keys", func(r *ciphers) {
	key, iv := []byte("0123456789abcdef"), []byte("fedcba9876543210")
	r.block, _ = aes.NewCipher(key)
	r.ctr = cipher.NewCTR(r.block, iv)
	r.cbc = cipher.NewCBCEncrypter(r.block, iv)
	r.des, _ = des.NewCipher(key[:8])
	r.gcm, _ = cipher.NewGCM(r.block)
	r.out = &bytes.Buffer{}
	r.sw = &cipher.StreamWriter{S: r.ctr, W: r.out}
	r.sw.Write([]byte("first part of the text"))
	r.cbc.CryptBlocks(make([]byte, 32), make([]byte, 32))
	r.ed = ed25519.NewKeyFromSeed(make([]byte, 32))
	d := make([]byte, 32)
	d[31] = 5
	r.ec, _ = ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
	r.cert = testCert()
	r.conf = &tls.Config{ServerName: "x", MinVersion: tls.VersionTLS13}
}, func(r *ciphers) string {
	r.sw.Write([]byte("second part"))
	b := make([]byte, 32)
	r.des.Encrypt(b, key8())
	eight := fmt.Sprintf("%x ", b[:8])
	r.cbc.CryptBlocks(b, []byte("0123456789abcdef0123456789abcdef"))
	sealed := r.gcm.Seal(nil, make([]byte, 12), []byte("text"), nil)
	opened, err := r.gcm.Open(nil, make([]byte, 12), sealed, nil)
	sig := ed25519.Sign(r.ed, []byte("m"))
	esig, err2 := ecdsa.SignASN1(rand.Reader, r.ec, b)
	pool := x509.NewCertPool()
	pool.AddCert(r.cert)
	_, err3 := r.cert.Verify(x509.VerifyOptions{Roots: pool, DNSName: "a.example", KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return eight + fmt.Sprintf("%x %x %x %s %v %x %v %v %v %v %s", r.out.Bytes(), b, sealed, opened, err, sig, err2, ecdsa.VerifyASN1(&r.ec.PublicKey, b, esig), err3, r.conf.Clone().MinVersion, r.conf.ServerName)
})

type streams struct {
	out  *bytes.Buffer
	gz   *gzip.Writer
	fl   *flate.Writer
	zl   *zlib.Writer
	gr   *gzip.Reader
	few  *gzip.Reader // of a text so short that its code is the fixed one
	zr   io.ReadCloser
	b64  io.WriteCloser
	b64r io.Reader
	dump io.WriteCloser
	tw   *tar.Writer
	tr   *tar.Reader
	zrd  *zip.Reader
}

var _ = play("compression and encodings over memory", func(r *streams) {
	text := []byte(strings.Repeat("the same text over and over; ", 3000))
	var packed, packed2 bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(text)
	w.Close()
	w2 := zlib.NewWriter(&packed2)
	w2.Write(text)
	w2.Close()
	r.gr, _ = gzip.NewReader(&packed)
	r.gr.Read(make([]byte, 1000))
	var short bytes.Buffer
	w.Reset(&short)
	w.Write([]byte("short"))
	w.Close()
	r.few, _ = gzip.NewReader(&short)
	r.zr, _ = zlib.NewReader(&packed2)
	r.zr.Read(make([]byte, 1000))
	r.out = &bytes.Buffer{}
	r.gz, r.zl = gzip.NewWriter(r.out), zlib.NewWriter(r.out)
	r.fl, _ = flate.NewWriter(r.out, 9)
	r.gz.Write(text)
	r.zl.Write(text)
	r.fl.Write(text)
	r.b64, r.dump = base64.NewEncoder(base64.StdEncoding, r.out), hex.Dumper(r.out)
	r.b64.Write([]byte("ab"))
	r.dump.Write([]byte("0123456789"))
	r.b64r = base64.NewDecoder(base64.URLEncoding, strings.NewReader("aGVsbG8gd29ybGQ="))
	r.b64r.Read(make([]byte, 2))
	var ar bytes.Buffer
	r.tw = tar.NewWriter(&ar)
	for _, n := range []string{"a", "b"} {
		r.tw.WriteHeader(&tar.Header{Name: n, Size: 3, Mode: 0o600})
		r.tw.Write([]byte("x" + n + "y"))
	}
	r.tr = tar.NewReader(bytes.NewReader(append([]byte(nil), ar.Bytes()...)))
	r.tr.Next()
	var z bytes.Buffer
	zw := zip.NewWriter(&z)
	f, _ := zw.Create("in.txt")
	f.Write([]byte("zipped"))
	zw.Close()
	r.zrd, _ = zip.NewReader(bytes.NewReader(z.Bytes()), int64(z.Len()))
}, func(r *streams) string {
	a, err := io.ReadAll(r.gr)
	b, err2 := io.ReadAll(r.zr)
	for _, w := range []io.WriteCloser{r.gz, r.zl, r.fl, r.b64, r.dump} {
		w.Write([]byte("last"))
		w.Close()
	}
	short, err7 := io.ReadAll(r.few)
	c, err3 := io.ReadAll(r.b64r)
	h, err4 := r.tr.Next()
	d, err5 := io.ReadAll(r.tr)
	e, err6 := fs.ReadFile(r.zrd, "in.txt")
	return fmt.Sprintf("%x %v %x %v %x %s %v %s %v %s %v %s %v %v %s %v", sha256.Sum256(a), err, sha256.Sum256(b), err2, sha256.Sum256(r.out.Bytes()), c, err3, h.Name, err4, d, err5, e, err6, r.tw.Close(), short, err7)
})

//go:embed kinds_test.go
var embedded embed.FS

type systems struct {
	efs    embed.FS
	sub    fs.FS
	info   os.FileInfo
	ents   []os.DirEntry
	mapFS  fstest.MapFS
	dir    fs.FS
	mode   fs.FileMode
	err    error
	flags  *flag.FlagSet
	verb   *bool
	img    *img.RGBA
	col    color.Color
	null   sql.NullString
	order  binary.ByteOrder
	block  *pem.Block
	upper  unicode.SpecialCase
	rand   io.Reader
	stdin  *os.File
	out    io.Writer
	sc     *bufio.Scanner
	events []os.Signal
}

var _ = play("files and system", func(r *systems) {
	r.efs = embedded
	r.sub, _ = fs.Sub(embedded, ".")
	r.info, _ = os.Stat("kinds_test.go")
	r.ents, _ = os.ReadDir(".")
	r.mapFS = fstest.MapFS{"a/b": &fstest.MapFile{Data: []byte("mapped")}}
	r.dir = os.DirFS(".")
	r.mode = 0o644 | fs.ModeDir
	_, r.err = os.Open("/does/not/exist")
	r.flags = flag.NewFlagSet("set", flag.ContinueOnError)
	r.verb = r.flags.Bool("v", false, "verbose")
	r.flags.Int("n", 3, "number")
	r.flags.Parse([]string{"-v", "rest"})
	r.img = img.NewRGBA(img.Rect(0, 0, 4, 4))
	r.img.Set(1, 1, color.White)
	r.col = color.NRGBA{1, 2, 3, 4}
	r.null = sql.NullString{String: "s", Valid: true}
	r.order = binary.BigEndian
	r.block, _ = pem.Decode([]byte("-----BEGIN X-----\nYWJj\n-----END X-----\n"))
	r.upper = unicode.TurkishCase
	r.rand, r.stdin, r.out = rand.Reader, os.Stdin, os.Stderr
	r.sc = bufio.NewScanner(os.Stdin)
	r.events = []os.Signal{os.Interrupt}
}, func(r *systems) string {
	text, err := r.efs.ReadFile("kinds_test.go")
	sub, err2 := fs.ReadFile(r.sub, "kinds_test.go")
	own, err3 := fs.ReadFile(r.dir, "kinds_test.go")
	info, err4 := r.ents[0].Info()
	mapped, err5 := fs.ReadFile(r.mapFS, "a/b")
	n := 0
	if _, err := r.rand.Read(make([]byte, 4)); err == nil {
		n++
	}
	same := os.SameFile(r.info, must(os.Stat("kinds_test.go")))
	return fmt.Sprint(len(text), err, len(sub), err2, len(own), err3, info.Name(), err4, string(mapped), err5, r.info.Name(), r.info.Size(), r.info.ModTime().Equal(must(os.Stat("kinds_test.go")).ModTime()), same,
		r.mode, errors.Is(r.err, fs.ErrNotExist), r.err, *r.verb, r.flags.Args(), r.flags.Lookup("n").Value, r.flags.Set("n", "x"), r.img.At(1, 1), r.col, r.null.String, r.order.Uint16([]byte{1, 2}),
		r.block.Type, string(r.block.Bytes), string(r.upper.ToUpper('i')), n, r.stdin == os.Stdin, r.out == os.Stderr, r.sc.Text(), r.events[0] == os.Interrupt)
})

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

type network struct {
	url     *url.URL
	values  url.Values
	ip      net.IP
	ipnet   *net.IPNet
	mac     net.HardwareAddr
	addr    net.Addr
	netip   netip.Prefix
	header  http.Header
	req     *http.Request
	resp    *http.Response
	client  *http.Client
	def     *http.Client
	tr      http.RoundTripper
	mux     *http.ServeMux
	handler http.Handler
	static  http.HandlerFunc
	cookies http.CookieJar
	mail    *mail.Message
	mime    textproto.MIMEHeader
	parts   *multipart.Writer
	partsTo *bytes.Buffer
	word    mime.WordDecoder
	dial    net.Dialer
	err     error
}

func handleIt(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "handled ", r.URL.Path) }

// A recorder is an http.ResponseWriter.
type recorder struct {
	h http.Header
	bytes.Buffer
	code int
}

func (r *recorder) Header() http.Header { return r.h }
func (r *recorder) WriteHeader(c int)   { r.code = c }

var _ = play("network without connections", func(r *network) {
	r.url, _ = url.Parse("https://u:p@example.com:8080/a%2Fb?c=d&c=e#f")
	r.values = r.url.Query()
	r.ip, r.ipnet, _ = net.ParseCIDR("192.0.2.7/24")
	r.mac, _ = net.ParseMAC("00:00:5e:00:53:01")
	r.addr = &net.TCPAddr{IP: r.ip, Port: 80}
	r.netip = netip.MustParsePrefix("2001:db8::/32")
	r.header = http.Header{"X-A": {"1", "2"}}
	r.req, _ = http.NewRequest("POST", "http://example.com/x", nil)
	r.req.Body = io.NopCloser(strings.NewReader("body"))
	r.req.Header.Set("A", "b")
	r.resp, _ = http.ReadResponse(bufio.NewReader(strings.NewReader("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")), nil)
	r.client, r.def, r.tr = &http.Client{Timeout: time.Second}, http.DefaultClient, http.DefaultTransport
	r.mux = http.NewServeMux()
	r.mux.HandleFunc("GET /a/{id}", handleIt)
	r.mux.HandleFunc("example.org/b/", handleIt)
	r.handler = http.TimeoutHandler(r.mux, time.Hour, "late")
	r.static = handleIt
	jar, _ := cookiejar.New(nil)
	jar.SetCookies(r.url, []*http.Cookie{{Name: "k", Value: "v"}})
	r.cookies = jar
	r.mail, _ = mail.ReadMessage(strings.NewReader("From: a@b.c\r\nSubject: s\r\n\r\ntext"))
	r.mime = textproto.MIMEHeader{"K": {"v"}}
	r.partsTo = &bytes.Buffer{}
	r.parts = multipart.NewWriter(r.partsTo)
	r.parts.SetBoundary("boundary")
	r.parts.WriteField("a", "1")
	r.err = &net.OpError{Op: "dial", Net: "tcp", Err: net.ErrClosed}
}, func(r *network) string {
	w := &recorder{h: http.Header{}}
	r.mux.ServeHTTP(w, must(http.NewRequest("GET", "/a/5", nil)))
	r.static(w, must(http.NewRequest("GET", "/s", nil)))
	body, err := io.ReadAll(r.req.Body)
	resp, err2 := io.ReadAll(r.resp.Body)
	r.parts.WriteField("b", "2")
	r.parts.Close()
	m, err3 := io.ReadAll(r.mail.Body)
	from, err4 := r.mail.Header.AddressList("From")
	word, err5 := r.word.DecodeHeader("=?utf-8?q?=C3=A9?=")
	return fmt.Sprint(r.url, r.url.User, r.values, r.ip, r.ipnet, r.ipnet.Contains(r.ip), r.mac, r.addr, r.netip, r.header, w.String(), string(body), err, r.req.Header, string(resp), err2,
		r.client.Timeout, r.def == http.DefaultClient, r.tr == http.DefaultTransport, r.handler != nil, r.cookies.Cookies(r.url), string(m), err3, from, err4, r.mime.Get("k"), r.partsTo, word, err5,
		r.dial.Timeout, errors.Is(r.err, net.ErrClosed))
})

type contexts struct {
	bg, todo, val, deeper, without context.Context
	key                            *int
}

var _ = check("contexts without a cancel function", func(r *contexts) {
	r.key = new(int)
	r.bg, r.todo = context.Background(), context.TODO()
	r.val = context.WithValue(r.bg, r.key, "by pointer")
	r.deeper = context.WithValue(r.val, ctxKey("k"), r.key)
	r.without = context.WithoutCancel(r.deeper)
}, func(t *testing.T, r *contexts) {
	want(t, "roots", r.bg == context.Background() && r.todo == context.TODO() && r.bg != r.todo)
	want(t, "values", r.deeper.Value(r.key) == "by pointer" && r.deeper.Value(ctxKey("k")) == any(r.key) && r.without.Value(ctxKey("k")) == any(r.key) && r.without.Done() == nil)
})

func init() {
	RegisterExternal("http.DefaultClient", &http.DefaultClient)
	RegisterExternal("http.DefaultTransport", &http.DefaultTransport)
	RegisterExternal("rand.Reader", &rand.Reader)
	warmflate.Warm()
	warmdes.Warm()
	RegisterExternal("crc32.IEEETable", &crc32.IEEETable)
}

// TestRefusedLibrary: library values that hold closures of code that is not compiled are refused, with the place of the closure.
func TestRefusedLibrary(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req, err := http.NewRequest("POST", "http://example.com", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(testCert())
	packed := &bytes.Buffer{}
	gob.NewEncoder(packed).Encode([]int{1})
	dec := gob.NewDecoder(packed)
	if err := dec.Decode(new([]int)); err != nil {
		t.Fatal(err)
	}
	const is = "a closure of code that is not compiled: "
	tests := map[string]any{
		is + "context.WithCancel.func1": &cancel,
		is + "*OnceValue[...]":          ptr(sync.OnceValue(func() int { return 1 })),
		is + "*StripPrefix":             ptr(http.StripPrefix("/a", http.NotFoundHandler())),
		is + "*Values[...]":             ptr(slices.Values([]int{1})),
		"GetBody -> func() (io.ReadCloser, error): " + is + "net/http.NewRequest":                 req,
		"getCert -> func() (*x509.Certificate, error): " + is + "crypto/x509.(*CertPool).AddCert": pool,
		"gob.Encoder: it remembers which types it has sent":                                       gob.NewEncoder(packed),
		"op -> gob.decOp: " + is + "encoding/gob":                                                 dec,
		"fn -> func() string: " + is:                                                              &struct{ fn func() string }{time.Now().String}, // the receiver is no pointer
	}
	_ = ctx
	for want, root := range tests {
		err := Save(io.Discard, root)
		for _, part := range strings.Split(want, "*") { // between them the function that the closure was inlined into, if it was
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%v, want %s", err, want)
			}
		}
	}
}

func ptr[T any](x T) *T { return &x }
