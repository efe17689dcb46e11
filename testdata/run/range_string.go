// Covers: range over strings, with multi-byte runes and invalid UTF-8.

package main

import "fmt"

func main() {
	runes := make(chan rune)
	done := make(chan bool)
	go func() {
		for r := range runes {
			fmt.Printf("%U ", r)
		}
		fmt.Println()
		close(done)
	}()
	total := 0
	for i, r := range "aé世\xff😀z" {
		runes <- r
		total += i
	}
	for range "世界" {
		runes <- '.'
	}
	for i := range "é😀x" {
		runes <- rune('0' + i)
	}
	for _, r := range "" {
		runes <- r
	}
	close(runes)
	<-done
	fmt.Println(total)
}
