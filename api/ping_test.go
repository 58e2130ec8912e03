package api_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// wire is a connection as a handler sees it, in memory, that notes its write deadlines.
type wire struct {
	bytes.Buffer
	header   http.Header
	deadline []time.Duration // of each write, from when it was set
}

func (w *wire) Header() http.Header { return w.header }
func (w *wire) WriteHeader(int)     {}
func (w *wire) Flush()              {}
func (w *wire) SetWriteDeadline(t time.Time) error {
	w.deadline = append(w.deadline, time.Until(t))
	return nil
}

func TestEventStream_pingsEvery15Seconds_eachWriteWithItsDeadline(t *testing.T) {
	for _, path := range []string{"/v1/events/stream", "/v1/events"} {
		s := newShop(t)
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
			defer cancel()
			w := &wire{header: http.Header{}}
			request := httptest.NewRequest("GET", path, nil).WithContext(ctx)
			request.Header.Set("Accept", "text/event-stream")
			s.api.ServeHTTP(w, request)
			require.Equal(t, 3, strings.Count(w.String(), ": ping\n\n"), w.String())
			require.Len(t, w.deadline, 4, "the opening and three pings")
			for _, d := range w.deadline {
				require.Equal(t, 10*time.Second, d)
			}
		})
	}
}
