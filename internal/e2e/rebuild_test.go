package e2e_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"ordermill/internal/program"
	"ordermill/internal/services"
)

// rebuilt builds a read model anew and waits until it is live.
func (s *shop) rebuilt(name string) {
	s.t.Helper()
	begun, err := s.StartRebuild(s.t.Context(), name)
	require.NoError(s.t, err)
	eventually(s.t, func() error {
		models, err := s.Projections(s.t.Context())
		for _, m := range models {
			if m.Name == name && m.Generation < begun.Generation {
				return fmt.Errorf("%s: generation %d, want %d", name, m.Generation, begun.Generation)
			}
		}
		return err
	})
}

func TestRebuildAndVerify_whileOrdersComeIn_agree(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, config program.Config) {
		s := open(t, config)
		buying := s.shopping(2)
		buying.acknowledged(20)
		models, err := s.Projections(t.Context())
		require.NoError(t, err)
		for _, m := range models {
			s.rebuilt(m.Name)
		}
		s.verified() // still under load
		settled(t, s, buying.stop())
		consumers, err := s.Consumers(t.Context())
		require.NoError(t, err)
		for _, c := range consumers {
			require.NotContains(t, c.Name, ".1", "a generation that is not live any more")
		}
	})
}

func TestCorruptedRow_isFoundByVerify_andMendedByRebuild(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) (*shop, *sql.DB, string){
		"SQLite": func(t *testing.T) (*shop, *sql.DB, string) {
			data := t.TempDir()
			s := open(t, program.Config{Data: data, Demo: true})
			return s, database(t, "sqlite", "file:"+filepath.Join(data, "read.db")+"?_pragma=busy_timeout(5000)"), ""
		},
		"Postgres": func(t *testing.T) (*shop, *sql.DB, string) {
			store := services.Postgres(t)
			return open(t, program.Config{Store: store, Demo: true}), database(t, "pgx", store), "ordermill_read."
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, db, schema := open(t)
			s.letter(orderLetter("1"))
			s.letter(paymentLetter("1"))
			s.confirmed("1")
			s.sold("TEDDY-BEAR", 1)
			result, err := db.ExecContext(t.Context(), `UPDATE `+schema+`orders_1 SET body = replace(body, '2999', '1') WHERE key = '1'`)
			require.NoError(t, err)
			changed, err := result.RowsAffected()
			require.NoError(t, err)
			require.EqualValues(t, 1, changed)

			report, err := s.Verify(t.Context(), "orders")
			require.NoError(t, err)
			require.False(t, report.OK)
			require.Equal(t, "1", report.Differences[0].Key)
			s.rebuilt("orders")
			s.verified()
			s.confirmed("1")
		})
	}
}

func database(t *testing.T, driver, name string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, name)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}
