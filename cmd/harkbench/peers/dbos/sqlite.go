package main

// This file opens the database.

import (
	"context"
	"database/sql"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite"
)

// connections is how many DBOS opens itself.
const connections = 8

// open opens the database as DBOS does it for a URL, but with any level of synchronous: DBOS sets NORMAL.
func open(dir, level string) (*sql.DB, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	options := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(5000)", "foreign_keys(ON)", "journal_mode(WAL)", "synchronous(" + level + ")"},
	}
	file := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(filepath.Join(dir, "dbos.db")), RawQuery: options.Encode()}
	db, err := sql.Open("sqlite", file.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// launch starts DBOS on the database.
func launch(db *sql.DB) (dbos.Context, error) {
	ctx, err := dbos.NewContext(context.Background(), dbos.Config{AppName: "harkbench", SQLiteSystemDB: db, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	register(ctx)
	return ctx, dbos.Launch(ctx)
}
