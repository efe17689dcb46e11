package main

import (
	"database/sql"
	"time"
)

func db() {}

func main() {
	db, _ := sql.Open("postgres", "x") // want `db is a pool of database connections`
	time.Sleep(time.Minute)
	db.Ping()
}
