package e2e_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/internal/program"
	"ordermill/internal/services"
	"ordermill/migrations"
)

// only is the single number that a query answers with.
func only(t *testing.T, url, query string) (n int) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.QueryRowContext(t.Context(), query).Scan(&n))
	return n
}

func TestReadStore_copiesServeFromIt_itIsLostAndBuiltAgain(t *testing.T) {
	t.Parallel()
	config := program.Config{Store: services.Postgres(t), ReadStore: services.Postgres(t), Demo: true}
	first, second := open(t, config), open(t, config)
	eventually(t, func() error { return owned(second) })
	owners(t, first) // each consumer once
	first.letter(orderLetter("1"))
	second.letter(paymentLetter("1"))
	first.confirmed("1")
	second.confirmed("1")
	second.rebuilt("orders")
	first.verified()
	require.Zero(t, only(t, config.Store, `SELECT count(*) FROM ordermill_read.generations`), "a read model lies beside the log")
	require.Zero(t, only(t, config.Store, `SELECT count(*) FROM ordermill_ops.consumers WHERE kind = 'projector'`))
	require.NotZero(t, only(t, config.ReadStore, `SELECT count(*) FROM ordermill_read.orders_2`))

	first.stop()
	second.stop()
	db, err := sql.Open("pgx", config.ReadStore)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), `DROP SCHEMA ordermill_read CASCADE`)
	require.NoError(t, err)
	again := open(t, config)
	again.confirmed("1")
	again.verified()
}

func TestReadStore_away_commandsAndCheckoutGoOn_queriesWait(t *testing.T) {
	t.Parallel()
	read := services.StartPostgres(t)
	config := program.Config{Store: services.Postgres(t), ReadStore: read.URL, Demo: true}
	s := open(t, config)
	for i, end := range []func(){read.Kill, read.Stop} {
		id := string(rune('1' + i))
		end()
		s.letter(orderLetter(id))
		s.letter(paymentLetter(id))
		s.refused503(http.MethodGet, "/v1/orders/"+id, "")
		s.refused503(http.MethodGet, "/readyz", "")
		eventually(t, func() error { // the log alone tells that the checkout has confirmed it
			if slices.ContainsFunc(events(t, s.Client), func(e v1.Event) bool { return e.Type == "order.confirmed" && e.Stream == "order-"+id }) {
				return nil
			}
			return fmt.Errorf("order %s is not confirmed", id)
		})
		read.Restart()
		s.confirmed(id)
		eventually(t, func() error { return s.Ready(t.Context()) })
	}
	s.verified()
}

func TestReadStore_whereItCannotBe_isRefused(t *testing.T) {
	t.Parallel()
	store := services.Postgres(t)
	for name, c := range map[string]struct {
		config program.Config
		want   string
	}{
		"beside SQLite":   {program.Config{Data: t.TempDir(), ReadStore: store}, "beside a store on Postgres"},
		"on SQLite":       {program.Config{Store: store, ReadStore: "sqlite://" + t.TempDir()}, "beside a store on Postgres"},
		"with the log":    {program.Config{Store: store, ReadStore: store}, migrations.ErrHoldsLog.Error()},
		"without its URL": {program.Config{Store: store, ReadStore: "postgres://someone:sesame@127.0.0.1:1/x"}, "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			c.config.Addr, c.config.Migrate = "127.0.0.1:0", true
			_, err := program.Start(t.Context(), c.config)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "sesame")
		})
	}
}

func TestReadStore_unmigrated_isRefusedUntilMigrateWasToldOfIt(t *testing.T) {
	t.Parallel()
	store, read := services.Postgres(t), services.Postgres(t)
	run := func(args ...string) string {
		out, err := command(t, args...).CombinedOutput()
		var exit *exec.ExitError
		if err != nil {
			require.ErrorAs(t, err, &exit)
		}
		return string(out)
	}
	require.Contains(t, run("migrate", "--store", store), "at the version of this program")
	require.Contains(t, run("serve", "--insecure", "--store", store, "--read-store", read, "--addr", "127.0.0.1:0"), "the read store")
	require.Contains(t, run("migrate", "--store", store, "--read-store", read), "at the version of this program")
	launch(t, "serve", "--insecure", "--store", store, "--read-store", read).ready()
}
