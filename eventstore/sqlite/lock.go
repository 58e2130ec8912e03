package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrInUse means that another process (or another Database of this one) works on the folder.
var ErrInUse = errors.New("the data folder is in use by another process")

// lockFolder keeps other processes out of the folder until the returned file is closed.
func lockFolder(dir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	taken, err := tryLock(file)
	if err == nil && !taken {
		err = fmt.Errorf("%w: %s; stop the other one or name another folder", ErrInUse, dir)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}
