package main

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// TestSynchronous: each connection waits for the disk at each commit.
func TestSynchronous(t *testing.T) {
	for level, want := range map[string]int{"NORMAL": 1, "FULL": 2} {
		db, err := open(filepath.Join(t.TempDir(), "a b"), level)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for range connections {
			c, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			var synchronous, foreign int
			var journal string
			for pragma, to := range map[string]any{"synchronous": &synchronous, "foreign_keys": &foreign, "journal_mode": &journal} {
				if err := c.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(to); err != nil {
					t.Fatal(err)
				}
			}
			if synchronous != want || foreign != 1 || journal != "wal" {
				t.Errorf("%s: synchronous %d, foreign_keys %d, journal_mode %s", level, synchronous, foreign, journal)
			}
		}
	}
}

// TestWorkflows: each program comes to its end, and what it did is in the database.
func TestWorkflows(t *testing.T) {
	db, err := open(t.TempDir(), "NORMAL")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, err := launch(db)
	if err != nil {
		t.Fatal(err)
	}
	defer dbos.Shutdown(ctx, 10*time.Second)

	const pause = 50 * time.Millisecond
	for _, test := range []struct {
		name      string
		execute   func() (time.Duration, error)
		workflows int // that it consists of
		atLeast   time.Duration
	}{
		{"forkjoin", func() (time.Duration, error) { return execute(ctx, forkjoin, 10) }, 11, 1},
		{"steps", func() (time.Duration, error) { return execute(ctx, steps, 10) }, 1, 1},
		{"pingpong", func() (time.Duration, error) { return execute(ctx, pingpong, 5) }, 2, 1},
		{"sleeps", func() (time.Duration, error) { return execute(ctx, sleeps, sleepers{10, pause}) }, 11, pause},
	} {
		before := succeeded(t, db)
		d, err := test.execute()
		if err != nil || d < test.atLeast {
			t.Errorf("%s: %v, %v", test.name, d, err)
		}
		if n := succeeded(t, db) - before; n != test.workflows {
			t.Errorf("%s: %d workflows have ended, not %d", test.name, n, test.workflows)
		}
	}
}

func succeeded(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRow("SELECT count(*) FROM workflow_status WHERE status = 'SUCCESS'").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"forkjoin"}, {"forkjoin", "x"}, {"sleeps", "1"}, {"sleeps", "1", "x"}, {"unknown", "1"}} {
		if err := run(t.TempDir(), "FULL", args); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}
