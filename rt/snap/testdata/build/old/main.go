// Command old saves a state that command new, which is another build of the same program, cannot load.
package main

import (
	"fmt"
	"os"
	"reflect"

	"github.com/harkgen/harkgen/rt/snap"
)

type Level int

type Point struct{ X, Y int }

type Config struct {
	Name  string
	Level Level
	Speed float32
	At    Point
}

type workerFrame struct {
	PC   int
	i, j int
	conf *Config
}

type root struct{ frames []any }

var (
	x     = 1
	limit int
	seen  = map[string]Point{}
)

func main() {
	snap.SetBuild("old")
	snap.RegisterVar("main.x", &x)
	snap.RegisterVar("main.limit", &limit)
	snap.RegisterVar("main.seen", &seen)
	snap.NameFrame(reflect.TypeFor[workerFrame](), "main.worker")
	seen["a"] = Point{1, 2}
	f, err := os.Create(os.Args[1])
	if err == nil {
		err = snap.Save(f, &root{[]any{&workerFrame{1, 2, 3, &Config{"n", 1, 2, Point{}}}}})
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
