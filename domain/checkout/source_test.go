package checkout_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// constants are the values of a package's string constants whose names begin with a prefix, read from its source: a test that
// uses them knows when another is added.
func constants(t *testing.T, folder, prefix string) (values []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(t, err)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, declaration := range file.Decls {
			if group, ok := declaration.(*ast.GenDecl); ok && group.Tok == token.CONST && !strings.HasSuffix(name, "_test.go") {
				values = append(values, constantsOf(t, group, prefix)...)
			}
		}
	}
	require.NotEmpty(t, values, "no constant %s... in %s", prefix, folder)
	return values
}

func constantsOf(t *testing.T, group *ast.GenDecl, prefix string) (values []string) {
	for _, spec := range group.Specs {
		constant := spec.(*ast.ValueSpec)
		for i, name := range constant.Names {
			if !strings.HasPrefix(name.Name, prefix) || strings.HasSuffix(name.Name, "Type") || i >= len(constant.Values) {
				continue
			}
			literal, ok := constant.Values[i].(*ast.BasicLit)
			require.True(t, ok && literal.Kind == token.STRING, name.Name)
			value, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)
			values = append(values, value)
		}
	}
	return values
}

func TestConstants_areReadFromTheSource(t *testing.T) {
	require.ElementsMatch(t, []string{"payment", "retry", "confirm", "unmatched"}, constants(t, ".", "Timer"))
}
