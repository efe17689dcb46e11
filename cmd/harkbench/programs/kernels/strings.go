package main

import (
	"strconv"
	"strings"
)

const stringLines = 1_500_000

func stringsBuilt() int {
	length := 0
	var b strings.Builder
	for i := range stringLines {
		b.WriteString("line ")
		b.WriteString(strconv.Itoa(i))
		b.WriteByte(':')
		for n := uint32(i) * 2654435769 >> 8; n > 0; n /= 26 {
			b.WriteByte(byte('a' + n%26))
		}
		name := "user" + strconv.Itoa(i%100)
		b.WriteString(strings.ToUpper(name))
		b.WriteRune('→')
		if b.Len() > 10_000 {
			length += len(b.String())
			b.Reset()
		}
	}
	return length
}

func stringsTicking(ticks <-chan int) int {
	length := 0
	var b strings.Builder
	for i := range stringLines {
		if i%1000 == 0 {
			<-ticks
		}
		b.WriteString("line ")
		b.WriteString(strconv.Itoa(i))
		b.WriteByte(':')
		for n := uint32(i) * 2654435769 >> 8; n > 0; n /= 26 {
			b.WriteByte(byte('a' + n%26))
		}
		name := "user" + strconv.Itoa(i%100)
		b.WriteString(strings.ToUpper(name))
		b.WriteRune('→')
		if b.Len() > 10_000 {
			length += len(b.String())
			b.Reset()
		}
	}
	return length
}
