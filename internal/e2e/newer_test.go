package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/eventstore"
	"ordermill/eventstore/postgres"
	"ordermill/internal/program"
	"ordermill/internal/services"
)

// TestNewerEvent_consumersStop_theAPIGoesOn: a newer program has written an event to one order, and this one is still about.
func TestNewerEvent_consumersStop_theAPIGoesOn(t *testing.T) {
	t.Parallel()
	for name, newer := range map[string]eventstore.Event{
		"a type that is not known": {Type: "order.teleported", SchemaVersion: 1},
		"a version that is newer":  {Type: "order.shipped", SchemaVersion: 2},
	} {
		t.Run(name, func(t *testing.T) {
			config := program.Config{Store: services.Postgres(t)}
			s := open(t, config)
			s.stocked("TOY", 100)
			s.bought("newer")
			s.bought("other")
			eventually(t, func() error { return readBy(s) })
			appended(t, config.Store, "order-newer", newer)
			ctx := t.Context()
			eventually(t, func() error { return stoppedAt(s, "checkout", "mail", "provider") })
			eventually(t, func() error { return modelsStopped(s, "orders", "timers") })

			_, err := s.CancelOrder(ctx, "newer", v1.CancelOrder{Reason: "changed_mind"})
			unreadable(t, err)
			_, err = s.OrderAsOf(ctx, "newer", fmt.Sprint(s.head()))
			unreadable(t, err)
			_, err = s.StreamState(ctx, "order-newer", 0)
			unreadable(t, err)
			_, err = s.ExplainOrder(ctx, "newer", 0, "")
			unreadable(t, err)
			_, err = s.Timeline(ctx, "newer")
			require.NoError(t, err, "whoever looks for what went wrong sees the rest")
			log := events(t, s.Client)
			require.Equal(t, newer.Type, log[len(log)-1].Type, "the log is shown as it is")

			_, err = s.CancelOrder(ctx, "other", v1.CancelOrder{Reason: "changed_mind"})
			require.NoError(t, err, "commands on other streams go on")
			_, err = s.Item(ctx, "TOY")
			require.NoError(t, err, "queries go on")
		})
	}
}

// stoppedAt returns an error unless these consumers have told why they stopped, own nothing and have parked nothing.
func stoppedAt(s *shop, names ...string) error {
	consumers, err := s.Consumers(s.t.Context())
	if err != nil {
		return err
	}
	for _, c := range consumers {
		if slices.Contains(names, c.Name) && (!strings.Contains(c.Error, "upgrade") || c.Parked != 0 || c.Owner != "") {
			return fmt.Errorf("%s has not stopped: %+v", c.Name, c)
		}
	}
	return nil
}

// modelsStopped returns an error unless these read models say that they have stopped, and what to do.
func modelsStopped(s *shop, names ...string) error {
	models, err := s.Projections(s.t.Context())
	for _, m := range models {
		if slices.Contains(names, m.Name) && (m.Status != "stopped" || !strings.Contains(m.Error, "upgrade")) {
			err = errors.Join(err, fmt.Errorf("%s is %s: %s", m.Name, m.Status, m.Error))
		}
	}
	return err
}

// readBy returns an error unless every consumer has come to the head.
func readBy(s *shop) error {
	consumers, err := s.Consumers(s.t.Context())
	for _, c := range consumers {
		if c.Lag != 0 {
			err = errors.Join(err, fmt.Errorf("%s is behind by %d", c.Name, c.Lag))
		}
	}
	return err
}

// unreadable demands a problem that says so.
func unreadable(t *testing.T, err error) {
	t.Helper()
	var problem *v1.Problem
	require.ErrorAs(t, err, &problem)
	require.Equal(t, v1.UnreadableEvent, problem.Code, "%v", err)
}

// appended writes an event as a newer program would.
func appended(t *testing.T, url, stream string, event eventstore.Event) {
	t.Helper()
	db, err := postgres.Open(t.Context(), url, postgres.Options{})
	require.NoError(t, err)
	store := eventstore.New(db.Driver())
	last, err := store.Read(t.Context(), eventstore.Query{Stream: stream, Latest: true, Limit: 1})
	require.NoError(t, err)
	event.Stream, event.Data, event.Metadata = stream, json.RawMessage(`{"to":"moon"}`), json.RawMessage(`{}`)
	outcomes, err := store.Append(t.Context(), []eventstore.Request{{CommandID: uuid.New(), Expected: map[string]int64{stream: last[0].Version}, Events: []eventstore.Event{event}}})
	require.NoError(t, err)
	require.IsType(t, eventstore.Appended{}, outcomes[0])
	require.NoError(t, store.Close())
	require.NoError(t, db.Close())
}
