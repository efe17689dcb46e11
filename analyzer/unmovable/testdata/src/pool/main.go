package main

import (
	"database/sql"
	"log"
	"time"
)

const source = "postgres://localhost/x"

// main waits.
func main() {
	db, err := sql.Open("postgres", source) // want `db is a pool of database connections that is used after the wait at main.go:\d+:12; it cannot be saved, so the run ends there if it must stop; make it the value of a package variable`
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	time.Sleep(time.Minute)
	_, err = db.Exec("UPDATE t SET n = 3")
	use(db, err)
}

func use(*sql.DB, error) {}
