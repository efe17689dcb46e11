package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/pebble"
)

func main() {
	dir, _ := os.MkdirTemp("", "spread")
	defer os.RemoveAll(dir)
	s, err := pebble.Open(dir+"/db", nil)
	if err != nil {
		panic(err)
	}
	chaos, _ := strconv.Atoi(os.Args[2])
	workers, _ := strconv.Atoi(os.Args[3])
	os.MkdirAll(dir+"/st", 0o755)
	r, err := local.Create(context.Background(), dir+"/st", s, store.Program{Package: "x", Spread: true, Cwd: "/tmp", Args: os.Args[4:]}, "b")
	if err != nil {
		panic(err)
	}
	start := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	res, err := r.Execute(ctx, &local.Options{Store: s, Dir: dir + "/st", Worker: os.Args[1], Stdout: os.Stdout, Stderr: os.Stderr, Chaos: chaos, Workers: workers})
	fmt.Println(res, err, time.Since(start))
}
