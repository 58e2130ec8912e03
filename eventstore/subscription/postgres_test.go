package subscription_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/eventstore/postgres"
	"ordermill/eventstore/subscription"
	"ordermill/internal/services"
)

// newPostgresShop is newShop on Postgres. Its helpers that read the table in the order of SQLite's rowid are not for it.
func newPostgresShop(t *testing.T) *shop {
	t.Helper()
	url := services.Postgres(t)
	require.NoError(t, postgres.Migrate(t.Context(), url, postgres.MigrateOptions{}))
	database, err := postgres.Open(t.Context(), url, postgres.Options{})
	require.NoError(t, err)
	store := eventstore.New(database.Driver())
	t.Cleanup(func() { require.NoError(t, errors.Join(store.Close(), database.Close())) })
	s := &shop{t: t, store: store}
	s.read.Write, s.read.Read = database.Read()
	s.log.Write, s.log.Read = database.Log()
	_, err = s.read.Write.Exec(`CREATE TABLE seen (position bigint, key text)`)
	require.NoError(t, err)
	return s
}

func TestPostgres_ownerStuckInItsTransaction_isThrownOff_andWritesNothing(t *testing.T) {
	s := newPostgresShop(t)
	inside, thawed := make(chan struct{}), make(chan struct{})
	var stuck atomic.Bool
	old := subscription.NewProjector(s.store, s.read, owner("old"), &recorder{name: "p", hook: func(subscription.Work) error {
		if stuck.CompareAndSwap(false, true) {
			close(inside)
			<-thawed
		}
		return nil
	}}, quiet)
	start(t, old)
	thaw := sync.OnceFunc(func() { close(thawed) })
	t.Cleanup(thaw)
	s.append(stream(1))
	<-inside // its transaction is open, and holds the consumer's row
	s.append(stream(2))
	fresh := subscription.NewProjector(s.store, s.read, owner("fresh"), &recorder{name: "p"}, quiet)
	start(t, fresh)
	waitFor(t, fresh, 2)
	require.Equal(t, 1, s.count(`SELECT count(*) FROM consumers WHERE owner = 'fresh'`))
	thaw()
	s.append(stream(1))
	waitFor(t, fresh, 3)
	require.Equal(t, 3, s.count(`SELECT count(*) FROM seen`))
	require.Equal(t, 3, s.count(`SELECT count(DISTINCT position) FROM seen`))
}

func TestPostgres_twoCopies_everyRecordOnce(t *testing.T) {
	s := newPostgresShop(t)
	var copies [2]*subscription.Consumer
	for i, id := range []string{"a", "b"} {
		copies[i] = subscription.NewProjector(s.store, s.read, owner(id), &recorder{name: "p"}, quiet)
		start(t, copies[i])
	}
	for i := range 100 {
		s.append(stream(i%5), stream(i%7+10))
	}
	waitFor(t, copies[0], 200)
	waitFor(t, copies[1], 200)
	require.Equal(t, 200, s.count(`SELECT count(*) FROM seen`))
	require.Equal(t, 200, s.count(`SELECT count(DISTINCT position) FROM seen`))
}
