package api_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestProblemTable_hasEveryRefusal: a code that the domain or app refuses with has its row, or clients would get "refused".
func TestProblemTable_hasEveryRefusal(t *testing.T) {
	s := newShop(t)
	code := regexp.MustCompile(`(?:[Rr]efuse\(|Refusal\{Code:\s*|&no\{\w+, )"([a-z-]+)"`)
	found := 0
	for _, folder := range []string{"../domain/*", "../app"} {
		files, err := filepath.Glob(folder + "/*.go")
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, match := range code.FindAllSubmatch(source, -1) {
				found++
				require.Equal(t, 200, s.get("/problems/"+string(match[1])).StatusCode, "%s refuses with %s", file, match[1])
			}
		}
	}
	require.Greater(t, found, 30, "refusals are written differently now: look for them anew")
}

// TestProblemTable_hasEveryCode: what clients may match on is explained, and the other way round.
func TestProblemTable_hasEveryCode(t *testing.T) {
	s := newShop(t)
	source, err := os.ReadFile("v1/problem.go")
	require.NoError(t, err)
	codes := regexp.MustCompile(`(?m)^\t\w+ += "([a-z-]+)"$`).FindAllSubmatch(source, -1)
	for _, code := range codes {
		require.Equal(t, 200, s.get("/problems/"+string(code[1])).StatusCode, "%s", code[1])
	}
	require.Equal(t, len(codes), strings.Count(s.get("/problems").text, "<h1>"))
}
