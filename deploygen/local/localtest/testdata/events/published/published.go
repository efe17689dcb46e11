// Package published has functions that are started by what others publish: messages, changes of tables, events.
package published

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Hear gets the record of a message.
//
//hark:entry sns news
func Hear(n events.SNSEntity) error {
	fmt.Println("hearing", n.Message)
	if n.Subject == "nonsense" {
		return errors.New("this cannot be heard: " + n.Message)
	}
	time.Sleep(time.Hour)
	fmt.Println("heard", n.Message, "of", n.Subject)
	return nil
}

// A Story is a message in JSON.
type Story struct{ Title string }

// Tell gets messages of the same topic decoded; not all can be.
//
//hark:entry sns news
func Tell(s Story) {
	fmt.Println("telling", s.Title)
	time.Sleep(time.Hour)
	fmt.Println("told", s.Title)
}

// Count gets the changes of a table one by one.
//
//hark:entry dynamodb-stream stock
func Count(r events.DynamoDBEventRecord) error {
	item := r.Change.Keys["pk"].String()
	fmt.Println("counting", r.EventName, item)
	if err := refuse(r); err != nil {
		return err
	}
	time.Sleep(time.Hour)
	fmt.Println("counted", item, r.Change.NewImage["n"].Number())
	return nil
}

// Book gets them in batches, and says which of them have failed.
//
//hark:entry dynamodb-stream ledger
func Book(e events.DynamoDBEvent) (res events.DynamoDBEventResponse, err error) {
	for _, r := range e.Records {
		if err := refuse(r); err != nil {
			fmt.Println(err)
			res.BatchItemFailures = []events.DynamoDBBatchItemFailure{{ItemIdentifier: r.Change.SequenceNumber}}
			return res, nil
		}
		fmt.Println("booked", r.Change.Keys["pk"].String())
	}
	return res, nil
}

// refuse fails for items that are bad, and the first time for those that name a directory, which it then makes.
func refuse(r events.DynamoDBEventRecord) error {
	item := r.Change.Keys["pk"].String()
	if dir, ok := r.Change.NewImage["dir"]; ok && os.Mkdir(dir.String(), 0o700) == nil {
		return fmt.Errorf("%s is refused once", item)
	}
	if _, bad := r.Change.NewImage["bad"]; bad {
		return fmt.Errorf("%s is refused", item)
	}
	return nil
}

// A Sale is the detail of an event.
type Sale struct{ Total float64 }

// Cheer gets events of which a part must be so and so.
//
//hark:entry eventbridge {"source":[{"prefix":"shop."}],"detail":{"total":[{"numeric":[">",100]}],"test":[{"exists":false}]}}
func Cheer(s Sale) error {
	fmt.Println("cheering at", s.Total)
	time.Sleep(2 * 24 * time.Hour)
	if s.Total > 1000 {
		return errors.New("too much to be true")
	}
	fmt.Println("cheered at", s.Total)
	return nil
}
