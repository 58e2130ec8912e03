package eventstore

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// streamPattern says what a stream's name is; the code does it faster.
var streamPattern = regexp.MustCompile(`^([a-z_]+)-([A-Za-z0-9._:-]{1,64})$`)

func FuzzSplitStream_isThePattern(f *testing.F) {
	for _, stream := range []string{
		"", "-", "order", "order-", "-1", "order-1", "Order-1", "or.der-1", "order_x-a-b", "order-a b", "order-1\n", "order-\x00", "order-é", "é-1",
		"order-" + strings.Repeat("x", 64), "order-" + strings.Repeat("x", 65), "order-aZ09._:-", "o`-1", "o{-1", "order-/", "order-;", "order-@", "order-[",
	} {
		f.Add(stream)
	}
	f.Fuzz(func(t *testing.T, stream string) {
		category, id, err := SplitStream(stream)
		parts := streamPattern.FindStringSubmatch(stream)
		if parts == nil {
			require.ErrorIs(t, err, ErrInvalid, "%q", stream)
			return
		}
		require.NoError(t, err, "%q", stream)
		require.Equal(t, parts[1:], []string{category, id})
		require.True(t, ValidID(id))
		require.Equal(t, stream, Stream(category, id))
	})
}
