// Covers: strings.Builder, bytes.Buffer and bufio over memory, used before and after suspensions.

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
)

func pause() {
	c := make(chan int, 1)
	c <- 1
	<-c
}

func write(sb *strings.Builder, n int) {
	for i := range n {
		pause()
		fmt.Fprintf(sb, "%d,", i)
	}
}

func main() {
	var sb strings.Builder
	for i := range 3 {
		sb.WriteString("ab")
		pause()
		sb.WriteByte(byte('0' + i))
	}
	write(&sb, 3)
	fmt.Println(sb.String(), sb.Len())
	var buf bytes.Buffer
	buf.WriteString("hello world")
	first := buf.Next(6)
	pause()
	fmt.Printf("%s %s\n", first, buf.String())
	buf.WriteString("!")
	pause()
	b, err := buf.ReadByte()
	fmt.Println(string(b), err, buf.Len())
	s := bufio.NewScanner(strings.NewReader("one two\nthree\n\nfour"))
	s.Split(bufio.ScanWords)
	for s.Scan() {
		pause()
		fmt.Print(s.Text(), ";")
	}
	fmt.Println(s.Err())
	out := &bytes.Buffer{}
	w := bufio.NewWriter(out)
	for i := range 4 {
		fmt.Fprint(w, i)
		pause()
	}
	fmt.Print(out.Len(), " ")
	w.Flush()
	fmt.Println(out)
	rep := strings.NewReplacer("a", "1", "b", "2")
	pause()
	fmt.Println(rep.Replace("abc"))
	f := strings.Fields(" x  y z ")
	pause()
	fmt.Println(len(f), strings.Join(f, "-"))
}
