// This file defines the server, and the place of its socket.

package shared

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/rpc"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/harkgen/harkgen/rt/store/pebble"
)

// maxSocketPath is below the 108 bytes of Linux and the 104 of the BSDs.
const maxSocketPath = 100

const tempPrefix = "harkgen-sock-"

// A server works on the database and serves it to others.
type server struct {
	*pebble.Store
	dir  string
	pid  int
	ln   net.Listener
	ctx  context.Context // of the calls of clients
	stop context.CancelFunc
	temp string // directory of the socket, if it is not in dir

	mu    sync.Mutex
	conns map[net.Conn]bool // nil once closed
	done  sync.WaitGroup    // the accept loop
}

func (s *server) serving() bool { return true }

// serve listens. The caller holds the lock of the database; on error it is released.
func serve(dir string, db *pebble.Store) (*server, error) {
	s := &server{Store: db, dir: dir, pid: os.Getpid(), conns: map[net.Conn]bool{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	if err := s.listen(); err != nil {
		db.Close()
		return nil, fmt.Errorf("state directory %s: %w", dir, err)
	}
	r := rpc.NewServer()
	if err := r.Register(&Service{s}); err != nil {
		panic(err) // the methods of Service are wrong
	}
	s.done.Go(func() { s.accept(r) })
	return s, nil
}

func (s *server) accept(r *rpc.Server) {
	for {
		conn, err := s.ln.Accept()
		if err != nil {
			return // closed; nothing else ends a listening Unix socket
		}
		s.mu.Lock()
		if s.conns == nil {
			s.mu.Unlock()
			conn.Close()
			return
		}
		s.conns[conn] = true
		s.mu.Unlock()
		go func() {
			r.ServeConn(conn) // until the client hangs up
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.conns, conn)
		}()
	}
}

// listen makes the socket, in place of one that a dead server left.
func (s *server) listen() error {
	s.removeSocket()
	path := filepath.Join(s.dir, "sock")
	if len(path) > maxSocketPath {
		temp, err := os.MkdirTemp("", tempPrefix)
		if err != nil {
			return err
		}
		s.temp, path = temp, filepath.Join(temp, "sock")
	}
	ln, err := net.Listen("unix", path)
	if err != nil {
		return errors.Join(err, os.RemoveAll(s.temp))
	}
	s.ln = ln
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(err, ln.Close())
	}
	if s.temp == "" {
		return nil
	}
	// Clients find the path only once they can connect.
	name := filepath.Join(s.dir, "sock.path")
	if err := os.WriteFile(name+".new", []byte(path), 0o600); err != nil {
		return errors.Join(err, ln.Close())
	}
	return os.Rename(name+".new", name)
}

// removeSocket removes what a server left or leaves. The caller holds the lock.
func (s *server) removeSocket() {
	os.Remove(filepath.Join(s.dir, "sock"))
	path, err := findSocket(s.dir)
	if err != nil || path == filepath.Join(s.dir, "sock") {
		return
	}
	os.Remove(filepath.Join(s.dir, "sock.path"))
	if temp := filepath.Dir(path); strings.HasPrefix(filepath.Base(temp), tempPrefix) {
		os.Remove(path)
		os.Remove(temp) // only if it is empty
	}
}

// findSocket returns the path of the server's socket, if there is one.
func findSocket(dir string) (string, error) {
	path := filepath.Join(dir, "sock")
	if len(path) <= maxSocketPath {
		return path, nil
	}
	b, err := os.ReadFile(filepath.Join(dir, "sock.path"))
	return string(b), err
}

// Close removes the socket, lets the calls under way finish, and gives the lock back.
func (s *server) Close() error {
	s.ln.Close() // removes the socket
	s.done.Wait()
	s.removeSocket()
	s.stop()
	err := s.Store.Close()
	s.mu.Lock()
	conns := s.conns
	s.conns = nil
	s.mu.Unlock()
	for c := range conns {
		c.Close()
	}
	return err
}
