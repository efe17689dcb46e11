// Covers: values of the standard library that are kept over a restore and go on where they were: readers, decoders, hashes, generators, containers, big numbers, times.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"container/heap"
	"container/list"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"math/rand"
	randv2 "math/rand/v2"
	"os"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type ints []int

func (h ints) Len() int           { return len(h) }
func (h ints) Less(i, j int) bool { return h[i] < h[j] }
func (h ints) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *ints) Push(x any)        { *h = append(*h, x.(int)) }
func (h *ints) Pop() any          { x := (*h)[len(*h)-1]; *h = (*h)[:len(*h)-1]; return x }

func wait() {
	c := make(chan int)
	go func() { c <- 1 }()
	<-c
}

func main() {
	lines := bufio.NewScanner(strings.NewReader("one\ntwo\nthree"))
	dec := json.NewDecoder(strings.NewReader(`{"a":1} {"a":2} {"a":3}`))
	raw := json.RawMessage(`[1, 2]`)
	sum, mac := sha256.New(), hmac.New(sha256.New, []byte("key"))
	r1, r2 := rand.New(rand.NewSource(1)), randv2.New(randv2.NewPCG(1, 2))
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	h := &ints{5, 2, 8}
	heap.Init(h)
	l := list.New()
	mid := l.PushBack("mid")
	num := new(big.Int).Exp(big.NewInt(3), big.NewInt(100), nil)
	var sb strings.Builder
	var m sync.Map
	var hits atomic.Int64
	var last atomic.Pointer[list.Element]
	_, missing := os.Open("/does/not/exist")
	both := errors.Join(io.EOF, fmt.Errorf("wrapped: %w", missing))
	typ, val := reflect.TypeFor[map[string]ints](), reflect.ValueOf(h).Elem()
	for i := range 2 {
		wait()
		lines.Scan()
		var v struct{ A int }
		err := dec.Decode(&v)
		fmt.Println(lines.Text(), v.A, err, string(raw))
		sum.Write([]byte("x"))
		mac.Write([]byte("y"))
		wait()
		fmt.Printf("%x %x %d %d\n", sum.Sum(nil)[:4], mac.Sum(nil)[:4], r1.Int63(), r2.Uint64())
		fmt.Fprint(zip, "line ", i)
		heap.Push(h, i)
		l.InsertBefore(i, mid)
		last.Store(l.Front())
		num.Mul(num, big.NewInt(7))
		wait()
		fmt.Fprint(&sb, i)
		m.Store(i, &v)
		p, _ := m.Load(i)
		hits.Add(1)
		fmt.Println(heap.Pop(h), l.Len(), last.Load().Value, num, sb.String(), p == any(&v), hits.Load(), val.Len())
		fmt.Println(errors.Is(both, io.EOF), errors.Is(both, fs.ErrNotExist), typ == reflect.TypeFor[map[string]ints]())
	}
	zip.Close()
	unzip, err := gzip.NewReader(&packed)
	if err != nil {
		fmt.Println(err)
		return
	}
	wait()
	text, err := io.ReadAll(unzip)
	fmt.Println(string(text), err)

	start := time.Now()
	later := start.Add(time.Second)
	seen := map[time.Time]string{start: "start", later: "later", start.Round(0): "wall"}
	wait()
	now := time.Now()
	wait()
	since := now.Sub(start)
	fmt.Println(later.Sub(start), len(seen), seen[start], seen[start.Round(0)], start == start.Round(0), since >= 0 && since < time.Minute, now.After(start), start.Location())
}
