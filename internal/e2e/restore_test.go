package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/internal/program"
	"ordermill/internal/services"
)

// A log that is older than the read models: they show orders that never happened, so they stop, the copy is not ready, and a
// rebuild mends them. Reactors stand beside the log and came back with it: what it holds is not done twice.
func TestRestoredLog_underNewerReadModels_stopsThem_rebuildMends(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		data := t.TempDir()
		config := program.Config{Data: data, Demo: true}
		backup := filepath.Join(t.TempDir(), "log.db")
		restored(t, config, func() {
			run(t, command(t, "backup", "--data", data, backup))
		}, func() {
			lost, err := filepath.Glob(filepath.Join(data, "log.db*"))
			require.NoError(t, err)
			for _, file := range lost {
				require.NoError(t, os.Remove(file))
			}
			held, err := os.ReadFile(backup)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(data, "log.db"), held, 0o600))
		})
	})
	t.Run("Postgres", func(t *testing.T) {
		config := program.Config{Store: services.Postgres(t), Demo: true}
		db := database(t, "pgx", config.Store)
		held := 0
		restored(t, config, func() {
			held = only(t, config.Store, `SELECT max(position) FROM ordermill_log.events`)
			_, err := db.ExecContext(t.Context(), `CREATE TABLE kept AS SELECT * FROM ordermill_ops.consumers WHERE kind = 'reactor'`)
			require.NoError(t, err)
		}, func() {
			for _, statement := range []string{
				`ALTER TABLE ordermill_log.events DISABLE TRIGGER USER`, `ALTER TABLE ordermill_log.receipts DISABLE TRIGGER USER`,
				fmt.Sprintf(`DELETE FROM ordermill_log.receipts WHERE position > %d`, held),
				fmt.Sprintf(`DELETE FROM ordermill_log.events WHERE position > %d`, held),
				`ALTER TABLE ordermill_log.events ENABLE ALWAYS TRIGGER no_change, ENABLE ALWAYS TRIGGER no_truncate`,
				`ALTER TABLE ordermill_log.receipts ENABLE ALWAYS TRIGGER no_change, ENABLE ALWAYS TRIGGER no_truncate`,
				`UPDATE ordermill_ops.consumers c SET position = k.position, event_id = k.event_id FROM kept k WHERE k.name = c.name`,
			} {
				_, err := db.ExecContext(t.Context(), statement)
				require.NoError(t, err, statement)
			}
		})
	})
}

func restored(t *testing.T, config program.Config, backUp, restore func()) {
	s := open(t, config)
	for _, id := range []string{"kept"} {
		s.letter(orderLetter(id))
		s.letter(paymentLetter(id))
		s.confirmed(id)
	}
	eventually(t, func() error { return quiet(t, s.Client) })
	held := len(events(t, s.Client))
	backUp()
	s.letter(orderLetter("lost"))
	s.letter(paymentLetter("lost"))
	s.confirmed("lost")
	eventually(t, func() error { return quiet(t, s.Client) })
	had := len(events(t, s.Client))
	s.stop()
	restore()

	s = openUnready(t, config)
	want := fmt.Sprintf("stands at position %d, the log ends at %d: it has %d events less", had, held, had-held)
	eventually(t, func() error {
		return s.saysAll(want, "/readyz", "/v1/projections", "/v1/consumers")
	})
	models, err := s.Projections(t.Context())
	require.NoError(t, err)
	for _, m := range models {
		require.Equal(t, "stopped", string(m.Status), m.Name)
		s.rebuilt(m.Name)
	}
	eventually(t, func() error { return s.Ready(t.Context()) })
	s.verified()
	require.Len(t, events(t, s.Client), held, "nothing was done again")
	_, err = s.Order(t.Context(), "lost")
	require.Error(t, err, "it never happened")
	s.letter(orderLetter("lost"))
	s.letter(paymentLetter("lost"))
	s.confirmed("lost")
	s.verified()
}

// saysAll returns an error unless each of these answers holds the text.
func (s *shop) saysAll(text string, paths ...string) error {
	for _, path := range paths {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.url+path, nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || !strings.Contains(string(body), text) {
			return fmt.Errorf("%s does not say %q: %s, %w", path, text, body, err)
		}
	}
	return nil
}
