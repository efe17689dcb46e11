// S3words counts the words of the objects in a bucket, each object in a goroutine of its own, and prints the most frequent.
//
//	s3words [-n 10] BUCKET [PREFIX]
package main

import (
	"bufio"
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// client is made anew wherever the program goes on.
var client = newClient()

func newClient() *s3.Client {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	return s3.NewFromConfig(cfg)
}

// A count is what one object has.
type count struct {
	key   string
	words map[string]int
	err   error
}

func main() {
	log.SetFlags(0)
	n := flag.Int("n", 10, "how many words to print")
	flag.Parse()
	if flag.NArg() < 1 || flag.NArg() > 2 {
		log.Fatal("usage: s3words [-n 10] BUCKET [PREFIX]")
	}
	bucket := flag.Arg(0)
	keys, err := list(bucket, flag.Arg(1))
	if err != nil {
		log.Fatal(err)
	}
	counts := make(chan count)
	for _, key := range keys {
		//hark:go remote
		go func() { counts <- object(bucket, key) }()
	}
	all := map[string]int{}
	for range keys {
		c := <-counts
		if c.err != nil {
			log.Fatalf("%s: %v", c.key, c.err)
		}
		for w, n := range c.words {
			all[w] += n
		}
	}
	fmt.Println(len(keys), "objects,", len(all), "different words")
	for _, w := range top(all, *n) {
		fmt.Printf("%8d %s\n", all[w], w)
	}
}

func list(bucket, prefix string) (keys []string, err error) {
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			return nil, err
		}
		for _, o := range page.Contents {
			keys = append(keys, aws.ToString(o.Key))
		}
	}
	return keys, nil
}

func object(bucket, key string) count {
	out, err := client.GetObject(context.Background(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return count{key: key, err: err}
	}
	defer out.Body.Close()
	words, err := words(out.Body)
	return count{key, words, err}
}

func words(r io.Reader) (map[string]int, error) {
	freq := map[string]int{}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		for _, w := range strings.FieldsFunc(strings.ToLower(line), func(r rune) bool { return !unicode.IsLetter(r) }) {
			freq[w]++
		}
		switch {
		case err == io.EOF:
			return freq, nil
		case err != nil:
			return nil, err
		}
	}
}

// top returns the n most frequent words; of equally frequent ones, the first by alphabet.
func top(freq map[string]int, n int) []string {
	words := slices.SortedFunc(maps.Keys(freq), func(a, b string) int {
		return cmp.Or(freq[b]-freq[a], strings.Compare(a, b))
	})
	return words[:min(n, len(words))]
}
