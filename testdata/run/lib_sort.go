// Library functions that are not generic, called with what blocks: sort, strings, bytes, filepath, fs.

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
	"unicode"
)

var ask, answer = make(chan [2]int), make(chan bool)

func less(a, b int) bool { ask <- [2]int{a, b}; return <-answer }

type numbers []int

func (n numbers) Len() int           { return len(n) }
func (n numbers) Less(i, j int) bool { return less(n[i], n[j]) }
func (n numbers) Swap(i, j int)      { n[i], n[j] = n[j], n[i] }

func main() {
	go func() {
		for p := range ask {
			answer <- p[0] < p[1]
		}
	}()
	var xs numbers
	for i := range 30 {
		xs = append(xs, i*37%31)
	}
	ys := append(numbers(nil), xs...)
	sort.Slice(ys, func(i, j int) bool { return less(ys[i], ys[j]) })
	fmt.Println(ys)
	zs := append(numbers(nil), xs...)
	sort.Sort(zs)
	fmt.Println(zs, sort.IsSorted(zs))
	sort.Sort(sort.Reverse(zs))
	fmt.Println(zs)
	sort.Stable(zs)
	fmt.Println(zs)
	sort.SliceStable(zs, func(i, j int) bool { return less(zs[i]%3, zs[j]%3) })
	fmt.Println(zs)
	fmt.Println(sort.Search(len(ys), func(i int) bool { return !less(ys[i], 7) }))

	up := func(r rune) rune {
		if less(int(r), 'n') {
			return unicode.ToUpper(r)
		}
		return r
	}
	space := func(r rune) bool { return less(int(r), 'a') }
	fmt.Println(strings.Map(up, "hello, world"), string(bytes.Map(up, []byte("bytes"))))
	fmt.Println(strings.FieldsFunc("some words  here", space), strings.IndexFunc("words here", space), strings.TrimFunc("  x ", space))
	fmt.Println(strings.ContainsFunc("abc", space), bytes.IndexFunc([]byte("ab c"), space))

	dir, err := os.MkdirTemp("", "walk")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for _, d := range []string{"a/b", "c", "skip/deep"} {
		_ = os.MkdirAll(filepath.Join(dir, d), 0o755)
		_ = os.WriteFile(filepath.Join(dir, d, "f"), nil, 0o644)
	}
	var seen []string
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		time.Sleep(time.Microsecond)
		rel, _ := filepath.Rel(dir, path)
		seen = append(seen, rel)
		if d.Name() == "skip" {
			return filepath.SkipDir
		}
		return err
	})
	fmt.Println(seen, err)
	stop := errors.New("stop")
	err = fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		time.Sleep(time.Microsecond)
		if path == "c" {
			return stop
		}
		return err
	})
	fmt.Println(err == stop)
}
