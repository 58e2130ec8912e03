package e2e_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/internal/program"
	"ordermill/internal/services"
)

func TestDatabaseGoneAndBack_503_nothingAcknowledgedIsLost_recoversByItself(t *testing.T) {
	t.Parallel()
	server := services.StartPostgres(t)
	s := open(t, program.Config{Store: server.URL, Demo: true})
	var errands []*errand
	for _, end := range []func(){server.Kill, server.Stop} {
		buying := s.shopping(8)
		buying.acknowledged(20)
		end()
		s.refused503(http.MethodPost, "/v1/messages", paymentLetter("away"))
		s.refused503(http.MethodGet, "/v1/orders", "")
		server.Restart()
		errands = append(errands, buying.stop()...)
		eventually(t, func() error { _, err := s.Send(t.Context(), []byte(orderLetter("after"))); return err })
	}
	settled(t, s, errands)
}

func TestDatabaseFrozen_503InTime_goesOnWhenItThaws(t *testing.T) {
	t.Parallel()
	server := services.StartPostgres(t)
	s := open(t, program.Config{Store: server.URL, Demo: true})
	s.letter(orderLetter("1"))
	server.Freeze()
	s.refused503(http.MethodPost, "/v1/messages", paymentLetter("1"))
	s.refused503(http.MethodGet, "/v1/orders/1", "")
	server.Thaw()
	eventually(t, func() error { _, err := s.Send(t.Context(), []byte(paymentLetter("1"))); return err })
	s.confirmed("1")
	balance(t, s.Client)
}

func TestDatabaseGone_readyzIs503UntilItIsBack_livezStays200(t *testing.T) {
	t.Parallel()
	server := services.StartPostgres(t)
	s := open(t, program.Config{Store: server.URL})
	for _, c := range []struct{ gone, back func() }{{server.Kill, server.Restart}, {server.Freeze, server.Thaw}} {
		c.gone()
		s.refused503(http.MethodGet, "/readyz", "")
		require.ErrorContains(t, s.Ready(t.Context()), "the database cannot be read now")
		live, err := http.Get(s.url + "/livez")
		require.NoError(t, err)
		live.Body.Close()
		require.Equal(t, http.StatusOK, live.StatusCode)
		c.back()
		eventually(t, func() error { return s.Ready(t.Context()) })
	}
}

// refused503 demands that a request is answered in time, by the problem that says when to try again.
func (s *shop) refused503(method, path, body string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	response.Body.Close()
	require.Equal(s.t, http.StatusServiceUnavailable, response.StatusCode)
	require.NotEmpty(s.t, response.Header.Get("Retry-After"))
	require.Equal(s.t, v1.ProblemMediaType, response.Header.Get("Content-Type"))
}
