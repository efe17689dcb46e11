package plan

import (
	"strconv"

	"github.com/harkgen/harkgen/internal/awsemu/pattern"
	"github.com/harkgen/harkgen/internal/awsemu/schedule"
)

// This file defines the checks of schedules and patterns, as EventBridge has them.

func quote(s string) string { return strconv.Quote(s) }

func checkSchedule(text string) string {
	s, err := schedule.Parse(text, nil)
	switch {
	case err != nil:
		return "the " + err.Error()
	case s.Once():
		return "the schedule " + quote(text) + " is due only once; use rate(...) or cron(...)"
	}
	return ""
}

// maxPattern is how long EventBridge lets an event pattern be, in bytes.
const maxPattern = 2048

func checkPattern(text string) string {
	if len(text) > maxPattern {
		return "the pattern has more than " + strconv.Itoa(maxPattern) + " bytes"
	}
	if _, err := pattern.Parse([]byte(text)); err != nil {
		return "the " + err.Error()
	}
	return ""
}
