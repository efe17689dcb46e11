package main

import (
	"database/sql"
	"time"
)

func main() {
	db, _ := sql.Open("postgres", "x") // want `db is a pool of database connections`
	time.Sleep(time.Minute)
	db.SetMaxOpenConns(3)
	db.Ping()
}
