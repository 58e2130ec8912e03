package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// pages are the files of the module that are made of its source, and what makes them.
var pages = map[string]func(root fs.FS) ([]byte, error){
	"docs/events.md":                   events,
	"docs/glossary.md":                 glossary,
	"docs/states.md":                   states,
	"messaging/asyncapi/meanings.json": meanings,
}

func main() {
	if err := write("."); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

// write makes every page of the module in a folder.
func write(root string) error {
	for name, page := range pages {
		text, err := page(os.DirFS(root))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(root, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
