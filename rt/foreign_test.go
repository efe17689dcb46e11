package rt

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

const nativesText = `goroutine 1 [running]:
main.main()
	fg/main.go:16 +0xf0

goroutine 21 [select, 2 minutes]:
database/sql.(*DB).connectionOpener(0x35b90d6a9110, {0x783d20, 0x35b90d6da000})
	database/sql/sql.go:1261 +0x89
created by database/sql.OpenDB in goroutine 1
	database/sql/sql.go:841 +0x130

goroutine 22 [IO wait]:
internal/poll.runtime_pollWait(0x7fb727217e00, 0x72)
	runtime/netpoll.go:351 +0x85
net/http.ListenAndServe(...)
	net/http/server.go:3675
...additional frames elided...
created by example.com/lib.Serve[...] in goroutine 1
	example.com/lib@v1.0.0/lib.go:8 +0x3e
`

func TestParseNatives(t *testing.T) {
	ns := parseNatives(nativesText)
	if len(ns) != 3 {
		t.Fatalf("%+v", ns)
	}
	if n := ns[1]; n.id != 21 || n.state != "select" || !n.in(harmless) ||
		n.creator != (nativeFrame{"database/sql.OpenDB", "database/sql/sql.go:841"}) || n.userPos() != "" {
		t.Errorf("%+v", n)
	}
	want := []nativeFrame{{"internal/poll.runtime_pollWait", "runtime/netpoll.go:351"}, {"net/http.ListenAndServe", "net/http/server.go:3675"}}
	if n := ns[2]; n.state != "IO wait" || !slices.Equal(n.stack, want) || n.in(harmless) || n.runs() != "net/http.ListenAndServe" ||
		n.creator != (nativeFrame{"example.com/lib.Serve[...]", "example.com/lib@v1.0.0/lib.go:8"}) {
		t.Errorf("%+v", n)
	}
}

// TestForeigners: only what came after the beginning and stays is named; what has a timeout of its own is not.
func TestForeigners(t *testing.T) {
	var f foreigners
	f.begin()
	if f.look() {
		t.Fatalf("%+v", f.now)
	}
	stop := make(chan struct{})
	defer close(stop)
	go func() { <-stop }()
	for !f.look() {
	}
	if len(f.now) != 1 || !strings.HasSuffix(f.now[0].runs(), "TestForeigners.func1") || !strings.HasSuffix(f.now[0].creator.function, "TestForeigners") {
		t.Fatalf("%+v", f.now)
	}
	f.now = append(f.now, native{id: 1 << 40, stack: []nativeFrame{{function: "net.(*Dialer).DialContext"}}})
	now := time.Now()
	for i := range 3 {
		if stay := f.seen.met(now.Add(time.Duration(i)), f.now); len(stay) != 0 {
			t.Errorf("%+v", stay)
		}
	}
	if stay := f.seen.met(now.Add(foreignPatience), f.now); len(stay) != 1 || stay[0].id != f.now[0].id {
		t.Errorf("%+v", stay)
	} else if text := explainForeign(stay); !strings.Contains(text, "foreign_test.go:") || !strings.Contains(text, "TestForeigners.func1, created by ") {
		t.Error(text)
	}
	f.now = f.now[1:]
	f.seen.met(now, f.now)
	if len(f.seen) != 1 {
		t.Errorf("%+v", f.seen)
	}
}

// A lazy driver makes connections that do nothing, with a goroutine each.
type lazyDriver struct{}

func (lazyDriver) Connect(context.Context) (driver.Conn, error) {
	c := lazyConn{make(chan bool)}
	go func() { <-c.closed }()
	return c, nil
}
func (lazyDriver) Driver() driver.Driver { return nil }

type lazyConn struct{ closed chan bool }

func (lazyConn) Prepare(string) (driver.Stmt, error) { return nil, driver.ErrSkip }
func (lazyConn) Begin() (driver.Tx, error)           { return nil, driver.ErrSkip }
func (c lazyConn) Close() error                      { close(c.closed); return nil }

// TestClosePools: the idle connections of all pools that a variable leads to are closed, and their limits stay.
func TestClosePools(t *testing.T) {
	defer func(old []any) { pooling = old }(pooling)
	pooling = nil
	if closePools() {
		t.Error("nothing is registered")
	}
	plain, limited, nested, none := sql.OpenDB(lazyDriver{}), sql.OpenDB(lazyDriver{}), sql.OpenDB(lazyDriver{}), sql.OpenDB(lazyDriver{})
	limited.SetMaxIdleConns(3)
	none.SetMaxIdleConns(0)
	nested.SetMaxOpenConns(1)
	type shop struct {
		again *shop
		dbs   []any
	}
	s := &shop{dbs: []any{nil, nested, 1}}
	s.again = s
	all := map[*sql.DB]int{plain: 2, limited: 3, nested: 1, none: 0} // idle at most
	fill := func() {
		for db, idle := range all {
			var conns []*sql.Conn
			n := idle + 1 // one more than stay
			if db == nested {
				n = 1
			}
			for range n {
				c, err := db.Conn(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				conns = append(conns, c)
			}
			for _, c := range conns {
				c.Close()
			}
			if n := db.Stats().Idle; n != idle {
				t.Errorf("%d idle, want %d", n, idle)
			}
		}
	}
	for _, ptr := range []any{&plain, limited, &s, &none} {
		RegisterPools(ptr)
	}
	for range 2 {
		fill()
		closePools()
		for db := range all {
			if s := db.Stats(); s.OpenConnections != 0 {
				t.Errorf("%+v", s)
			}
		}
	}
	fill()
}

// TestSlowPool: a driver that takes long to close a connection is not waited for, and not asked again meanwhile.
func TestSlowPool(t *testing.T) {
	defer func(old []any) { pooling = old }(pooling)
	block := make(chan struct{})
	db := sql.OpenDB(slowDriver{block})
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	pooling = []any{&db}
	if !closePools() || closePools() {
		t.Error("one that takes long is called again")
	}
	close(block)
	for closing.Load() {
		runtime.Gosched()
	}
}

type slowDriver struct{ block chan struct{} }

func (d slowDriver) Connect(context.Context) (driver.Conn, error) { return slowConn(d), nil }
func (slowDriver) Driver() driver.Driver                          { return nil }

type slowConn slowDriver

func (slowConn) Prepare(string) (driver.Stmt, error) { return nil, driver.ErrSkip }
func (slowConn) Begin() (driver.Tx, error)           { return nil, driver.ErrSkip }
func (c slowConn) Close() error                      { <-c.block; return nil }
