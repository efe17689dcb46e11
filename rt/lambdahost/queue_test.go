package lambdahost

import (
	"context"
	"testing"
	"time"
)

// fakeSchedules keeps schedules by their names.
type fakeSchedules map[string]*schedule

func (f fakeSchedules) CreateSchedule(_ context.Context, group, name string, s *schedule) error {
	if f[name] == nil {
		s.GroupName = group
		f[name] = s
	}
	return nil
}

// TestTimers sends wake-ups that are due sooner and later.
func TestTimers(t *testing.T) {
	l := newFunction(t)
	made := fakeSchedules{}
	l.queue.scheduler, l.queue.group, l.queue.arn, l.queue.role = made, "group", "arn:queue", "arn:role"
	w := wakeUp{Run: "r", Step: 7}
	for range 2 { // as after a lost answer
		for _, d := range []time.Duration{-time.Second, 1500 * time.Millisecond, 15 * time.Minute} {
			if err := l.wakeIn(t.Context(), w, d); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, m := range l.aws.Receive() {
		if want := []time.Duration{0, 2 * time.Second, 900 * time.Second}[i%3]; m.Delay != want || m.Body != `{"run":"r","step":7}` {
			t.Errorf("message %d: %+v, want %v", i, m, want)
		}
	}
	if len(made) > 0 {
		t.Errorf("schedules %v", made)
	}
	at := l.clock.Now().Add(24 * time.Hour)
	for range 2 {
		if err := l.queue.schedule(t.Context(), w, `{"run":"r","step":7}`, at); err != nil {
			t.Fatal(err)
		}
	}
	if len(made) != 1 {
		t.Fatalf("schedules %v", made)
	}
	if err := l.wakeIn(t.Context(), w, 48*time.Hour); err != nil || len(made) != 2 {
		t.Errorf("%v, schedules %v", err, made)
	}
	in := made[scheduleName(w, at.UTC().Truncate(time.Second))]
	if got, want := in.ScheduleExpression, "at("+at.UTC().Format("2006-01-02T15:04:05")+")"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if in.Target.Input != `{"run":"r","step":7}` || in.Target.Arn != "arn:queue" || in.Target.RoleArn != "arn:role" || in.GroupName != "group" || in.ActionAfterCompletion != "DELETE" {
		t.Errorf("%+v", in)
	}
	if l.aws.Receive() != nil {
		t.Error("a message as well")
	}
}

// TestScheduled sleeps for long: one schedule instead of a chain of messages.
func TestScheduled(t *testing.T) {
	l := newFunction(t)
	made := fakeSchedules{}
	l.queue.scheduler = made
	if res := l.start(20*time.Second, "r", "sleep", "240h"); res.State != "waiting" {
		t.Fatalf("%+v", res)
	}
	if ms := l.aws.Receive(); len(ms) != 1 || len(made) != 1 { // that for a crash of the start
		t.Errorf("messages %v, schedules %v", ms, made)
	}
}
