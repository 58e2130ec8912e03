package codec

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write down what this release reads")

// released is a line for each name and version that the last release reads, from its first to its newest. It is written when there is
// a release (see CONTRIBUTING.md), and never between two.
const released = "testdata/released.txt"

func TestReleased_isStillRead_andNothingElseIsWritten(t *testing.T) {
	if *update {
		var list bytes.Buffer
		for _, row := range table {
			for i, s := range row.shapes {
				fmt.Fprintf(&list, "%s %d\n", s.name, i+1)
			}
		}
		require.NoError(t, os.WriteFile(released, list.Bytes(), 0o644))
	}
	text, err := os.ReadFile(released)
	require.NoError(t, err)
	read := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		read[line] = true
		var name string
		var version int
		_, err := fmt.Sscan(line, &name, &version)
		require.NoError(t, err, line)
		row, ok := shop.stored[name]
		require.True(t, ok && version <= row.Reads && row.shapes[version-1].name == name,
			"%s stands in logs: the last release read it, so this one has to", line)
	}
	for _, row := range table {
		if row.Version == 0 {
			continue
		}
		line := fmt.Sprintf("%s %d", row.shapes[row.Version-1].name, row.Version)
		require.True(t, read[line], "%s: while two releases run side by side, the older one would stop at it. "+
			"Let this release only read it (unwritten, or writing the version before), and write it in the next", line)
	}
}
