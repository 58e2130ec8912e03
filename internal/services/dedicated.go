package services

import (
	"slices"
	"testing"

	"ordermill/internal/services/server"
)

// Server is a server of one test's own. Its address stays the same over Kill and Restart.
type Server struct {
	URL string

	t      testing.TB
	server *server.Server
}

// StartPostgres starts a PostgreSQL server for this test alone, in about 1.5 s. Settings such as "fsync=on" override the
// quick ones of tests.
func StartPostgres(t testing.TB, settings ...string) *Server {
	t.Helper()
	return start(t, "PostgreSQL", func(g *server.Group) (*server.Server, error) {
		return g.Postgres(slices.Concat(server.Quick(), settings)...)
	})
}

// StartRedis starts a Redis server for this test alone, at once. It keeps what it acknowledged over Kill and Restart.
func StartRedis(t testing.TB) *Server {
	t.Helper()
	return start(t, "Redis", func(g *server.Group) (*server.Server, error) { return g.Redis(server.Durable()...) })
}

func start(t testing.TB, name string, with func(*server.Group) (*server.Server, error)) *Server {
	t.Helper()
	Need(t, name)
	group, err := server.NewGroup()
	if err != nil {
		t.Fatalf("%s for tests: %v", name, err)
	}
	t.Cleanup(group.Close)
	s, err := with(group)
	if err != nil {
		t.Fatalf("%s for tests: %v", name, err)
	}
	return &Server{URL: s.URL, t: t, server: s}
}

// Kill ends the server as kill -9 does and returns when it is gone.
func (s *Server) Kill() { s.server.Kill() }

// Crash ends the server at once by its own means, as pg_ctl stop -m immediate does: PostgreSQL recovers from its log at the restart.
func (s *Server) Crash() { s.server.Crash() }

// Stop ends the server in good order: PostgreSQL tells its clients (57P01), RabbitMQ closes its connections.
func (s *Server) Stop() { s.server.Stop() }

// Restart starts the server again on its data, killing it first if it runs. It returns when clients can connect.
func (s *Server) Restart() {
	s.t.Helper()
	if err := s.server.Restart(); err != nil {
		s.t.Fatal(err)
	}
}

// Freeze stops the server's processes where they are: connections stay open and nothing answers.
func (s *Server) Freeze() { s.server.Freeze() }

// Thaw ends a Freeze.
func (s *Server) Thaw() { s.server.Thaw() }
