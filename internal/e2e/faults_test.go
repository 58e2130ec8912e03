package e2e_test

import (
	"database/sql"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/internal/program"
	"ordermill/internal/services"
)

// Whatever becomes of connections and of the database under load, clients who send again what they are told to send again find
// every command done once.
func TestDatabaseFaults_underLoad_everyCommandIsDoneOnce(t *testing.T) {
	t.Parallel()
	server := services.StartPostgres(t)
	between := services.StartProxy(t, server.URL, "enable_seqscan") // a parameter of the connections that append, and of no others
	copies := []*shop{open(t, program.Config{Store: server.URL}), open(t, program.Config{Store: between.URL})}
	copies[0].stocked("TOY", 1_000_000)
	db := database(t, "pgx", server.URL)
	street := newStreet(copies[0].Client, copies[1].Client)
	var errands []*errand
	for _, fault := range []struct {
		name   string
		happen func(*shopping)
	}{
		{"restarted at once, as -m immediate does", func(*shopping) {
			server.Crash()
			server.Restart()
		}},
		{"its processes ended at random", func(buying *shopping) {
			for range 20 {
				buying.acknowledged(2)
				endProcesses(t, db)
			}
		}},
		{"replies to COMMIT lost, and COMMITs themselves", func(buying *shopping) {
			for range 20 {
				between.CutNext([]services.Cut{services.CutAnswer, services.CutRequest}[rand.IntN(2)])
				require.Eventually(t, between.Done, patience, time.Millisecond)
				buying.acknowledged(2)
			}
		}},
	} {
		for range torture(1, 10) {
			buying := street.buyers(t, 8, tryAgain)
			buying.acknowledged(20)
			fault.happen(buying)
			buying.acknowledged(20)
			errands = append(errands, buying.stop()...)
			buying.patient()
			t.Logf("%s: %d errands so far", fault.name, len(errands))
		}
	}
	settled(t, copies[0], errands)
}

// endProcesses ends about a third of the server's processes that work for the program.
func endProcesses(t *testing.T, db *sql.DB) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'ordermill' AND random() < 0.3`)
	require.NoError(t, err)
}

func TestKill9_ofRandomCopies_underLoad_everythingGoesOn(t *testing.T) {
	t.Parallel()
	shared := newCluster(t)
	copies := []*process{shared.copy().ready(), shared.copy(), shared.copy()}
	copies[0].stocked("TOY", 1_000_000)
	street := newStreet(copies[0].Client, copies[1].Client, copies[2].Client)
	street.leisure = 10 * time.Millisecond
	buying := street.buyers(t, 6, nothing)
	for range torture(3, 40) {
		buying.acknowledged(10 + rand.IntN(40))
		i := rand.IntN(len(copies))
		street.close(i)
		copies[i].kill()
		copies[i] = shared.copy()
		street.reopen(i, copies[i].Client)
	}
	buying.acknowledged(20)
	errands := buying.stop()
	buying.patient()
	settled(t, &copies[0].ready().shop, errands)
}
