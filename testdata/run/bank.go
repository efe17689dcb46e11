// Covers: transfers between accounts under two locks taken in order, with a total that stays.

package main

import (
	"fmt"
	"sync"
)

type account struct {
	sync.Mutex
	id, balance int
}

func transfer(from, to *account, n int) (err error) {
	a, b := from, to
	if a.id > b.id {
		a, b = b, a
	}
	a.Lock()
	defer a.Unlock()
	b.Lock()
	defer b.Unlock()
	if from.balance < n {
		return fmt.Errorf("account %d: short of %d", from.id, n-from.balance)
	}
	from.balance -= n
	to.balance += n
	return nil
}

func main() {
	accounts := make([]*account, 3)
	for i := range accounts {
		accounts[i] = &account{id: i, balance: 100}
	}
	var wg sync.WaitGroup
	errs := make(chan error, 9)
	for i := range 9 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			errs <- transfer(accounts[i%3], accounts[(i+1)%3], 10)
		}()
	}
	wg.Wait()
	total := 0
	for _, a := range accounts {
		total += a.balance
	}
	failed := 0
	for range 9 {
		if <-errs != nil {
			failed++
		}
	}
	fmt.Println(total, failed)
	fmt.Println(transfer(accounts[0], accounts[1], 1000))
}
