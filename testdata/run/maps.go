// Covers: maps with struct, array, interface, float and pointer keys, nested maps and sets, across suspensions.

package main

import (
	"fmt"
	"math"
)

type key struct {
	x, y int
	s    string
}

func id(x int) int {
	c := make(chan int, 1)
	c <- x
	return <-c
}

func main() {
	m := map[key]int{{1, 2, "a"}: 1}
	m[key{id(1), 2, "b"}] = id(2)
	m[key{1, 2, "a"}] += id(10)
	fmt.Println(m[key{1, 2, "a"}], m[key{1, 2, "b"}], m[key{}], len(m))
	arr := map[[2]int]string{{1, 2}: "x"}
	arr[[2]int{id(3), 4}] += "y"
	fmt.Println(arr[[2]int{3, 4}], arr[[2]int{1, 2}])
	ifc := map[any]string{1: "int", "1": "string", 1.0: "float", key{}: "key", [1]int{1}: "array", nil: "nil", true: "bool"}
	id(0)
	fmt.Println(ifc[1], ifc["1"], ifc[1.0], ifc[key{}], ifc[[1]int{id(1)}], ifc[nil], ifc[id(1) == 1], ifc[int8(1)] == "")
	nan := map[float64]int{math.NaN(): 1, math.NaN(): 2, 0.0: 3}
	id(0)
	nan[math.Copysign(0, -1)] = 4
	sum := 0
	for _, v := range nan {
		sum += id(v)
	}
	fmt.Println(len(nan), sum, nan[math.NaN()], nan[0])
	clear(nan)
	fmt.Println(len(nan))
	nested := map[string]map[string][]int{}
	for i := range 6 {
		k := fmt.Sprint(i % 2)
		if nested[k] == nil {
			nested[k] = map[string][]int{}
		}
		id(i)
		nested[k]["v"] = append(nested[k]["v"], i)
	}
	fmt.Println(nested)
	v, ok := m[key{y: id(9)}]
	fmt.Println(v, ok)
	delete(m, key{1, 2, fmt.Sprint("a"[:id(1)])})
	fmt.Println(m)
	alias := m
	id(0)
	alias[key{}] = 5
	fmt.Println(len(m))
	fs := map[string]func(int) int{"id": id}
	fmt.Println(fs["id"](4))
	cnt := map[rune]int{}
	for _, r := range "hello" {
		cnt[r]++
		id(1)
	}
	cnt['l'] <<= id(2)
	fmt.Println(cnt['l'], cnt['h'], len(cnt))
	big := map[int]int{}
	for i := range 1000 {
		big[i] = i * i
	}
	id(0)
	total := 0
	for k, v := range big {
		total += v - k
	}
	fmt.Println(len(big), total)
}
