package later

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"time"
)

func constant(ready chan int) {
	f, err := os.Open("x") // want `f is an open file`
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	<-ready
	io.Copy(io.Discard, f)
}

func parameter(ctx context.Context, name string, results chan int) error {
	n := 3
	f, err := os.Open(name) // want `f is an open file`
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	// what there is to wait for
	x := <-results // a result
	n += x
	<-ctx.Done()

	_, err = io.CopyN(io.Discard, f, int64(n))
	f.Close()
	return err
}

func unchecked() {
	var err error
	f, err := os.Open("x") // want `f is an open file`
	time.Sleep(2 * time.Second)
	fmt.Println(f, err)
}

// None of these may be moved.

func read(ready chan int) {
	f, _ := os.Open("x") // want `f is an open file`
	io.CopyN(io.Discard, f, 3)
	<-ready
	io.Copy(io.Discard, f)
}

func created(ready chan int) {
	f, err := os.Create("x") // want `f is an open file`
	if err != nil {
		return
	}
	<-ready
	f.Close()
}

func changed(name string, names chan string) {
	f, _ := os.Open(name) // want `f is an open file`
	name = <-names
	fmt.Println(name, f)
}

func shadowed(name string, names chan string) {
	{
		f, _ := os.Open(name) // want `f is an open file`
		name := <-names
		fmt.Println(name, f)
	}
}

func captured(name string, ready chan int) {
	go func() { name = "y"; ready <- 1 }()
	f, _ := os.Open(name) // want `f is an open file`
	<-ready
	f.Close()
}

func addressed(ready chan int) {
	name := "x"
	p := &name
	f, _ := os.Open(name) // want `f is an open file`
	*p = "y"
	<-ready
	f.Close()
}

var name = "x"

func variable(ready chan int) {
	f, _ := os.Open(name) // want `f is an open file`
	<-ready
	f.Close()
}

func field(ready chan int) {
	f, _ := os.Open(os.Args[1]) // want `f is an open file`
	<-ready
	f.Close()
}

func removed(ready chan int) {
	f, _ := os.Open("x") // want `f is an open file`
	os.Remove("x")
	<-ready
	f.Close()
}

func said(ready chan int) {
	f, err := os.Open("x") // want `f is an open file`
	ok := err == nil
	<-ready
	fmt.Println(f, ok)
}

func twice(ready chan int) {
	f, _ := os.Open("x") // want `f is an open file`
	<-ready
	fmt.Println(f.Name())
	<-ready
	f.Close()
}

func loop(ready chan int) {
	for range 3 {
		f, _ := os.Open("x") // want `f is an open file`
		<-ready
		f.Close()
	}
}

func jump(ready chan int) {
	if ready == nil {
		goto end
	}
	{
		f, _ := os.Open("x") // want `f is an open file`
		<-ready
		f.Close()
	}
end:
}

func commented(ready chan int) {
	// the file
	f, _ := os.Open("x") // want `f is an open file`
	<-ready
	f.Close()
}
