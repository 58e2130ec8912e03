//go:build unix

package newfile

import (
	"errors"
	"os"
)

// syncFolder returns when the names in a folder are there to stay.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
