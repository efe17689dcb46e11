package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/pebble"
)

// This file measures what the disk allows.

// raw puts n records, by as many writers as there are slots. Each put waits for the disk; those that wait at the same time share an fsync.
func raw(dir string, n int) error {
	s, err := pebble.Open(dir, nil)
	if err != nil {
		return err
	}
	data := make([]byte, len(state)+25) // and the batch
	var next atomic.Int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	began := time.Now()
	for range slots {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if _, e := s.Put(context.Background(), store.Record{ID: fmt.Sprintf("run/p/%08x", i), Data: data}); e != nil {
					mu.Lock()
					err = e
					mu.Unlock()
					return
				}
			}
		})
	}
	wg.Wait()
	fmt.Println("raw", float64(n)/time.Since(began).Seconds(), "puts/s")
	return errors.Join(err, s.Close())
}
