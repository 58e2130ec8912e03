package newfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/internal/newfile"
)

// write is a fill that writes a text, and then does something.
func write(text string, then func() error) func(string) error {
	return func(partial string) error {
		return errors.Join(os.WriteFile(partial, []byte(text), 0), then())
	}
}

func holds(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	found := map[string]string{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		found[e.Name()] = string(text)
	}
	require.Equal(t, files, found)
}

func TestMake_isThereWhole_forItsOwnerAlone(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a")
	require.NoError(t, newfile.Make(file, write("all", func() error {
		require.NoFileExists(t, file, "it has its name before it is whole")
		return nil
	})))
	holds(t, dir, map[string]string{"a": "all"})
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestMake_cannotBeFilled_leavesNothing(t *testing.T) {
	dir, full := t.TempDir(), errors.New("the disk is full")
	require.ErrorIs(t, newfile.Make(filepath.Join(dir, "a"), write("hal", func() error { return full })), full)
	holds(t, dir, map[string]string{})
}

// Also one that came while the file was filled.
func TestMake_nameIsTaken_staysAsItIs(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a")
	other := func() error { return os.WriteFile(file, []byte("other"), 0o600) }
	require.ErrorIs(t, newfile.Make(file, write("mine", other)), fs.ErrExist)
	holds(t, dir, map[string]string{"a": "other"})
	require.ErrorIs(t, newfile.Make(file, func(string) error {
		require.Fail(t, "it is filled in vain")
		return nil
	}), fs.ErrExist)
	holds(t, dir, map[string]string{"a": "other"})
}
