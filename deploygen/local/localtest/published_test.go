package localtest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/harkgen/harkgen/deploygen/local"
	"github.com/harkgen/harkgen/internal/awsemu"
)

// count returns how many lines of the log are so.
func (c *Cloud) count(line string) (n int) {
	for l := range strings.SplitSeq(c.Log(), "\n") {
		if l == line {
			n++
		}
	}
	return n
}

// once wants a line just once.
func (c *Cloud) once(lines ...string) {
	c.t.Helper()
	for _, line := range lines {
		if n := c.count(line); n != 1 {
			c.t.Errorf("%q: %d times", line, n)
		}
	}
}

func (c *Cloud) publish(subject, message string) {
	c.t.Helper()
	if _, err := sns.NewFromConfig(c.Config()).Publish(c.t.Context(), &sns.PublishInput{
		TopicArn: aws.String(c.Info().Outputs["NewsTopic"]), Subject: &subject, Message: &message,
	}); err != nil {
		c.t.Fatal(err)
	}
}

// change puts an item into a table, with attributes that are texts.
func (c *Cloud) change(table, item string, attrs ...string) {
	c.t.Helper()
	it := map[string]dynamotypes.AttributeValue{
		"pk": &dynamotypes.AttributeValueMemberS{Value: item}, "sk": &dynamotypes.AttributeValueMemberS{Value: "-"}, "n": &dynamotypes.AttributeValueMemberN{Value: "7"},
	}
	for i := 0; i < len(attrs); i += 2 {
		it[attrs[i]] = &dynamotypes.AttributeValueMemberS{Value: attrs[i+1]}
	}
	if _, err := dynamodb.NewFromConfig(c.Config()).PutItem(c.t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: it}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *Cloud) put(source, detail string) {
	c.t.Helper()
	out, err := eventbridge.NewFromConfig(c.Config()).PutEvents(c.t.Context(), &eventbridge.PutEventsInput{
		Entries: []ebtypes.PutEventsRequestEntry{{Source: &source, DetailType: aws.String("sale"), Detail: &detail}},
	})
	if err != nil || out.FailedEntryCount > 0 {
		c.t.Fatalf("%+v, %v", out, err)
	}
}

// eventually waits for something and sets the clock forward meanwhile, for those who try again later.
func (c *Cloud) eventually(what string, f func() bool) {
	c.t.Helper()
	next := time.Now()
	c.Until(what, func() bool {
		if f() {
			return true
		}
		if time.Now().After(next) {
			c.advance(time.Minute)
			next = time.Now().Add(300 * time.Millisecond)
		}
		return false
	})
}

// wantDead waits for a dead letter that has a text in it.
func (c *Cloud) wantDead(entry, text string) {
	c.t.Helper()
	c.eventually("a dead letter of "+entry+" has "+text, func() bool {
		return slices.ContainsFunc(c.dead(entry), func(b string) bool { return strings.Contains(b, text) })
	})
}

// TestPublished has each event that starts a function delivered twice: it is one run.
func TestPublished(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	c := Start(t, Compile(t, "testdata/events", "./published"), local.Options{Faults: &local.Faults{Rates: awsemu.Rates{Duplicate: 1}}})

	t.Run("sns", func(t *testing.T) {
		c.publish("weather", "rain")
		c.publish("nonsense", "blah")
		c.publish("tale", `{"title":"Ali Baba"}`)
		c.says("hearing rain", "telling Ali Baba", `hearing {"title":"Ali Baba"}`)
		c.advance(61 * time.Minute)
		c.says("heard rain of weather", "told Ali Baba", `heard {"title":"Ali Baba"} of tale`)
		c.wantDead("published-hear", "this cannot be heard: blah")
		c.wantDead("published-tell", "rain")
		c.once("hearing rain", "heard rain of weather", "telling Ali Baba", "told Ali Baba")
		if n := c.count("hearing blah"); n < 3 {
			t.Errorf("what fails is tried %d times", n)
		}
	})
	t.Run("dynamodb-stream", func(t *testing.T) {
		c.change("stock", "nuts", "dir", filepath.Join(t.TempDir(), "nuts"))
		c.change("stock", "bolts")
		c.eventually("nuts are tried again, then come bolts", func() bool {
			return c.count("counting INSERT bolts") > 0
		})
		if n := c.count("counting INSERT nuts"); n != 2 {
			t.Errorf("nuts: tried %d times", n)
		}
		c.advance(61 * time.Minute)
		c.says("counted nuts 7", "counted bolts 7")
		c.once("counted nuts 7", "counting INSERT bolts", "counted bolts 7")
	})
	t.Run("batches", func(t *testing.T) {
		c.change("ledger", "a", "dir", filepath.Join(t.TempDir(), "a"))
		c.eventually("a batch of one is tried again", func() bool { return c.count("booked a") > 0 })
		c.change("ledger", "b", "dir", filepath.Join(t.TempDir(), "b"))
		for i := range 5 {
			c.change("ledger", fmt.Sprint("c", i))
		}
		c.change("ledger", "d", "bad", "yes")
		c.change("ledger", "e")
		c.wantDead("published-book", "DDBStreamBatchInfo")
		c.eventually("what comes after a bad record", func() bool {
			return c.count("booked e") > 0
		})
		c.once("booked a", "booked b", "b is refused once", "booked c0", "booked c4", "booked e")
		if n := c.count("d is refused"); n < 3 || c.count("booked d") > 0 {
			t.Errorf("d is tried %d times", n)
		}
	})
	t.Run("eventbridge", func(t *testing.T) {
		c.put("shop.berlin", `{"total":99}`)
		c.put("bank.berlin", `{"total":101}`)
		c.put("shop.paris", `{"total":102,"test":true}`)
		c.put("shop.rome", `{"total":103}`)
		c.put("shop.bern", `{"total":1003}`)
		c.says("cheering at 103", "cheering at 1003")
		c.advance(49 * time.Hour)
		c.says("cheered at 103")
		c.wantDead("published-cheer", "too much to be true")
		c.once("cheering at 103", "cheered at 103", "cheering at 1003")
		for _, total := range []int{99, 101, 102} {
			if n := c.count(fmt.Sprint("cheering at ", total)); n > 0 {
				t.Errorf("%d does not match", total)
			}
		}
	})
}
