package e2e_test

import (
	"database/sql"
	"fmt"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/internal/services"
)

func TestFrozenCopy_underLoad_theOtherTakesOver_andTheThawedOneCannotWrite(t *testing.T) {
	store := services.Postgres(t)
	db, err := sql.Open("pgx", store)
	require.NoError(t, err)
	defer db.Close()
	frozen := serve(t, store).ready() // alone, so it owns every consumer
	old := owners(t, &frozen.shop)
	other := serve(t, store)

	buying := frozen.shopping(8)
	buying.acknowledged(10)
	frozen.signal(syscall.SIGSTOP) // in the middle of appends, steps and batches of rows
	other.letter(orderLetter("a-bear"))
	other.letter(paymentLetter("a-bear"))
	within(t, takeover, func() error { return other.status("a-bear", "confirmed", "paid") })
	within(t, takeover, func() error { return replaced(&other.shop, old) })
	now := rows(t, db, owning)

	frozen.signal(syscall.SIGCONT)
	errands := buying.stop()
	fresh := frozen.shopping(2) // its commands go on, through the log's own checks
	fresh.acknowledged(10)
	errands = append(errands, fresh.stop()...)
	settled(t, &other.shop, errands, "a-bear")
	require.Equal(t, now, rows(t, db, owning), "the thawed copy has touched a consumer")
}

// owning tells who owns which consumer, since when.
const owning = `SELECT name, epoch, owner FROM ordermill_ops.consumers`

// replaced returns an error while a consumer is still owned as before.
func replaced(s *shop, before map[string]string) error {
	for name, owner := range owners(s.t, s) {
		if before[name] == owner {
			return fmt.Errorf("%s is still owned by %s", name, owner)
		}
	}
	return owned(s)
}

// rows are the rows of a query as texts, sorted.
func rows(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	found, err := db.QueryContext(t.Context(), `SELECT CAST(q AS text) FROM (`+query+`) AS q ORDER BY 1`)
	require.NoError(t, err)
	defer found.Close()
	for found.Next() {
		var row string
		require.NoError(t, found.Scan(&row))
		all = append(all, row)
	}
	require.NoError(t, found.Err())
	return all
}
