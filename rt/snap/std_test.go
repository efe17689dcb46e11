package snap

// This file tests values of the standard library that programs keep across waits.

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"hash"
	"io"
	"log"
	"math/big"
	"math/rand"
	randv2 "math/rand/v2"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"text/template"
	"time"
	"unicode"
)

type stdRoot struct {
	re    *regexp.Regexp
	rnd   *rand.Rand
	rnd2  *randv2.Rand
	rd    *bufio.Reader
	list  *list.List
	url   *url.URL
	repl  *strings.Replacer
	loc   *time.Location
	hash  hash.Hash
	csv   *csv.Reader
	dec   *json.Decoder
	gz    *gzip.Writer
	out   *bytes.Buffer
	logs  *log.Logger
	logTo *bytes.Buffer
	ctx   context.Context
	tab   []*unicode.RangeTable
	rat   *big.Rat
	tmpl  *template.Template
	pipe  *io.LimitedReader
	err   error
}

// ctxKey is the type of context keys here.
type ctxKey string

func TestStandardLibrary(t *testing.T) {
	r := &stdRoot{
		re:   regexp.MustCompile(`(\w+)@(\w+)\.com`),
		rnd:  rand.New(rand.NewSource(1)),
		rnd2: randv2.New(randv2.NewPCG(1, 2)),
		rd:   bufio.NewReader(strings.NewReader("line one\nline two\n")),
		list: list.New(),
		repl: strings.NewReplacer("a", "1", "b", "2"),
		hash: sha256.New(),
		csv:  csv.NewReader(strings.NewReader("a,b\nc,d\n")),
		dec:  json.NewDecoder(strings.NewReader(`{"a":1} {"b":2}`)),
		out:  &bytes.Buffer{},
		tab:  []*unicode.RangeTable{unicode.Latin, unicode.Digit},
		rat:  big.NewRat(3, 7),
		pipe: &io.LimitedReader{R: strings.NewReader("abcdef"), N: 3},
	}
	r.logTo = &bytes.Buffer{}
	r.logs = log.New(r.logTo, "p:", 0)
	r.rd.ReadString('\n')
	r.list.PushBack("x")
	r.list.PushFront(1)
	r.url, _ = url.Parse("https://u:p@example.com/a?b=c#d")
	r.repl.Replace("ab")
	r.loc, _ = time.LoadLocation("Europe/Berlin")
	r.hash.Write([]byte("hello "))
	r.csv.Read()
	r.dec.Decode(new(any))
	r.gz = gzip.NewWriter(r.out)
	r.gz.Write([]byte("compressed "))
	r.ctx = context.WithValue(context.Background(), ctxKey("k"), r.list)
	_, r.err = r.re.Longest, io.ErrUnexpectedEOF
	r.tmpl = template.New("x")

	b := save(t, r)
	q := load[stdRoot](t, b)
	t.Logf("%d bytes", len(b))
	churn()
	eq := func(name string, a, b any) {
		t.Helper()
		if a != b {
			t.Errorf("%s: %v, want %v", name, b, a)
		}
	}
	eq("regexp", "u", q.re.FindStringSubmatch("u@x.com")[1])
	for range 1000 {
		eq("rand", r.rnd.Int63(), q.rnd.Int63())
		eq("rand2", r.rnd2.Uint64(), q.rnd2.Uint64())
	}
	s, _ := q.rd.ReadString('\n')
	eq("bufio", "line two\n", s)
	eq("list", 1, q.list.Front().Value)
	eq("list", "x", q.list.Front().Next().Value)
	eq("list", q.list.Back(), q.list.Front().Next())
	eq("url", r.url.String(), q.url.String())
	eq("replacer", "12", q.repl.Replace("ab"))
	if r.loc != nil {
		when := time.Unix(1e9, 0)
		eq("location", when.In(r.loc).String(), when.In(q.loc).String())
	}
	r.hash.Write([]byte("world"))
	q.hash.Write([]byte("world"))
	eq("sha256", string(r.hash.Sum(nil)), string(q.hash.Sum(nil)))
	rec, _ := q.csv.Read()
	eq("csv", "d", rec[1])
	var v map[string]int
	q.dec.Decode(&v)
	eq("json", 2, v["b"])
	q.gz.Write([]byte("text"))
	q.gz.Close()
	zr, err := gzip.NewReader(q.out)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(zr)
	eq("gzip", "compressed text", string(text))
	q.logs.Print("x")
	eq("log", "p:x\n", q.logTo.String())
	eq("context", q.list, q.ctx.Value(ctxKey("k")))
	eq("unicode", unicode.Latin, q.tab[0])
	eq("unicode", true, unicode.Is(q.tab[1], '5'))
	eq("rat", "3/7", q.rat.String())
	rest, _ := io.ReadAll(q.pipe)
	eq("limited", "abc", string(rest))
	eq("error", io.ErrUnexpectedEOF.Error(), q.err.Error())
	t.Logf("io.ErrUnexpectedEOF keeps its identity without registration: %v", q.err == io.ErrUnexpectedEOF)
	if _, err := q.tmpl.Parse("{{.}}!"); err != nil {
		t.Error(err)
	}
	var w bytes.Buffer
	q.tmpl.Execute(&w, 5)
	eq("template", "5!", w.String())
}
