package app_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/app"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
)

var update = flag.Bool("update", false, "write what the histories of testdata/states fold to, where the version is new")

// A snapshot is used as long as its version is the program's. So whoever changes what a history folds to raises the version.
func TestState_ofAKnownHistory_changesWithItsVersionOnly(t *testing.T) {
	for category, version := range app.Kept() {
		t.Run(category, func(t *testing.T) {
			state, err := app.State(category, history(t, category), false)
			require.NoError(t, err)
			reread, err := app.State(category, history(t, category), true)
			require.NoError(t, err)
			require.Equal(t, string(state), string(reread), "folded from snapshots")
			path := fmt.Sprintf("testdata/states/%s.v%d.json", category, version)
			want, err := os.ReadFile(path)
			if os.IsNotExist(err) && *update {
				var indented bytes.Buffer
				require.NoError(t, json.Indent(&indented, append(state, '\n'), "", "  "))
				require.NoError(t, os.WriteFile(path, indented.Bytes(), 0o644))
				return
			}
			require.NoError(t, err, "go test ./app -run TestState_ofAKnownHistory -update")
			require.JSONEq(t, string(want), string(state), "snapshots that are there would be wrong: raise the version of %s in kinds.go", category)
		})
	}
}

// history is one of each event at least.
func history(t *testing.T, category string) (records []eventstore.Record) {
	path := "testdata/states/" + category + ".history.json"
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var events []struct {
		Type          string          `json:"type"`
		SchemaVersion int             `json:"schema_version"`
		Data          json.RawMessage `json:"data"`
	}
	require.NoError(t, json.Unmarshal(text, &events))
	missing := map[string]bool{}
	for _, kind := range codec.Types() {
		if kind.Category == category {
			missing[kind.Name] = true
		}
	}
	for i, e := range events {
		delete(missing, e.Type)
		records = append(records, eventstore.Record{Position: int64(i + 1), Stream: category + "-X", Version: int64(i + 1), Type: e.Type,
			SchemaVersion: e.SchemaVersion, Data: e.Data, RecordedAt: time.UnixMilli(int64(1000 + i)).UTC()})
	}
	require.Empty(t, missing, "add them to %s, and raise the version of %s in kinds.go", path, category)
	return records
}
