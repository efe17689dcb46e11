// Covers: && and || with operands that suspend, and conditions made of them.

package main

import "fmt"

var trace string

func t(s string) bool {
	c := make(chan bool, 1)
	trace += s
	c <- true
	return <-c
}

func f(s string) bool { return !t(s) }

func show(b bool) {
	fmt.Println(b, trace)
	trace = ""
}

func main() {
	c := make(chan bool, 2)
	show(t("a") && t("b"))
	show(f("a") && t("b"))
	show(t("a") || t("b"))
	show(f("a") || f("b"))
	show(t("a") && f("b") || t("c") && !f("d"))
	show((f("a") || t("b")) && (f("c") || f("d")))
	c <- true
	c <- false
	x := <-c && <-c
	show(x || len(c) == 0 && t("z"))
	if f("1") || t("2") && t("3") {
		show(true)
	}
	for i := 0; t("c") && i < 3; i++ {
		if i == 1 && f("x") || i == 2 && t("y") {
			break
		}
	}
	show(!t("n"))
	var p *struct{ v int }
	if p != nil && t("never") && p.v > 0 {
		fmt.Println("never")
	}
	b := p == nil || t("never") || p.v > 0
	show(b)
	fs := []func(string) bool{t, f}
	show(fs[0]("p") && fs[1]("q") && fs[0]("r"))
	m := map[bool]string{t("k") && f("l"): "value"}
	fmt.Println(m)
	show(func() bool { return t("i") && t("j") }())
}
