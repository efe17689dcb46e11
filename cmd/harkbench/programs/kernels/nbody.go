package main

import "math"

const nbodySteps = 3_000_000

type body struct{ x, y, z, vx, vy, vz, mass float64 }

const (
	solarMass   = 4 * math.Pi * math.Pi
	daysPerYear = 365.24
	dt          = 0.01
)

func planets() []body {
	bs := []body{
		{0, 0, 0, 0, 0, 0, solarMass},
		{4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01, 1.66007664274403694e-03 * daysPerYear, 7.69901118419740425e-03 * daysPerYear, -6.90460016972063023e-05 * daysPerYear, 9.54791938424326609e-04 * solarMass},
		{8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01, -2.76742510726411280e-03 * daysPerYear, 4.99852801234917238e-03 * daysPerYear, 2.30417297573763929e-05 * daysPerYear, 2.85885980666130812e-04 * solarMass},
		{1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01, 2.96460137564761618e-03 * daysPerYear, 2.37847173959480950e-03 * daysPerYear, -2.96589568540237556e-05 * daysPerYear, 4.36624404335156298e-05 * solarMass},
		{1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01, 2.68067772490389322e-03 * daysPerYear, 1.62824170038242295e-03 * daysPerYear, -9.51592254519715870e-05 * daysPerYear, 5.15138902046611451e-05 * solarMass},
	}
	for _, b := range bs[1:] {
		bs[0].vx -= b.vx * b.mass / solarMass
		bs[0].vy -= b.vy * b.mass / solarMass
		bs[0].vz -= b.vz * b.mass / solarMass
	}
	return bs
}

// energy is in units of a thousandth.
func energy(bs []body) int {
	e := 0.0
	for i, b := range bs {
		e += 0.5 * b.mass * (b.vx*b.vx + b.vy*b.vy + b.vz*b.vz)
		for _, c := range bs[i+1:] {
			dx, dy, dz := b.x-c.x, b.y-c.y, b.z-c.z
			e -= b.mass * c.mass / math.Sqrt(dx*dx+dy*dy+dz*dz)
		}
	}
	return int(e * 1e3)
}

func nbody() int {
	bs := planets()
	for range nbodySteps {
		for i := range bs {
			b := &bs[i]
			for j := i + 1; j < len(bs); j++ {
				c := &bs[j]
				dx, dy, dz := b.x-c.x, b.y-c.y, b.z-c.z
				d2 := dx*dx + dy*dy + dz*dz
				mag := dt / (d2 * math.Sqrt(d2))
				b.vx -= dx * c.mass * mag
				b.vy -= dy * c.mass * mag
				b.vz -= dz * c.mass * mag
				c.vx += dx * b.mass * mag
				c.vy += dy * b.mass * mag
				c.vz += dz * b.mass * mag
			}
		}
		for i := range bs {
			b := &bs[i]
			b.x += dt * b.vx
			b.y += dt * b.vy
			b.z += dt * b.vz
		}
	}
	return energy(bs)
}

func nbodyTicking(ticks <-chan int) int {
	bs := planets()
	for step := range nbodySteps {
		if step%1000 == 0 {
			<-ticks
		}
		for i := range bs {
			b := &bs[i]
			for j := i + 1; j < len(bs); j++ {
				c := &bs[j]
				dx, dy, dz := b.x-c.x, b.y-c.y, b.z-c.z
				d2 := dx*dx + dy*dy + dz*dz
				mag := dt / (d2 * math.Sqrt(d2))
				b.vx -= dx * c.mass * mag
				b.vy -= dy * c.mass * mag
				b.vz -= dz * c.mass * mag
				c.vx += dx * b.mass * mag
				c.vy += dy * b.mass * mag
				c.vz += dz * b.mass * mag
			}
		}
		for i := range bs {
			b := &bs[i]
			b.x += dt * b.vx
			b.y += dt * b.vy
			b.z += dt * b.vz
		}
	}
	return energy(bs)
}
