package program_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/api/client"
	"ordermill/internal/program"
	"ordermill/internal/services"
)

func TestParseRoles(t *testing.T) {
	all, err := program.ParseRoles([]string{"api", " relay", "projector", "worker"})
	require.NoError(t, err)
	require.Equal(t, program.AllRoles, all)
	for text, names := range map[string][]string{
		`"cook" is no role; the roles are api, relay, projector, worker`: {"api", "cook"},
		`"" is no role`:                                   {""},
		"the role relay is named twice":                   {"relay", "relay"},
		"a copy needs a role, one or more of api, relay,": nil,
	} {
		_, err := program.ParseRoles(names)
		require.ErrorContains(t, err, text)
	}
}

func TestStart_rolesThatNobodyCouldComplete_areRefused(t *testing.T) {
	c := config()
	c.Memory, c.Roles = true, []program.Role{program.API, program.Relay, program.Worker}
	_, err := program.Start(t.Context(), c)
	require.ErrorContains(t, err, "nobody else could do the work of the role projector")

	c = config()
	c.Store, c.Migrate, c.Roles = services.Postgres(t), true, []program.Role{program.Relay}
	_, err = program.Start(t.Context(), c)
	require.ErrorContains(t, err, "needs a broker")
}

// Without a projector anywhere, a copy that answers queries says what it waits for; one that does not is ready.
func TestReadyz_namesWhatItWaitsFor(t *testing.T) {
	c := config()
	c.Store, c.Migrate = services.Postgres(t), true
	with := func(roles ...program.Role) *client.Client {
		c.Roles = roles
		p, err := program.Start(t.Context(), c)
		require.NoError(t, err)
		t.Cleanup(func() { stop(t, p) })
		shop := client.New(p.URL())
		t.Cleanup(shop.Close)
		return shop
	}
	ready := func(shop *client.Client) func() bool { return func() bool { return shop.Ready(t.Context()) == nil } }
	queries, worker := with(program.API), with(program.Worker)
	require.Eventually(t, ready(worker), 10*time.Second, 10*time.Millisecond)
	require.ErrorContains(t, queries.Ready(t.Context()), "orders is to be built and no copy works on it (is there one with the role projector?)")
	with(program.Projector)
	require.Eventually(t, ready(queries), 20*time.Second, 10*time.Millisecond)
}

func TestStop_whileItDrains_readyzRefusesAndRequestsAreServed(t *testing.T) {
	c := config()
	c.Memory, c.Drain = true, time.Minute
	p, err := program.Start(t.Context(), c)
	require.NoError(t, err)
	shop := client.New(p.URL())
	defer shop.Close()
	require.Eventually(t, func() bool { return shop.Ready(t.Context()) == nil }, 20*time.Second, 10*time.Millisecond)

	ctx, end := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- p.Stop(ctx) }()
	require.Eventually(t, func() bool { return shop.Ready(t.Context()) != nil }, 10*time.Second, time.Millisecond)
	require.ErrorContains(t, shop.Ready(t.Context()), "this copy is stopping")
	answer, err := http.Get(p.URL() + "/v1/orders")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.True(t, answer.Close, "the next request is to go elsewhere")
	end() // its time is up
	<-stopped
	_, err = http.Get(p.URL() + "/livez")
	require.Error(t, err)
}
