package main

import (
	"encoding/json"
	"strconv"
)

const orderCount = 100_000

type order struct {
	ID       int               `json:"id"`
	Customer string            `json:"customer"`
	Items    []item            `json:"items"`
	Notes    map[string]string `json:"notes,omitempty"`
	Total    money             `json:"total"`
}

type item struct {
	Name  string  `json:"name"`
	Count int     `json:"count"`
	Price money   `json:"price"`
	Mass  float64 `json:"mass"`
}

type money int // cents

func (m money) MarshalText() ([]byte, error) {
	b := strconv.AppendInt(nil, int64(m/100), 10)
	return append(b, '.', byte('0'+m/10%10), byte('0'+m%10)), nil
}

func newOrder(n int) *order {
	o := &order{ID: n, Customer: "customer " + strconv.Itoa(n%1000), Notes: map[string]string{"origin": "bench"}}
	for i := range 3 {
		it := item{Name: "item", Count: i + 1, Price: money(n % 10000), Mass: float64(n) / 8}
		o.Items = append(o.Items, it)
		o.Total += money(it.Count) * it.Price
	}
	return o
}

func encode() int {
	length := 0
	for i := range orderCount {
		b, err := json.Marshal(newOrder(i))
		if err != nil {
			panic(err)
		}
		length += len(b)
	}
	return length
}

func encodeTicking(ticks <-chan int) int {
	length := 0
	for i := range orderCount {
		if i%1000 == 0 {
			<-ticks
		}
		b, err := json.Marshal(newOrder(i))
		if err != nil {
			panic(err)
		}
		length += len(b)
	}
	return length
}
