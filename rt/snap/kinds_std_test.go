package snap

// This file lists values of the standard library that compute, parse or print.

import (
	"bufio"
	"bytes"
	"container/heap"
	"container/list"
	"container/ring"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"index/suffixarray"
	"io"
	"log"
	"log/slog"
	"math/big"
	"math/rand"
	randv2 "math/rand/v2"
	"regexp"
	"strings"
	"testing"
	textscanner "text/scanner"
	"text/tabwriter"
	"text/template"
)

type bigs struct {
	i, neg, shared *big.Int
	val            big.Int
	f              *big.Float
	r              *big.Rat
}

var _ = play("math/big", func(r *bigs) {
	r.i = new(big.Int).Exp(big.NewInt(7), big.NewInt(300), nil)
	r.neg = big.NewInt(-5)
	r.shared = r.i
	r.val.SetString("123456789012345678901234567890", 10)
	r.f = new(big.Float).SetPrec(200).Quo(big.NewFloat(1), big.NewFloat(3))
	r.r = big.NewRat(-355, 113)
}, func(r *bigs) string {
	r.i.Add(r.i, r.neg)
	return fmt.Sprint(r.i, r.shared, r.neg, &r.val, r.f.Text('g', 50), r.f.Prec(), r.r.Add(r.r, big.NewRat(1, 3)))
})

type randoms struct {
	v1, v1b *rand.Rand
	zipf    *rand.Zipf
	src     rand.Source
	v2      *randv2.Rand
	pcg     *randv2.PCG
	cha     *randv2.ChaCha8
	zipf2   *randv2.Zipf
}

var _ = play("random generators", func(r *randoms) {
	r.v1 = rand.New(rand.NewSource(42))
	r.v1.Read(make([]byte, 3)) // within a word
	r.src = rand.NewSource(7)
	r.v1b = rand.New(r.src)
	r.zipf = rand.NewZipf(r.v1, 1.5, 2, 100)
	r.pcg = randv2.NewPCG(1, 2)
	r.v2 = randv2.New(r.pcg)
	r.cha = randv2.NewChaCha8([32]byte{1, 2, 3})
	r.cha.Read(make([]byte, 13))
	r.zipf2 = randv2.NewZipf(r.v2, 2, 1, 50)
}, func(r *randoms) string {
	var b strings.Builder
	buf := make([]byte, 9)
	for range 300 {
		r.v1.Read(buf)
		r.cha.Read(buf[3:])
		fmt.Fprint(&b, r.v1.Int63(), r.v1b.Float64(), r.src.Int63(), r.zipf.Uint64(), r.v2.Uint64(), r.pcg.Uint64(), r.cha.Uint64(), r.zipf2.Uint64(), buf)
	}
	return b.String()
})

type intHeap []int

func (h intHeap) Len() int           { return len(h) }
func (h intHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h intHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *intHeap) Push(x any)        { *h = append(*h, x.(int)) }
func (h *intHeap) Pop() any          { x := (*h)[len(*h)-1]; *h = (*h)[:len(*h)-1]; return x }

type containers struct {
	l    *list.List
	val  list.List
	e    *list.Element
	ring *ring.Ring
	h    intHeap
	idx  *suffixarray.Index
}

var _ = play("containers", func(r *containers) {
	r.l = list.New()
	for i := range 5 {
		r.l.PushBack(i)
	}
	r.e = r.l.Front().Next()
	r.val.PushFront("v")
	r.ring = ring.New(4)
	for i := range 4 {
		r.ring.Value = i
		r.ring = r.ring.Next()
	}
	for _, x := range []int{5, 2, 8, 1} {
		heap.Push(&r.h, x)
	}
	r.idx = suffixarray.New([]byte("banana"))
}, func(r *containers) string {
	var b strings.Builder
	r.l.MoveToBack(r.e)
	r.l.InsertBefore("new", r.e)
	r.val.PushBack("w")
	for e := r.l.Front(); e != nil; e = e.Next() {
		fmt.Fprint(&b, e.Value, ",")
	}
	r.ring.Do(func(x any) { fmt.Fprint(&b, x) })
	heap.Push(&r.h, 3)
	for len(r.h) > 0 {
		fmt.Fprint(&b, heap.Pop(&r.h))
	}
	return fmt.Sprint(b.String(), r.val.Len(), r.val.Front().Value, r.idx.Lookup([]byte("ana"), -1))
})

type texts struct {
	re, re2, posix *regexp.Regexp
	buf            bytes.Buffer
	bufP           *bytes.Buffer
	rd             *bytes.Reader
	sb             strings.Builder
	sbP            *strings.Builder
	srd            *strings.Reader
	repl           [4]*strings.Replacer
}

var _ = play("text", func(r *texts) {
	r.re = regexp.MustCompile(`(?i)(\w+)@(?P<host>\w+)\.com|^x*?$`)
	r.re.FindString("warm@up.com") // caches
	r.re2 = regexp.MustCompile(`^\d+-\d+$`)
	r.posix = regexp.MustCompilePOSIX(`a+|a+b`)
	r.buf.WriteString("0123456789")
	r.buf.Next(4)
	r.bufP = bytes.NewBufferString("some text")
	r.bufP.ReadByte()
	r.bufP.ReadByte()
	r.rd = bytes.NewReader([]byte("reader"))
	r.rd.ReadByte()
	r.sb.WriteString("value ") // it holds its own address
	r.sbP = &strings.Builder{}
	r.sbP.Grow(100)
	r.sbP.WriteString("pointer ")
	r.srd = strings.NewReader("héllo")
	r.srd.ReadRune()
	r.srd.ReadRune()
	r.repl = [4]*strings.Replacer{
		strings.NewReplacer("a", "1", "b", "2"), strings.NewReplacer("a", "one", "b", ""), strings.NewReplacer("abc", "x"),
		strings.NewReplacer("aaa", "3", "aa", "2", "b", "bb"),
	}
	for _, p := range r.repl[:2] {
		p.Replace("ab") // builds it
	}
}, func(r *texts) string {
	r.bufP.UnreadByte()
	r.buf.WriteString(strings.Repeat("x", 100))
	r.rd.UnreadByte()
	rd, _ := io.ReadAll(r.rd)
	r.sb.WriteString("more")
	r.sbP.WriteString("more")
	r.srd.UnreadRune()
	s, _ := io.ReadAll(r.srd)
	out := fmt.Sprint(r.re.FindAllStringSubmatch("Me@Host.com you@x.com", -1), r.re.SubexpIndex("host"), r.re.String(), r.re2.MatchString("1-2"),
		r.posix.FindString("xaab"), r.buf.String(), r.bufP.String(), string(rd), r.sb.String(), r.sbP.String(), r.sbP.Cap() >= 100, string(s))
	for _, p := range r.repl {
		out += p.Replace(" aaab abc ")
	}
	return out
})

type readers struct {
	under   *strings.Reader
	rd      *bufio.Reader
	sc, scW *bufio.Scanner
	out     *bytes.Buffer
	w       *bufio.Writer
	rw      *bufio.ReadWriter
	csvR    *csv.Reader
	csvW    *csv.Writer
	multi   io.Reader
	tee     io.Reader
	limited io.Reader
	section *io.SectionReader
	mw      io.Writer
	nop     io.ReadCloser
	tok     textscanner.Scanner
	tab     *tabwriter.Writer
}

var _ = play("readers and writers over memory", func(r *readers) {
	r.under = strings.NewReader("line one\nline two\nline three\n")
	r.rd = bufio.NewReaderSize(r.under, 16)
	r.rd.ReadString('\n')
	r.sc = bufio.NewScanner(strings.NewReader("first\nsecond\nthird"))
	r.sc.Scan()
	r.scW = bufio.NewScanner(strings.NewReader("alpha beta gamma"))
	r.scW.Split(bufio.ScanWords)
	r.scW.Scan()
	r.out = &bytes.Buffer{}
	r.w = bufio.NewWriter(r.out)
	r.w.WriteString("buffered ")
	r.rw = bufio.NewReadWriter(r.rd, r.w)
	r.csvR = csv.NewReader(strings.NewReader("a,b\n\"c\nd\",e\n"))
	r.csvR.Read()
	r.csvW = csv.NewWriter(r.out)
	r.csvW.Write([]string{"x", "y z"})
	r.multi = io.MultiReader(strings.NewReader("12"), strings.NewReader("34"))
	r.multi.Read(make([]byte, 1))
	r.tee = io.TeeReader(strings.NewReader("tee"), r.out)
	r.limited = io.LimitReader(strings.NewReader("limited"), 3)
	r.section = io.NewSectionReader(strings.NewReader("0123456789"), 2, 6)
	r.section.Read(make([]byte, 2))
	r.mw = io.MultiWriter(r.out, io.Discard)
	r.nop = io.NopCloser(r.under)
	r.tok.Init(strings.NewReader("x := 3.5 // c"))
	r.tok.Scan()
	r.tab = tabwriter.NewWriter(r.out, 0, 8, 1, '.', 0)
	fmt.Fprint(r.tab, "a\tb\n")
}, func(r *readers) string {
	var b strings.Builder
	line, err := r.rw.ReadString('\n')
	fmt.Fprint(&b, line, err, r.sc.Text(), r.scW.Text())
	for r.sc.Scan() {
		fmt.Fprint(&b, r.sc.Text(), ";")
	}
	for r.scW.Scan() {
		fmt.Fprint(&b, r.scW.Text(), ";")
	}
	rec, err := r.csvR.Read()
	fmt.Fprint(&b, rec, err, r.csvR.InputOffset())
	for _, rd := range []io.Reader{r.multi, r.tee, r.limited, r.section, r.nop} {
		text, err := io.ReadAll(rd)
		fmt.Fprint(&b, string(text), err, ";")
	}
	r.csvW.Flush()
	fmt.Fprint(r.rw, "end")
	r.w.Flush()
	io.WriteString(r.mw, "multi")
	for t := r.tok.Scan(); t != textscanner.EOF; t = r.tok.Scan() {
		fmt.Fprint(&b, r.tok.TokenText(), r.tok.Pos(), ";")
	}
	fmt.Fprint(r.tab, "longer\tc\n")
	r.tab.Flush()
	return b.String() + r.out.String()
})

type doc struct {
	A int             `json:"a" xml:"a"`
	B []string        `json:"b" xml:"b"`
	R json.RawMessage `json:"r" xml:"-"`
	N any             `json:"n" xml:"-"`
}

type encodings struct {
	raw  json.RawMessage
	num  json.Number
	dec  *json.Decoder
	out  *bytes.Buffer
	enc  *json.Encoder
	any  any
	val  doc
	err  error
	xdec *xml.Decoder
	xenc *xml.Encoder
}

var _ = play("encodings", func(r *encodings) {
	r.raw, r.num = json.RawMessage(`{"k":[1,2]}`), "12.50"
	r.dec = json.NewDecoder(strings.NewReader(`[{"a":1,"r":{"x":1}},{"a":2,"b":["p","q"],"n":1.5}] {"a":3,"zz":1}`))
	r.dec.UseNumber()
	r.dec.Token()
	r.dec.Decode(&r.val)
	r.out = &bytes.Buffer{}
	r.enc = json.NewEncoder(r.out)
	r.enc.SetIndent(">", " ")
	r.enc.Encode(r.val)
	json.Unmarshal([]byte(`{"a":[1,"x",null,true,{"b":2.5}]}`), &r.any)
	r.err = json.Unmarshal([]byte(`{"a":"x"}`), &doc{})
	r.xdec = xml.NewDecoder(strings.NewReader(`<l><doc><a>1</a><b>x</b></doc><doc><a>2</a></doc></l>`))
	r.xdec.Token()
	r.xenc = xml.NewEncoder(r.out)
	r.xenc.EncodeToken(xml.StartElement{Name: xml.Name{Local: "open"}})
}, func(r *encodings) string {
	var b strings.Builder
	for r.dec.More() {
		var d doc
		err := r.dec.Decode(&d)
		fmt.Fprintf(&b, "%+v %v %d;", d, err, r.dec.InputOffset())
	}
	tok, err := r.dec.Token()
	f, _ := r.num.Float64()
	fmt.Fprintf(&b, "%v %v %v %v %s", tok, err, f, r.any, r.raw)
	var ute *json.UnmarshalTypeError
	fmt.Fprint(&b, errors.As(r.err, &ute), r.err)
	r.enc.Encode(r.val)
	var d doc
	fmt.Fprint(&b, r.xdec.Decode(&d), d)
	r.xenc.EncodeElement(d, xml.StartElement{Name: xml.Name{Local: "doc"}})
	fmt.Fprint(&b, r.xenc.EncodeToken(xml.EndElement{Name: xml.Name{Local: "open"}}), r.xenc.Flush())
	return b.String() + r.out.String()
})

type loggers struct {
	out        *bytes.Buffer
	l          *log.Logger
	text, json *slog.Logger
	level      *slog.LevelVar
}

var _ = play("loggers", func(r *loggers) {
	r.out = &bytes.Buffer{}
	r.l = log.New(r.out, "p: ", log.Lmsgprefix)
	r.level = &slog.LevelVar{}
	o := &slog.HandlerOptions{Level: r.level, ReplaceAttr: noTime}
	r.text = slog.New(slog.NewTextHandler(r.out, o)).With("k", 1).WithGroup("g")
	r.json = slog.New(slog.NewJSONHandler(r.out, o)).With(slog.Group("h", "x", []int{1}))
	r.l.Print("first")
	r.text.Info("first", "a", 1)
}, func(r *loggers) string {
	r.l.Printf("second %d", 2)
	r.level.Set(slog.LevelDebug)
	r.text.Debug("second", "a", errors.New("e"))
	r.json.Warn("third", "b", 2.5)
	return r.out.String()
})

func noTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

type templates struct {
	text, sub *template.Template
	html      *htmltemplate.Template
	fresh     *htmltemplate.Template // not executed yet
}

var _ = play("templates", func(r *templates) {
	funcs := map[string]any{"upper": strings.ToUpper, "add": func(a, b int) int { return a + b }}
	r.text = template.Must(template.New("t").Funcs(funcs).Parse(`{{define "x"}}<{{.}}>{{end}}{{range .}}{{template "x" upper .}}{{else}}none{{end}}`))
	r.text.Execute(io.Discard, []string{"warm"})
	r.sub = r.text.Lookup("x")
	r.html = htmltemplate.Must(htmltemplate.New("h").Funcs(funcs).Parse(`<a href="{{.}}">{{add 1 2}}{{.}}</a>`))
	r.html.Execute(io.Discard, "warm")
	r.fresh = htmltemplate.Must(htmltemplate.New("f").Parse(`<script>var x = {{.}};</script>`))
}, func(r *templates) string {
	var b strings.Builder
	e1 := r.text.Execute(&b, []string{"a", "b"})
	e2 := r.sub.Execute(&b, "<s>")
	e3 := r.html.Execute(&b, "x?a=<b>&c")
	e4 := r.fresh.Execute(&b, map[string]int{"k": 1})
	_, e5 := r.text.New("more").Parse(`{{template "x" "m"}}`)
	e6 := r.text.ExecuteTemplate(&b, "more", nil)
	return fmt.Sprint(b.String(), e1, e2, e3, e4, e5, e6)
})

// TestReplacerSelf: what is not tested above, as it must be seen from inside: a strings.Builder that was copied panics, a restored one does not.
func TestReplacerSelf(t *testing.T) {
	type root struct{ sb strings.Builder }
	r := &root{}
	r.sb.WriteString("x")
	q := load[root](t, save(t, r))
	q.sb.WriteString("y")
	defer func() { want(t, "a copy panics", recover() != nil) }()
	c := q.sb
	c.WriteString("z")
}
