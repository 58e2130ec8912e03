package program

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Role is a share of the work that a copy takes. Copies on one Postgres may take different shares, so that each kind of work
// has machines of its own; a share that no copy takes is not done.
type Role string

// The roles. Every copy answers /livez and /readyz, whatever its roles.
const (
	API       Role = "api"       // answers /v1
	Relay     Role = "relay"     // publishes the log on the transports
	Projector Role = "projector" // keeps the read models, builds and rebuilds them
	Worker    Role = "worker"    // checkout, payment provider, mail and timers, and takes letters from the brokers
)

// AllRoles are all there are; a copy has them unless it is told otherwise.
var AllRoles = []Role{API, Relay, Projector, Worker}

// ParseRoles reads roles by name. They must be known, each named once, and at least one.
func ParseRoles(names []string) ([]Role, error) {
	var roles []Role
	for _, name := range names {
		role := Role(strings.TrimSpace(name))
		switch {
		case !slices.Contains(AllRoles, role):
			return nil, fmt.Errorf("%.40q is no role; the roles are %s", name, list(AllRoles))
		case slices.Contains(roles, role):
			return nil, fmt.Errorf("the role %s is named twice", role)
		}
		roles = append(roles, role)
	}
	if len(roles) == 0 {
		return nil, fmt.Errorf("a copy needs a role, one or more of %s", list(AllRoles))
	}
	return roles, nil
}

// has reports whether this copy takes a role.
func (c Config) has(role Role) bool { return slices.Contains(c.Roles, role) }

// checkRoles refuses shares of the work that nobody could complete.
func (c Config) checkRoles(s *store, transports int) error {
	for _, role := range AllRoles {
		if s.embedded && !c.has(role) {
			return fmt.Errorf("one process has the SQLite folder to itself, so nobody else could do the work of the role %s; "+
				"roles are for copies that share a Postgres", role)
		}
	}
	if transports == 0 && len(c.Roles) == 1 && c.has(Relay) {
		return errors.New("a copy with the role relay alone needs a broker to publish on")
	}
	return nil
}

func list(roles []Role) string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	return strings.Join(names, ", ")
}
