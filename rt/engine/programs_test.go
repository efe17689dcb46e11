package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
)

// This file has the simulated programs. Each is a main function and what it is to print.

type simProgram struct {
	name        string
	main        simState
	want        string
	check       func(printed string) error // instead of want
	deadlock    bool                       // it ends by one
	mayDeadlock bool
}

// wrong returns what is wrong with the end of p.
func (p *simProgram) wrong(exit *exchange.Exit, printed string) error {
	if exit == nil {
		return errors.New("it has not ended")
	}
	if dead := strings.Contains(exit.Text, "deadlock"); exit.Text != "" && !dead || dead != p.deadlock && !(dead && p.mayDeadlock) {
		return fmt.Errorf("exit %+v", exit)
	}
	if p.check != nil {
		return p.check(printed)
	}
	if printed != p.want {
		return fmt.Errorf("printed %q, want %q", printed, p.want)
	}
	return nil
}

// lines is a check.
func lines(n int) func(string) error {
	return func(printed string) error {
		if strings.Count(printed, "\n") != n {
			return fmt.Errorf("printed %q, want %d lines", printed, n)
		}
		return nil
	}
}

// programs returns the programs; the seed is for those that do something else each time.
func programs(seed uint64) []simProgram {
	var echo strings.Builder
	for i := range 6 {
		fmt.Fprintln(&echo, "echo", i*i)
	}
	return []simProgram{
		{name: "ring", main: simState{Func: "ring", N: []int64{5, 4}}, want: "token 20\n"},
		{name: "fanout", main: simState{Func: "fanout", N: []int64{20}}, want: "sum 190\n"},
		{name: "bank", main: simState{Func: "bank", N: []int64{4, 5}}, want: "accounts 105 105 106 86 total 402\n"},
		{name: "pingpong", main: simState{Func: "pingpong", N: []int64{12}}, want: "pong 12\n"},
		{name: "timers", main: simState{Func: "timers", N: []int64{8}}, want: "slept 8 sum 28\n"},
		{name: "large", main: simState{Func: "large", N: []int64{3}}, want: "large 3 of 60000\n"},
		{name: "echo", main: simState{Func: "echo", N: []int64{6}}, want: echo.String()},
		{name: "select", main: simState{Func: "fanin", N: []int64{3, 4}}, want: "fan-in 12 sum 66\n"},
		{name: "context", main: simState{Func: "context", N: []int64{4}}, want: "context 4 agree\n"},
		{name: "deadlock", main: simState{Func: "deadlock"}, deadlock: true},
		{name: "dice", main: simState{Func: "dice", N: []int64{8}}, check: lines(8)},
		historyProgram(seed),
	}
}

func init() {
	simFuncs["ring"] = simRing
	simFuncs["ringnode"] = simRingNode
	simFuncs["fanout"] = simFanOut
	simFuncs["fanoutchild"] = simFanOutChild
	simFuncs["bank"] = simBank
	simFuncs["bankclerk"] = simBankClerk
	simFuncs["pingpong"] = simPing
	simFuncs["pong"] = simPong
	simFuncs["timers"] = simTimers
	simFuncs["sleeper"] = simSleeper
	simFuncs["large"] = simLarge
	simFuncs["largechild"] = simLargeChild
	simFuncs["echo"] = simEcho
	simFuncs["square"] = simSquare
	simFuncs["fanin"] = simFanIn
	simFuncs["producer"] = simProducer
	simFuncs["context"] = simContext
	simFuncs["waiter"] = simWaiter
	simFuncs["canceller"] = simCanceller
	simFuncs["dice"] = simDice
	simFuncs["deadlock"] = func(s *simState, c *simCall, y *exchange.Reply) { c.recv(c.channel(0)) }
}

// simDice prints numbers that are others each time: what was shown must not be thrown again.
func simDice(s *simState, c *simCall, y *exchange.Reply) {
	if s.PC == int(s.N[0]) {
		c.quit()
		return
	}
	c.print(s.PC, rand.Int64())
	s.PC++
	c.pause = true
}

// quit ends the run.
func (c *simCall) quit() { c.exit = &exchange.Exit{} }

// simRing sends a token around N[0] nodes N[1] times.
func simRing(s *simState, c *simCall, y *exchange.Reply) {
	switch s.PC {
	case 0:
		n := int(s.N[0])
		for range n {
			s.Refs = append(s.Refs, c.channel(0))
		}
		for i := 1; i < n; i++ {
			c.spawn("ringnode", []int64{s.N[1]}, s.Refs[i-1], s.Refs[i])
		}
		s.N = append(s.N, 0, 0) // rounds, token
		s.PC = 1
		c.send(s.Refs[0], intValue(1))
	case 1:
		s.PC = 2
		c.recv(s.Refs[len(s.Refs)-1])
	case 2:
		s.N[3] = valueInt(y.Value)
		if s.N[2]++; s.N[2] == s.N[1] {
			c.print("token", s.N[3])
			c.quit()
			return
		}
		s.PC = 1
		c.send(s.Refs[0], intValue(s.N[3]+1))
	}
}

func simRingNode(s *simState, c *simCall, y *exchange.Reply) {
	switch s.PC {
	case 0:
		s.PC = 1
		c.recv(s.Refs[0])
	case 1:
		s.PC = 2
		c.send(s.Refs[1], intValue(valueInt(y.Value)+1))
	case 2:
		s.N[0]--
		s.PC = 0
		s.Done = s.N[0] == 0
	}
}

// simFanOut begins N[0] processes and waits for them with a WaitGroup; then their results are in a channel.
func simFanOut(s *simState, c *simCall, y *exchange.Reply) {
	switch s.PC {
	case 0:
		wg := c.share(exchange.Share{Kind: exchange.KindWaitGroup, Count: s.N[0]})
		results := c.channel(int(s.N[0]))
		for i := range s.N[0] {
			c.spawn("fanoutchild", []int64{i}, wg, results)
		}
		s.Refs = []exchange.ObjectID{wg, results}
		s.N = append(s.N, 0, 0)
		s.PC = 1
		c.block(exchange.Op{Kind: exchange.OpWait, Object: wg})
	case 1:
		s.PC = 2
		c.recv(s.Refs[1])
	case 2:
		s.N[2] += valueInt(y.Value)
		if s.N[1]++; s.N[1] == s.N[0] {
			c.print("sum", s.N[2])
			c.quit()
			return
		}
		c.recv(s.Refs[1])
	}
}

func simFanOutChild(s *simState, c *simCall, y *exchange.Reply) {
	switch s.PC {
	case 0:
		s.PC = 1
		c.send(s.Refs[1], intValue(s.N[0]))
	case 1:
		c.do(exchange.Op{Kind: exchange.OpAdd, Object: s.Refs[0], N: -1})
		s.Done = true
	}
}

// simBank has N[0] clerks who make N[1] transfers each, under a lock; the accounts are a region.
func simBank(s *simState, c *simCall, y *exchange.Reply) {
	switch s.PC {
	case 0:
		accounts := []int64{100, 100, 101, 101}
		lock := c.share(exchange.Share{Kind: exchange.KindMutex})
		wg := c.share(exchange.Share{Kind: exchange.KindWaitGroup, Count: s.N[0]})
		region := c.share(exchange.Share{Kind: exchange.KindRegion, Content: gobValue(accounts)})
		s.Pad = gobValue(accounts).Data
		s.Refs = []exchange.ObjectID{lock, wg, region}
		for i := range s.N[0] {
			c.spawn("bankclerk", []int64{i, s.N[1]}, lock, wg, region)
		}
		s.PC = 1
		c.block(exchange.Op{Kind: exchange.OpWait, Object: wg})
	case 1:
		accounts := s.region()
		c.print("accounts", accounts[0], accounts[1], accounts[2], accounts[3], "total", accounts[0]+accounts[1]+accounts[2]+accounts[3])
		c.quit()
	}
}

// region returns the content of the region, which the worker keeps in Pad.
func (s *simState) region() (content []int64) {
	ungob(s.Pad, &content)
	return content
}

func simBankClerk(s *simState, c *simCall, y *exchange.Reply) {
	switch s.PC {
	case 0:
		s.PC = 1
		c.block(exchange.Op{Kind: exchange.OpLock, Object: s.Refs[0]})
	case 1: // holds the lock; stops here for a commit
		accounts := s.region()
		from, to := s.N[0]%4, (s.N[0]+3)%4
		accounts[from] -= 1 + s.N[0]
		accounts[to] += 1 + s.N[0]
		s.Pad = gobValue(accounts).Data
		s.PC = 2
		c.pause = true
	case 2:
		c.do(exchange.Op{Kind: exchange.OpStore, Object: s.Refs[2], Value: exchange.Value{Data: s.Pad}})
		c.do(exchange.Op{Kind: exchange.OpUnlock, Object: s.Refs[0]})
		s.PC = 0
		if s.N[1]--; s.N[1] == 0 {
			c.do(exchange.Op{Kind: exchange.OpAdd, Object: s.Refs[1], N: -1})
			s.Done = true
		}
	}
}

// simPing and simPong send N[0] messages to and fro.
func simPing(s *simState, c *simCall, y *exchange.Reply) {
	switch s.PC {
	case 0:
		s.Refs = []exchange.ObjectID{c.channel(1), c.channel(1)}
		c.spawn("pong", nil, s.Refs...)
		s.N = append(s.N, 0)
		s.PC = 1
		c.do(exchange.Op{Kind: exchange.OpSelect, G: 2, Cases: []exchange.Case{{Channel: s.Refs[0], Send: true, Value: intValue(0)}}})
		c.recv(s.Refs[1])
	case 1:
		if len(y.Value.Data) == 0 { // the send
			c.wait = true
			return
		}
		if s.N[1] = valueInt(y.Value); s.N[1] == s.N[0] {
			c.print("pong", s.N[1])
			c.quit()
			return
		}
		c.do(exchange.Op{Kind: exchange.OpSelect, G: 2, Cases: []exchange.Case{{Channel: s.Refs[0], Send: true, Value: intValue(s.N[1])}}})
		c.recv(s.Refs[1])
	}
}

func simPong(s *simState, c *simCall, y *exchange.Reply) {
	switch {
	case s.PC == 0:
		s.PC = 1
		c.recv(s.Refs[0])
	case len(y.Value.Data) == 0: // the send
		c.wait = true
	default:
		c.do(exchange.Op{Kind: exchange.OpSelect, G: 2, Cases: []exchange.Case{{Channel: s.Refs[1], Send: true, Value: intValue(valueInt(y.Value) + 1)}}})
		c.recv(s.Refs[0])
	}
}

// simTimers begins N[0] processes that sleep, and prints what they send.
func simTimers(s *simState, c *simCall, y *exchange.Reply) {
	switch s.PC {
	case 0:
		s.Refs = []exchange.ObjectID{c.channel(0)}
		for i := range s.N[0] {
			c.spawn("sleeper", []int64{i, 3}, s.Refs...)
		}
		s.N = append(s.N, 0, 0)
		s.PC = 1
		c.recv(s.Refs[0])
	case 1:
		s.N[2] += valueInt(y.Value)
		if s.N[1]++; s.N[1] == s.N[0] {
			c.print("slept", s.N[1], "sum", s.N[2])
			c.quit()
			return
		}
		c.recv(s.Refs[0])
	}
}

func simSleeper(s *simState, c *simCall, y *exchange.Reply) {
	switch s.PC {
	case 0:
		if s.N[1] == 0 {
			s.PC = 1
			c.send(s.Refs[0], intValue(s.N[0]))
			return
		}
		c.sleep(time.Duration(s.N[0]*s.N[1]*97%1500+1) * time.Millisecond)
		s.N[1]--
	case 1:
		s.Done = true
	}
}

// simLarge has a state of several pages, and sends values that are too large for a record.
func simLarge(s *simState, c *simCall, y *exchange.Reply) {
	switch s.PC {
	case 0:
		s.Refs = []exchange.ObjectID{c.channel(0), c.channel(0)}
		c.spawn("largechild", []int64{s.N[0]}, s.Refs...)
		s.N = append(s.N, 0)
		s.PC = 1
		c.recv(s.Refs[0])
	case 1:
		s.Pad = append(s.Pad, y.Value.Data...)
		s.PC = 2
		c.send(s.Refs[1], exchange.Value{Data: s.Pad[:20000]})
	case 2:
		if s.N[1]++; s.N[1] == s.N[0] {
			c.print("large", s.N[1], "of", len(s.Pad))
			c.quit()
			return
		}
		s.PC = 1
		c.recv(s.Refs[0])
	}
}

func simLargeChild(s *simState, c *simCall, y *exchange.Reply) {
	switch s.PC {
	case 0:
		if s.N[0] == 0 {
			s.Done = true
			return
		}
		b := make([]byte, 20000)
		for i := range b {
			b[i] = byte(hash(uint64(s.N[0]), i/3))
		}
		s.N[0]--
		s.PC = 1
		c.send(s.Refs[0], exchange.Value{Data: b})
	case 1:
		s.PC = 2
		c.recv(s.Refs[1])
	case 2:
		s.Pad = append(s.Pad, y.Value.Data...)
		s.PC = 0
		c.pause = true
	}
}

// simEcho has a service that squares, which is asked again and again, and prints in between.
func simEcho(s *simState, c *simCall, y *exchange.Reply) {
	switch s.PC {
	case 0:
		s.Refs = []exchange.ObjectID{c.channel(0), c.channel(0)}
		c.spawn("square", nil, s.Refs...)
		s.N = append(s.N, 0)
		s.PC = 1
	case 1:
		s.PC = 2
		c.send(s.Refs[0], intValue(s.N[1]))
	case 2:
		s.PC = 3
		c.recv(s.Refs[1])
	case 3:
		c.print("echo", valueInt(y.Value))
		s.PC = 1
		if s.N[1]++; s.N[1] == s.N[0] {
			c.quit()
		} else {
			c.pause = true
		}
	}
	if s.PC == 1 && !c.pause && c.exit == nil {
		simEcho(s, c, nil)
	}
}

func simSquare(s *simState, c *simCall, y *exchange.Reply) {
	switch s.PC {
	case 0:
		s.PC = 1
		c.recv(s.Refs[0])
	case 1:
		n := valueInt(y.Value)
		s.PC = 0
		c.send(s.Refs[1], intValue(n*n))
	}
}

// simFanIn selects over N[0] producers that send N[1] values each.
func simFanIn(s *simState, c *simCall, y *exchange.Reply) {
	switch s.PC {
	case 0:
		for i := range s.N[0] {
			s.Refs = append(s.Refs, c.channel(0))
			c.spawn("producer", []int64{i * s.N[1], (i + 1) * s.N[1]}, s.Refs[i])
		}
		s.N = append(s.N, 0, 0)
		s.PC = 1
	case 1:
		s.N[2]++
		s.N[3] += valueInt(y.Value)
		if s.N[2] == s.N[0]*s.N[1] {
			c.print("fan-in", s.N[2], "sum", s.N[3])
			c.quit()
			return
		}
	}
	c.recv(s.Refs...)
}

func simProducer(s *simState, c *simCall, y *exchange.Reply) {
	if s.N[0] == s.N[1] {
		s.Done = true
		return
	}
	s.N[0]++
	c.send(s.Refs[0], intValue(s.N[0]-1))
}

// simContext has N[0] processes that wait for the end of a context, and two that cancel the one that it is derived from: all hear the same reason.
func simContext(s *simState, c *simCall, y *exchange.Reply) {
	if s.PC > 0 {
		why := valueInt(y.Value)
		if s.PC == 1 {
			s.N = append(s.N, why)
		}
		if why != s.N[1] {
			c.print("reasons", why, s.N[1])
		}
		if s.PC == int(s.N[0]) {
			c.print("context", s.PC, "agree")
			c.quit()
			return
		}
	} else {
		root := c.share(exchange.Share{Kind: exchange.KindContext})
		ctx := c.share(exchange.Share{Kind: exchange.KindContext, Parent: root})
		s.Refs = []exchange.ObjectID{c.channel(int(s.N[0]))}
		for range s.N[0] {
			c.spawn("waiter", nil, ctx, s.Refs[0])
		}
		c.spawn("canceller", []int64{1}, root)
		c.spawn("canceller", []int64{2}, root)
		c.do(exchange.Op{Kind: exchange.OpForget, Object: root}) // it is to hear nothing
		c.do(exchange.Op{Kind: exchange.OpForget, Object: ctx})
	}
	s.PC++
	c.recv(s.Refs[0])
}

func simWaiter(s *simState, c *simCall, y *exchange.Reply) {
	switch {
	case s.PC == 0 && len(s.Pad) > 0: // the worker has put there what it was told
		s.PC = 1
		c.send(s.Refs[1], exchange.Value{Data: s.Pad})
	case s.PC == 0:
		c.wait = true // for news, which come by themselves
	default:
		s.Done = true
	}
}

func simCanceller(s *simState, c *simCall, y *exchange.Reply) {
	c.do(exchange.Op{Kind: exchange.OpEnd, Object: s.Refs[0], Value: intValue(s.N[0])})
	s.Done = true
}
