package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"ordermill/eventstore"
)

// SQLSTATEs, https://www.postgresql.org/docs/15/errcodes-appendix.html
const (
	readOnly            = "25006"
	idleInTransaction   = "25P03"
	diskFull            = "53100"
	tooManyConnections  = "53300"
	lockNotAvailable    = "55P03"
	queryCanceled       = "57014"
	cannotConnectNow    = "57P03"
	classData           = "22"
	classConstraint     = "23"
	classRollback       = "40"
	classResources      = "53"
	classLimits         = "54"
	classAdministration = "57"
)

// classifyConnect is for errors before anything was sent.
func classifyConnect(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if answer, ok := serverError(err); ok && (answer.Code == cannotConnectNow || answer.Code == tooManyConnections) {
		return fmt.Errorf("%w: %w", eventstore.ErrRolledBack, err) // it is starting or crowded: another try may succeed
	}
	return fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err)
}

// classifyBefore is for errors before COMMIT was sent: whatever happened, nothing was written.
func classifyBefore(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", class(err), err)
}

// classifyCommit is for errors in the round trip that ended in COMMIT. Only the server's own "no" to a statement, or a
// transaction it had ended before, is a certain no.
func classifyCommit(err error) error {
	answer, answered := serverError(err)
	switch {
	case errors.Is(err, eventstore.ErrRolledBack):
		return err
	case answered && (answer.SeverityUnlocalized == "ERROR" || answer.Code == idleInTransaction), pgconn.SafeToRetry(err):
		return fmt.Errorf("%w: %w", class(err), err)
	}
	return fmt.Errorf("%w: %w", eventstore.ErrOutcomeUnknown, err)
}

// class sorts what did not reach the log by whether another try can help.
func class(err error) error {
	answer, ok := serverError(err)
	if !ok {
		return eventstore.ErrRolledBack // the connection broke; the next one shows whether the server is there
	}
	switch answer.Code {
	case diskFull, readOnly:
		return eventstore.ErrUnavailable
	case lockNotAvailable, idleInTransaction, queryCanceled:
		return eventstore.ErrRolledBack
	}
	switch answer.Code[:2] {
	case classData, classConstraint, classLimits:
		return eventstore.ErrRejected
	case classRollback, classResources, classAdministration:
		return eventstore.ErrRolledBack
	}
	return eventstore.ErrUnavailable
}

func serverError(err error) (*pgconn.PgError, bool) {
	var answer *pgconn.PgError
	ok := errors.As(err, &answer) && len(answer.Code) == 5
	return answer, ok
}
