package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
)

func TestClassify_error_decidesTheClass(t *testing.T) {
	answer := func(severity, code string) error {
		return fmt.Errorf("pipeline: %w", &pgconn.PgError{Severity: "FEHLER", SeverityUnlocalized: severity, Code: code})
	}
	unavailable, rolledBack, rejected, unknown := eventstore.ErrUnavailable, eventstore.ErrRolledBack, eventstore.ErrRejected, eventstore.ErrOutcomeUnknown
	for _, c := range []struct {
		name           string
		err            error
		before, commit error
	}{
		{"serialization", answer("ERROR", "40001"), rolledBack, rolledBack},
		{"deadlock", answer("ERROR", "40P01"), rolledBack, rolledBack},
		{"lock timeout", answer("ERROR", "55P03"), rolledBack, rolledBack},
		{"out of memory", answer("ERROR", "53200"), rolledBack, rolledBack},
		{"disk full", answer("ERROR", "53100"), unavailable, unavailable},
		{"read-only", answer("ERROR", "25006"), unavailable, unavailable},
		{"no permission", answer("ERROR", "42501"), unavailable, unavailable},
		{"unique", answer("ERROR", "23505"), rejected, rejected},
		{"bad text", answer("ERROR", "22021"), rejected, rejected},
		{"too large for an index", answer("ERROR", "54000"), rejected, rejected},
		{"frozen too long", answer("FATAL", "25P03"), rolledBack, rolledBack},
		{"administrator", answer("FATAL", "57P01"), rolledBack, unknown},
		{"crash", answer("FATAL", "57P02"), rolledBack, unknown},
		{"connection lost", io.ErrUnexpectedEOF, rolledBack, unknown},
		{"reply too late", context.DeadlineExceeded, rolledBack, unknown},
	} {
		for what, got := range map[string]struct{ class, want error }{
			"before": {classifyBefore(t.Context(), c.err), c.before}, "commit": {classifyCommit(c.err), c.commit},
		} {
			for _, class := range []error{unavailable, rolledBack, rejected, unknown} {
				require.Equal(t, class == got.want, errors.Is(got.class, class), "%s, %s: %v", c.name, what, got.class)
			}
			require.ErrorIs(t, got.class, c.err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, context.Canceled, classifyBefore(gone, io.ErrUnexpectedEOF))
	require.Equal(t, context.Canceled, classifyConnect(gone, io.ErrUnexpectedEOF))
	require.ErrorIs(t, classifyConnect(t.Context(), answer("FATAL", "57P03")), rolledBack)
	require.ErrorIs(t, classifyConnect(t.Context(), io.ErrUnexpectedEOF), unavailable)
}
