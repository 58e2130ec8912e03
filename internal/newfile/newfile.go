package newfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Make makes a file for its owner alone. fill gets the absolute name of an empty file beside it, which gets the file's name when fill
// returns nil and its content is on disk; otherwise nothing stays. A name that is taken is an error (fs.ErrExist), and what has it
// stays as it is; it is looked at before fill runs, and again after.
func Make(file string, fill func(partial string) error) (err error) {
	if file, err = filepath.Abs(file); err != nil {
		return err
	}
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("%s: %w", file, fs.ErrExist)
	}
	partial, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*.partial")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, Remove(partial.Name())) }()
	if err := partial.Close(); err != nil {
		return err
	}
	if err := fill(partial.Name()); err != nil {
		return err
	}
	if err := onDisk(partial.Name()); err != nil {
		return err
	}
	return name(partial.Name(), file)
}

// Remove removes a file that may be gone.
func Remove(name string) error {
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// name gives a file its name for good, unless the name is taken. (A hard link would say the same in one step, but not every disk
// has them.)
func name(partial, file string) error {
	mine, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(mine.Close(), os.Rename(partial, file)); err != nil {
		return errors.Join(err, Remove(file))
	}
	return syncFolder(filepath.Dir(file))
}

// onDisk returns when a file's content is there to stay.
func onDisk(name string) error {
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
