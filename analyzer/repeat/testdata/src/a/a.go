package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"time"

	"helper"
)

var db *sql.DB

func main() {
	orders := make(chan string)
	<-orders
	http.Post("http://bank", "text/plain", nil) // want `an HTTP POST request may be repeated; a crash before the next commit, at a.go:\d+:12 \(sleep\) or later, repeats what was done since the last one, at a.go:\d+:2 \(chan receive\) or earlier; send an Idempotency-Key that was made before the last commit, or say //hark:ok repeat if it does no harm \(info: repeat\)`
	time.Sleep(time.Hour)
	http.Get("http://bank")
	//hark:ok repeat the bank knows what it has seen
	http.Post("http://bank", "text/plain", nil)
	<-orders
}

// Several between two commits.

func two(c chan int) {
	<-c
	http.PostForm("http://bank", nil)       // want `at a.go:\d+:2 \(chan receive\) or later, repeats what was done since the last one, at a.go:\d+:2 \(chan receive\) or earlier, with the next effect: the SQL statement INSERT at a.go:\d+:9; .* or wait for two seconds between the two.*\(warning: repeat\)`
	db.Exec("INSERT INTO t VALUES ($1)", 1) // want `the SQL statement INSERT may be repeated;.*info`
	db.Exec("DELETE FROM t WHERE id = $1", 1)
	<-c
}

func branches(c chan int, x bool) {
	if x {
		<-c
	} else {
		time.Sleep(1)
	}
	db.Exec("CALL p()") // want `at the end of a.branches or later.*, at a.go:\d+:3 \(chan receive\) or a.go:\d+:13 \(sleep\) or earlier`
}

func rounds(c chan int, list []string) {
	<-c
	for range list {
		http.Post("", "", nil) // want `at the end of a round of the loop or later, .* at a.go:\d+:2 \(chan receive\) or the end of a round of the loop or earlier;.*info`
	}
}

// By way of others.

func helpers(c chan int) {
	<-c
	charge() // want `an HTTP POST request \(a.go:\d+:26\) may be repeated`
	<-c
	helper.Charge() // want `an HTTP POST request \(helper/helper.go:11:11\) may be repeated`
	<-c
	helper.Call(context.Background(), "GET", "")
	helper.Call(context.Background(), "PATCH", "") // want `an HTTP PATCH request \(helper/helper.go:\d+:\d+\) may be repeated`
	<-c
	helper.Exec(db, "UPDATE t SET n = n + 1") // want `the SQL statement UPDATE \(helper/helper.go:\d+:\d+\) may be repeated`
	<-c
	helper.Exec(db, "UPDATE t SET n = 3")
	helper.Many() // want `or earlier, with all rounds of the loop;.*warning`
	<-c
	helper.Keyed()
	helper.Print() // commands are none of the standard library's business
	req, _ := helper.Request("POST")
	http.DefaultClient.Do(req)
}

//hark:entry sqs orders
func order() {
	db.Exec("INSERT INTO t VALUES (1)") // want `may be repeated; nothing is saved while a.order runs, since it does not wait, so a crash before the next commit repeats it, with the next effect: an HTTP POST request at .*warning`
	http.Post("", "", nil)              // want `may be repeated`
	once()
}

func once() {
	http.Post("", "", nil) //hark:ok repeat acknowledged where it is done
}

func charge() { again() }
func again()  { http.Post("", "", nil) }

func requests(c chan int, unknown string, given *http.Request) {
	<-c
	req, err := http.NewRequest("POST", "", nil)
	if err != nil {
		return
	}
	http.DefaultClient.Do(req) // want `an HTTP POST request may be repeated`
	<-c
	http.DefaultClient.Do(req.WithContext(context.Background())) // want `an HTTP POST request may be repeated`
	<-c
	req, _ = http.NewRequest(http.MethodPut, "", nil)
	http.DefaultClient.Do(req)
	req, _ = http.NewRequest(unknown, "", nil)
	http.DefaultClient.Do(req)
	http.DefaultClient.Do(given)
	http.DefaultClient.Do(&http.Request{Method: "POST"}) // want `an HTTP POST request may be repeated`
	<-c
	req, _ = request("POST", "x")
	http.DefaultClient.Do(req) // want `an HTTP POST request may be repeated`
	<-c
	req, _ = request("GET", "x")
	send(req)
	req, _ = request("POST", "x")
	send(req) // want `an HTTP POST request \(a.go:\d+:\d+\) may be repeated`
}

func request(method, path string) (*http.Request, error) {
	if path == "" {
		return nil, errors.New("no path")
	}
	return http.NewRequest(method, "http://bank/"+path, nil)
}

func send(req *http.Request) { http.DefaultClient.Do(req) }

func keyed(c chan int) {
	<-c
	req, _ := http.NewRequest("POST", "", nil)
	req.Header.Set("Idempotency-Key", "17")
	http.DefaultClient.Do(req)
}

func keyedAnew(c chan int) {
	<-c
	req, _ := http.NewRequest("POST", "", nil)
	req.Header.Set("Idempotency-Key", fmt.Sprintf("order-"+rand.Text()))
	http.DefaultClient.Do(req) // want `an HTTP POST request \(whose Idempotency-Key is another one each time\) may be repeated`
}

func keyedBefore(c chan int) {
	key := rand.Text()
	<-c
	req, _ := http.NewRequest("POST", "", nil)
	req.Header.Set("Idempotency-Key", key)
	http.DefaultClient.Do(req)
}

// What the run time begins with.

func handler(w http.ResponseWriter, r *http.Request) {
	db.Exec("INSERT INTO t VALUES (1)") // want `nothing is saved while a.handler runs, since it does not wait, so .*info`
	fmt.Fprintln(w, "done")
}

func literals(c chan int) {
	var wg sync.WaitGroup
	wg.Go(func() {
		db.Exec("INSERT INTO t VALUES (1)") // want `nothing is saved while a.literals\$1 runs`
	})
	wg.Wait()
	func() {
		for range 3 {
			db.Exec("INSERT INTO t VALUES (1)") // want `nothing is saved while a.literals\$2 runs, since it does not wait, so a crash before the next commit repeats it, with all rounds of the loop;.*warning`
		}
	}()
	go charge()    // want `an HTTP POST request \(.*\) may be repeated; a crash before the next commit repeats it; `
	defer charge() // want `an HTTP POST request \(.*\) may be repeated; a crash before the next commit repeats it; `
}

func nobodyCalls() { http.Post("", "", nil) }

// Statements.

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func statements(c chan int, ctx context.Context, tx *sql.Tx, e execer, name string) {
	<-c
	tx.ExecContext(ctx, "/* note */ insert into t values (1)") // want `the SQL statement INSERT may`
	<-c
	e.ExecContext(ctx, fmt.Sprintf("INSERT INTO %s VALUES (1)", name)) // want `the SQL statement INSERT may`
	<-c
	st, _ := db.Prepare("INSERT INTO t " + name)
	st.Exec(1) // want `the SQL statement INSERT may`
	<-c
	db.QueryRow("INSERT INTO t VALUES (1) RETURNING id") // want `the SQL statement INSERT may`
	<-c
	db.Exec("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING")
	db.Exec("INSERT OR IGNORE INTO t VALUES (1)")
	db.Exec(name)
	db.Query("SELECT * FROM t")
	tx.Commit()
}

func conditional(c chan int, tx *sql.Tx) {
	<-c
	var n int
	if tx.QueryRow("SELECT version FROM v").Scan(&n) != nil {
		tx.Exec("INSERT INTO v VALUES (1)")
	}
}

// Files, commands, connections.

func files(c chan int, name string) error {
	<-c
	os.WriteFile(name, nil, 0o600)
	os.MkdirAll(name, 0o700)
	os.RemoveAll(name)
	os.Remove("x")
	os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) // want `what is appended to this file may be repeated`
	<-c
	exec.Command("mail", name).Run() // want `the run of a command may be repeated; .* with the next effect: .*info`
	exec.Command("mail", name).Run() // want `the run of a command may be repeated`
	<-c
	os.Rename(name, "y")  // it is made here
	return os.Remove("y") // want `os.Remove \(which fails the second time\) may be repeated`
}

func expected(c chan int) error {
	<-c
	err := os.Remove("y")
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return err
}

func connections(c chan int, given net.Conn, udp *net.UDPConn) {
	<-c
	conn, err := net.Dial("tcp", "bank:17")
	if err != nil {
		return
	}
	conn.Write(nil) // want `a write to a network connection may be repeated`
	tcp, _ := net.DialTCP("tcp", nil, nil)
	tcp.Write(nil)         // want `a write to a network connection may be repeated`
	fmt.Fprintln(tcp, "x") // want `a write to a network connection may be repeated`
	udp.WriteTo(nil, nil)  // want `a packet may be repeated`
	given.Write(nil)
	fmt.Fprintln(os.Stdout, "x")
	fmt.Fprintln(&bytes.Buffer{}, "x")
}
