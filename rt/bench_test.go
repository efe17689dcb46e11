//lint:file-ignore SA2001 an empty critical section is what is measured

package rt_test

import (
	"sync"
	"testing"

	"github.com/harkgen/harkgen/rt"
)

// Each benchmark has a native twin. A benchmark's rt side runs as the main of a program.

type benchMain struct{ f func(g *rt.G) }

func (m benchMain) Run(g *rt.G) { m.f(g) }

func inProgram(b *testing.B, f func(g *rt.G)) {
	rt.Run(&rt.Program{Name: "bench", Main: benchMain{func(g *rt.G) {
		rt.NeverStop()
		b.ResetTimer()
		f(g)
		b.StopTimer()
	}}}, &memHost{})
}

func BenchmarkPingPong(b *testing.B) {
	b.Run("native", func(b *testing.B) {
		x, y := make(chan int), make(chan int)
		go func() {
			for range b.N {
				y <- <-x
			}
		}()
		b.ResetTimer()
		for i := range b.N {
			x <- i
			<-y
		}
	})
	b.Run("rt", func(b *testing.B) {
		inProgram(b, func(g *rt.G) {
			x, y := make(chan int), make(chan int)
			rt.Go(g, benchMain{func(g *rt.G) {
				for range b.N {
					v := rt.Recv(g, x)
					if g.Suspending() {
						panic("suspended")
					}
					rt.Send(g, y, v)
					if g.Suspending() {
						panic("suspended")
					}
				}
			}})
			for i := range b.N {
				rt.Send(g, x, i)
				if g.Suspending() {
					panic("suspended")
				}
				rt.Recv(g, y)
				if g.Suspending() {
					panic("suspended")
				}
			}
		})
	})
}

func BenchmarkBuffered(b *testing.B) {
	b.Run("native", func(b *testing.B) {
		x := make(chan int, 128)
		go func() {
			for i := range b.N {
				x <- i
			}
		}()
		b.ResetTimer()
		for range b.N {
			<-x
		}
	})
	b.Run("rt", func(b *testing.B) {
		inProgram(b, func(g *rt.G) {
			x := make(chan int, 128)
			rt.Go(g, benchMain{func(g *rt.G) {
				for i := range b.N {
					rt.Send(g, x, i)
					if g.Suspending() {
						panic("suspended")
					}
				}
			}})
			for range b.N {
				rt.Recv(g, x)
				if g.Suspending() {
					panic("suspended")
				}
			}
		})
	})
}

// BenchmarkUncontended sends and receives on one goroutine.
func BenchmarkUncontended(b *testing.B) {
	b.Run("native", func(b *testing.B) {
		x := make(chan int, 1)
		for i := range b.N {
			x <- i
			<-x
		}
	})
	b.Run("rt", func(b *testing.B) {
		inProgram(b, func(g *rt.G) {
			x := make(chan int, 1)
			for i := range b.N {
				rt.Send(g, x, i)
				if g.Suspending() {
					panic("suspended")
				}
				rt.Recv(g, x)
				if g.Suspending() {
					panic("suspended")
				}
			}
		})
	})
}

type addThunk struct{ wg *sync.WaitGroup }

func (t *addThunk) Run(*rt.G) { rt.WaitGroupDone(t.wg) }

func BenchmarkSpawn(b *testing.B) {
	const batch = 100
	b.Run("native", func(b *testing.B) {
		var wg sync.WaitGroup
		for range b.N/batch + 1 {
			wg.Add(batch)
			for range batch {
				go wg.Done()
			}
			wg.Wait()
		}
	})
	b.Run("rt", func(b *testing.B) {
		inProgram(b, func(g *rt.G) {
			var wg sync.WaitGroup
			for range b.N/batch + 1 {
				rt.WaitGroupAdd(&wg, batch)
				for range batch {
					rt.Go(g, &addThunk{&wg})
				}
				rt.WaitGroupWait(g, &wg)
				if g.Suspending() {
					panic("suspended")
				}
			}
		})
	})
}

func BenchmarkMutex(b *testing.B) {
	b.Run("native", func(b *testing.B) {
		var m sync.Mutex
		for range b.N {
			m.Lock()
			m.Unlock()
		}
	})
	b.Run("rt", func(b *testing.B) {
		inProgram(b, func(g *rt.G) {
			var m sync.Mutex
			for range b.N {
				rt.Lock(g, &m)
				if g.Suspending() {
					panic("suspended")
				}
				rt.UnlockG(g, &m)
			}
		})
	})
}

func BenchmarkMutexContended(b *testing.B) {
	const gs = 4
	b.Run("native", func(b *testing.B) {
		var m sync.Mutex
		var wg sync.WaitGroup
		for range gs {
			wg.Go(func() {
				for range b.N / gs {
					m.Lock()
					m.Unlock()
				}
			})
		}
		wg.Wait()
	})
	b.Run("rt", func(b *testing.B) {
		inProgram(b, func(g *rt.G) {
			var m sync.Mutex
			var wg sync.WaitGroup
			for range gs {
				rt.WaitGroupGo(g, &wg, benchMain{func(g *rt.G) {
					for range b.N / gs {
						rt.Lock(g, &m)
						if g.Suspending() {
							panic("suspended")
						}
						rt.UnlockG(g, &m)
					}
				}})
			}
			rt.WaitGroupWait(g, &wg)
			if g.Suspending() {
				panic("suspended")
			}
		})
	})
}

// BenchmarkDynamic calls a coloured function through a func value.
func BenchmarkDynamic(b *testing.B) {
	inProgram(b, func(g *rt.G) {
		f := dynamicTarget
		for i := range b.N {
			g.Dyn()
			f(i)
			g.EndDyn()
			if g.Suspending() {
				panic("suspended")
			}
		}
	})
}

var dynamicTarget = func(i int) int {
	g, leave := rt.Enter()
	defer leave()
	return dynamic_h(g, i)
}

//go:noinline
func dynamic_h(_ *rt.G, i int) int { return i }

// BenchmarkHeld is what it costs to know who holds a lock.
func BenchmarkHeld(b *testing.B) {
	var m sync.Mutex
	g := new(rt.G)
	for range b.N {
		rt.HoldAndFree(g, &m)
	}
}
