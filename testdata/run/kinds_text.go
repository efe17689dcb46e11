// Covers: values of the standard library that parse and print are kept over a restore: templates, whose state is an unexported error, expressions, flag sets, loggers, URLs.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
)

func wait() {
	c := make(chan int)
	go func() { c <- 1 }()
	<-c
}

func noTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func main() {
	page := template.Must(template.New("page").Parse(`<p title="{{.}}">{{.}}</p>`))
	if err := page.Execute(io.Discard, "first"); err != nil {
		fmt.Println(err)
	}
	re := regexp.MustCompile(`(\w+)=(\d+)`)
	set := flag.NewFlagSet("set", flag.ContinueOnError)
	n := set.Int("n", 1, "number")
	var logged bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{ReplaceAttr: noTime})).With("k", 1)
	u, _ := url.Parse("http://example.com/a?b=c")
	for i := range 2 {
		wait()
		var b strings.Builder
		fmt.Println(page.Execute(&b, "<&>"), b.String(), re.ReplaceAllString("a=1 b=x", "$2:$1"))
		fmt.Println(set.Parse([]string{"-n", fmt.Sprint(i)}), *n)
		logger.Info("round", "i", i)
		fmt.Println(u, u.Query(), logged.Len())
	}
}
