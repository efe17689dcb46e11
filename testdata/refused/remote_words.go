// Comments that place goroutines, and mean nothing.

package main

func f(c chan int) { c <- 1 }

func main() {
	c := make(chan int)
	go f(c) //hark:go away // ERROR "//hark:go away; the words that may follow are local and remote"
	//hark:go // ERROR "//hark:go; the words that may follow"
	go f(c)
	//hark:go remote // ERROR "//hark:go remote places nothing; there is no go statement on its line or the next"
	<-c
}
