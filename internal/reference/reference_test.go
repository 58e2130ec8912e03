package main

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// TestMain leaves everything to the run without the race detector: one goroutine explores the rules here, for a minute if each of its
// steps is watched.
func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		return
	}
	m.Run()
}

func TestPages_areAsGenerated(t *testing.T) {
	for name, page := range pages {
		want, err := page(os.DirFS("../.."))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join("../..", name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s is stale: make generate", name)
	}
}

func TestEvents_commentThatSaysNothing_isAnError(t *testing.T) {
	_, err := events(changed(t, "domain/order/event.go", `package order

// Placed is an event.
type Placed struct{}
`))
	require.ErrorContains(t, err, "Placed")
}

func TestGlossary_wordThatIsNotInTheCode_isAnError(t *testing.T) {
	_, err := glossary(changed(t, "eventstore/checkpoint.go", "package eventstore\n\ntype Bookmark struct{}\n"))
	require.ErrorContains(t, err, "checkpoint: there is no Checkpoint in eventstore/checkpoint.go")
}

// changed is the module's source with another text in one file.
func changed(t *testing.T, name, text string) fs.FS {
	t.Helper()
	root := fstest.MapFS{}
	for _, pattern := range []string{"domain/*/*.go", "eventstore/*.go", "eventstore/*/*.go", "eventstore/codec/testdata/*", "app/*.go"} {
		files, err := fs.Glob(os.DirFS("../.."), pattern)
		require.NoError(t, err)
		for _, file := range files {
			data, err := os.ReadFile(filepath.Join("../..", file))
			require.NoError(t, err)
			root[file] = &fstest.MapFile{Data: data}
		}
	}
	require.Contains(t, root, name)
	root[name] = &fstest.MapFile{Data: []byte(text)}
	return root
}
