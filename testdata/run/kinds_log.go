// Covers: what main has told package log is still so after a restore, and loggers of its own.
package main

import (
	"bytes"
	"log"
	"os"
)

func wait() {
	c := make(chan int)
	go func() { c <- 1 }()
	<-c
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("prefix: ")
	var buf bytes.Buffer
	own := log.New(&buf, "own: ", log.Lmsgprefix)
	same := log.Default()
	for i := range 3 {
		wait()
		log.Println("to stderr", i)
		own.Println("to memory", i)
		same.Println(log.Prefix(), same == log.Default())
	}
	log.SetOutput(os.Stdout)
	wait()
	log.Print(buf.String())
	log.SetOutput(&buf)
	wait()
	log.Print("to memory")
	os.Stdout.WriteString(buf.String())
}
