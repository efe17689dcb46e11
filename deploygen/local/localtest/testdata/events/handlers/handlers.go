// Package handlers has functions that events start.
package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// An Order is the body of a message.
type Order struct {
	ID   int    `json:"id"`
	Fail string `json:"fail"` // "now", "later": what happens to it
}

// Ship is tried again by the queue if it fails at once, and is a dead letter if it fails after it has waited.
//
//hark:entry sqs orders
func Ship(o Order) error {
	fmt.Println("shipping", o.ID)
	if o.Fail == "later" {
		time.Sleep(time.Hour)
	}
	if o.Fail != "" {
		return errors.New("order " + fmt.Sprint(o.ID) + " cannot be shipped")
	}
	time.Sleep(24 * time.Hour)
	fmt.Println("shipped", o.ID)
	return nil
}

//hark:entry s3 uploads ObjectCreated .txt
func Read(r events.S3EventRecord) error {
	fmt.Println("object", r.S3.Object.Key)
	return nil
}

//hark:entry schedule rate(1 hour)
func Tick() {
	fmt.Println("tick")
	time.Sleep(10 * time.Minute)
	fmt.Println("tock")
}

//hark:entry http GET /hello/{name}
func Hello(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
	http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
	w.Header().Set("Content-Type", "application/octet-stream")
	fmt.Fprintf(w, "hello %s\xff", r.PathValue("name"))
}

//hark:entry http POST /slow
func Slow(w http.ResponseWriter, r *http.Request) {
	time.Sleep(time.Hour)
	fmt.Println("slow is done")
}
