// Covers: an ordinary program with its state in package variables: a sharded cache, a registry of functions, a list, counters, an interface that is set at run time.
package main

import (
	"container/list"
	"fmt"
	"hash/fnv"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
)

const shards = 4

type shard struct {
	sync.RWMutex
	m map[string]*item
}

type item struct {
	key   string
	count int
	tags  []string
	owner *user
}

type user struct {
	name  string
	items []*item
}

type store interface {
	get(key string) *item
	put(key string, u *user) *item
}

type sharded [shards]shard

func (s *sharded) of(key string) *shard {
	h := fnv.New32a()
	h.Write([]byte(key))
	return &s[h.Sum32()%shards]
}

func (s *sharded) get(key string) *item {
	sh := s.of(key)
	sh.RLock()
	defer sh.RUnlock()
	return sh.m[key]
}

func (s *sharded) put(key string, u *user) *item {
	sh := s.of(key)
	sh.Lock()
	defer sh.Unlock()
	if sh.m == nil {
		sh.m = map[string]*item{}
	}
	it := sh.m[key]
	if it == nil {
		it = &item{key: key, owner: u}
		sh.m[key] = it
		stats.made.Add(1)
	}
	it.count++
	return it
}

var (
	all   sharded
	cache store // set in main
	stats struct {
		made, found atomic.Int64
		mu          sync.Mutex
		byUser      map[string]int
	}
	users    = map[string]*user{"ann": {name: "ann"}, "bob": {name: "bob"}}
	usersMu  sync.Mutex
	recent   = list.New()
	recentMu sync.Mutex
	handlers = map[string]func(*item) string{}
	limit    = 3
	log      struct {
		sync.Mutex
		lines []string
		b     strings.Builder
	}
)

func register(name string, f func(*item) string) { handlers[name] = f }

func init() {
	stats.byUser = map[string]int{}
	register("count", func(it *item) string { return fmt.Sprint(it.key, "=", it.count) })
}

func logf(format string, args ...any) {
	log.Lock()
	defer log.Unlock()
	log.lines = append(log.lines, fmt.Sprintf(format, args...))
	log.b.WriteByte('.')
}

func visit(name, key string) {
	usersMu.Lock()
	u := users[name]
	usersMu.Unlock()
	it := cache.put(key, u)
	usersMu.Lock()
	u.items = append(u.items, it)
	usersMu.Unlock()
	stats.mu.Lock()
	stats.byUser[name]++
	stats.mu.Unlock()
	recentMu.Lock()
	recent.PushFront(it)
	for recent.Len() > limit {
		recent.Remove(recent.Back())
	}
	recentMu.Unlock()
	logf("%s visits %s", name, key)
}

func main() {
	cache = &all
	suffix := "!"
	register("loud", func(it *item) string { return strings.ToUpper(it.key) + suffix })
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			visit([]string{"ann", "bob"}[i%2], fmt.Sprint("key", i%3))
		}()
	}
	wg.Wait()
	recentMu.Lock()
	n := recent.Len()
	for e := recent.Front(); e != nil; e = e.Next() {
		if it := e.Value.(*item); cache.get(it.key) != it {
			fmt.Println("another item", it.key)
		}
	}
	recentMu.Unlock()
	sort.Strings(log.lines)
	fmt.Println(log.lines, log.b.Len(), n, stats.made.Load(), stats.byUser)

	results := make(chan string)
	for name := range handlers {
		go func() {
			it := cache.get("key1")
			if it != nil {
				stats.found.Add(1)
			}
			results <- handlers[name](it)
		}()
	}
	got := []string{<-results, <-results}
	sort.Strings(got)
	fmt.Println(got, stats.found.Load(), len(users["ann"].items), users["ann"] == cache.get("key0").owner || users["bob"] == cache.get("key0").owner)
}
