package main

import (
	"database/sql"
	"time"
)

func main() {
	db, _ := sql.Open("sqlite", ":memory:") // want `db is a pool of database connections`
	time.Sleep(time.Minute)
	db.Ping()
}
