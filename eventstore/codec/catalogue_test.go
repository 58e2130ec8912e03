package codec_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore/codec"
)

// The catalogue for people has every event, with its golden file as the sample, and no other.
func TestCatalogue_hasEveryEventAndItsSample(t *testing.T) {
	page, err := os.ReadFile("../../docs/events.md")
	require.NoError(t, err)
	for _, kind := range codec.Types() {
		sample, err := os.ReadFile(golden(kind.Name, kind.Reads))
		require.NoError(t, err)
		row := fmt.Sprintf("\n| `%s` | ", kind.Name)
		_, after, found := strings.Cut(string(page), row)
		require.True(t, found, "docs/events.md has no row for %s", kind.Name)
		line, _, _ := strings.Cut(after, "\n")
		require.Contains(t, line, "`"+string(bytes.TrimSpace(sample))+"`", kind.Name)
	}
	require.Equal(t, len(codec.Types()), strings.Count(string(page), "\n| `"))
}
