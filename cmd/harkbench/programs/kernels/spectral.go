package main

import "math"

const (
	spectralN      = 1500
	spectralRounds = 15
	spectralTicks  = spectralRounds * 4 * spectralN / 100
)

func evalA(i, j int) float64 { return 1 / float64((i+j)*(i+j+1)/2+i+1) }

func spectralVectors() (u, v, tmp []float64) {
	u, v, tmp = make([]float64, spectralN), make([]float64, spectralN), make([]float64, spectralN)
	for i := range u {
		u[i] = 1
	}
	return u, v, tmp
}

// norm is in units of a millionth.
func norm(u, v []float64) int {
	var vBv, vv float64
	for i := range u {
		vBv += u[i] * v[i]
		vv += v[i] * v[i]
	}
	return int(math.Round(math.Sqrt(vBv/vv) * 1e6))
}

func spectral() int {
	u, v, tmp := spectralVectors()
	for range spectralRounds {
		timesAt(timesA(u, tmp), v)
		timesAt(timesA(v, tmp), u)
	}
	return norm(u, v)
}

func timesA(v, out []float64) []float64 {
	for i := range out {
		s := 0.0
		for j := range v {
			s += evalA(i, j) * v[j]
		}
		out[i] = s
	}
	return out
}

func timesAt(v, out []float64) {
	for i := range out {
		s := 0.0
		for j := range v {
			s += evalA(j, i) * v[j]
		}
		out[i] = s
	}
}

func spectralTicking(ticks <-chan int) int {
	u, v, tmp := spectralVectors()
	for range spectralRounds {
		timesAtTicking(timesATicking(u, tmp, ticks), v, ticks)
		timesAtTicking(timesATicking(v, tmp, ticks), u, ticks)
	}
	return norm(u, v)
}

func timesATicking(v, out []float64, ticks <-chan int) []float64 {
	for i := range out {
		if i%100 == 0 {
			<-ticks
		}
		s := 0.0
		for j := range v {
			s += evalA(i, j) * v[j]
		}
		out[i] = s
	}
	return out
}

func timesAtTicking(v, out []float64, ticks <-chan int) {
	for i := range out {
		if i%100 == 0 {
			<-ticks
		}
		s := 0.0
		for j := range v {
			s += evalA(j, i) * v[j]
		}
		out[i] = s
	}
}
