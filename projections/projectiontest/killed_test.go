package projectiontest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore/postgres"
	"ordermill/eventstore/sqlite"
	"ordermill/internal/services"
	"ordermill/projections/orders"
	"ordermill/projections/projectiontest"
)

// victim names, to the process that is to be killed, the shop on which it works: sqlite FOLDER or postgres URL.
const victim = "ORDERMILL_TEST_VICTIM"

// TestKilled: a rebuild whose process is killed goes on from its own checkpoint in the next one.
func TestKilled_rebuildGoesOnFromItsCheckpoint(t *testing.T) {
	for name, where := range map[string]func(t *testing.T) string{
		"SQLite": func(t *testing.T) string {
			dir := t.TempDir()
			require.NoError(t, sqlite.Migrate(t.Context(), dir))
			return "sqlite " + dir
		},
		"Postgres": func(t *testing.T) string {
			url := services.Postgres(t)
			require.NoError(t, postgres.Migrate(t.Context(), url, postgres.MigrateOptions{Name: "shop"}))
			return "postgres " + url
		},
	} {
		t.Run(name, func(t *testing.T) {
			shop := where(t)
			child := exec.Command(os.Args[0], "-test.run=^TestKilled_victim$")
			child.Env = append(os.Environ(), victim+"="+shop)
			out, err := child.CombinedOutput()
			require.Error(t, err, "%s", out)
			require.Equal(t, "signal: killed", child.ProcessState.String(), "%s", out)
			projectiontest.ResumeAfterKill(t, opened(t, shop), orders.Projection)
		})
	}
}

// TestKilled_victim is the process that is killed.
func TestKilled_victim(t *testing.T) {
	shop := os.Getenv(victim)
	if shop == "" {
		t.Skip("it is started by TestKilled_rebuildGoesOnFromItsCheckpoint")
	}
	projectiontest.DieInRebuild(t, opened(t, shop), orders.Projection)
}

func opened(t *testing.T, shop string) projectiontest.Fixture {
	kind, where, _ := strings.Cut(shop, " ")
	if kind == "sqlite" {
		db, err := sqlite.Open(t.Context(), where, sqlite.Options{})
		require.NoError(t, err)
		return fixture(t, db)
	}
	db, err := postgres.Open(t.Context(), where, postgres.Options{Name: "shop"})
	require.NoError(t, err)
	return fixture(t, db)
}
