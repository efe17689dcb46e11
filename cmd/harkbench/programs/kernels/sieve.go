package main

const (
	sieveLimit  = 2_000_000
	sieveRounds = 40
)

func sieve() int {
	count := 0
	composite := make([]bool, sieveLimit)
	for range sieveRounds {
		clear(composite)
		count = 0
		for i := 2; i < sieveLimit; i++ {
			if composite[i] {
				continue
			}
			count++
			for j := i * i; j < sieveLimit; j += i {
				composite[j] = true
			}
		}
	}
	return count
}

func sieveTicking(ticks <-chan int) int {
	count := 0
	composite := make([]bool, sieveLimit)
	for range sieveRounds {
		clear(composite)
		count = 0
		for i := 2; i < sieveLimit; i++ {
			if i%1000 == 0 {
				<-ticks
			}
			if composite[i] {
				continue
			}
			count++
			for j := i * i; j < sieveLimit; j += i {
				composite[j] = true
			}
		}
	}
	return count
}
