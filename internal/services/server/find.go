package server

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// debianPackages lists, one per line, what `make test` needs beside Go. Scripts read the same file.
//
//go:embed debian-packages
var debianPackages string

// find returns the program's path: the newest match of the places where Debian keeps it out of PATH, else from PATH.
func find(program string, places ...string) (string, error) {
	for _, place := range places {
		if matches, _ := filepath.Glob(filepath.Join(place, program)); len(matches) > 0 {
			return matches[len(matches)-1], nil
		}
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("%s is not installed; on Debian this installs all that the tests need:\n\t%s",
			program, aptLine(os.Geteuid() == 0))
	}
	return path, nil
}

func aptLine(root bool) string {
	line := "apt-get install -y --no-install-recommends " + strings.Join(strings.Fields(debianPackages), " ")
	if !root {
		line = "sudo " + line
	}
	return line
}
