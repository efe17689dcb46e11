package main

import (
	"database/sql"
	"time"
)

func main() {
	sql.Register("postgres", nil)
	db, _ := sql.Open("postgres", "x") // want `db is a pool of database connections`
	time.Sleep(time.Minute)
	db.Ping()
}
