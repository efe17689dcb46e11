// Command new is a later build of command old. The flag says what has changed, one thing at a time.
package main

import (
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/harkgen/harkgen/rt/snap"
)

type Level int

type Point struct{ X, Y int }

type Config struct {
	Name    string
	Level   Level
	Retries int
	Speed   float32
	At      Point
}

type workerFrame struct {
	PC   int
	i    int
	conf *Config
}

type root struct{ frames []any }

var (
	limit string
	seen  = map[string]Point{}
)

func main() {
	snap.SetBuild("new")
	snap.RegisterVar("main.limit", &limit)
	snap.RegisterVar("main.seen", &seen)
	snap.NameFrame(reflect.TypeFor[workerFrame](), "main.worker")
	f, err := os.Open(os.Args[1])
	if err == nil {
		r := &root{[]any{&workerFrame{}, new(Config)}}
		var info os.FileInfo
		if info, err = f.Stat(); err == nil {
			err = snap.Load(f, info.Size(), r)
			fmt.Println(err)
			f.Seek(0, io.SeekStart)
			list, _ := snap.Differences(f, info.Size(), r)
			fmt.Println(len(list), strings.Contains(err.Error(), list[0]))
			return
		}
	}
	fmt.Println(err)
}
