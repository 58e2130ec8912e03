package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"ordermill/internal/demo"
	"ordermill/messaging/asyncapi/asyncapitest"
)

// Whatever carries the events, all stories of the demonstration end as they should, and can be read afterwards. Every event is as
// the AsyncAPI document says.
func TestDemo_allStoriesEndAsTheyShould(t *testing.T) {
	t.Parallel()
	described := asyncapitest.Own(t)
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			config := v.config(t)
			config.Demo = true
			s := open(t, config)
			require.NoError(t, demo.Stock(t.Context(), s.Client, "1", 30))
			told := make([]demo.Told, len(demo.Stories))
			var telling errgroup.Group
			for number := range demo.Stories {
				telling.Go(func() (err error) {
					told[number], err = demo.Tell(t.Context(), s.Client, "1", number)
					return err
				})
			}
			require.NoError(t, telling.Wait())
			for _, story := range told {
				require.True(t, story.OK, "%+v", story)
				timeline, err := s.Timeline(t.Context(), story.OrderID)
				require.NoError(t, err, story.OrderID)
				require.NotEmpty(t, timeline.Items, story.OrderID)
			}
			for _, e := range events(t, s.Client) {
				require.NoError(t, described.Validate("data."+e.Type, e.Data), "outsiders are told otherwise: %s", e.Data)
			}
			balance(t, s.Client)
			s.verified()
		})
	}
}
