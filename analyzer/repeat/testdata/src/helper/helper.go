package helper

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
)

func Charge() { // want Charge:"effects: an HTTP POST request"
	http.Post("", "", nil)
}

func Call(ctx context.Context, method, path string) error { // want Call:"effects: parameter 2 decides"
	req, err := http.NewRequestWithContext(ctx, method, path, nil)
	if err != nil {
		return err
	}
	_, err = http.DefaultClient.Do(req)
	return err
}

func Exec(db *sql.DB, text string) { // want Exec:"effects: parameter 2 decides"
	db.Exec(text)
}

func Many() { // want Many:"effects: an HTTP POST request"
	for range 3 {
		http.Post("", "", nil)
	}
}

func Keyed() {
	req, _ := http.NewRequest("POST", "", nil)
	req.Header.Set("Idempotency-Key", "17")
	http.DefaultClient.Do(req)
}

func Request(method string) (*http.Request, error) {
	return http.NewRequest(method, "", nil)
}

func Print() { fmt.Println("x") }
