package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"ordermill/app"
)

var update = flag.Bool("update", false, "write docs/configuration.md instead of comparing with it")

//go:embed testdata/configuration.tmpl
var configurationTemplate string

const configurationPage = "../../docs/configuration.md"

// TestConfigurationPage holds docs/configuration.md against the command line, the exit codes and the timers. It stands here
// because only the program itself can see its flags; `make generate` runs it with -update.
func TestConfigurationPage(t *testing.T) {
	page := configuration(t)
	if *update {
		require.NoError(t, os.WriteFile(configurationPage, page, 0o644))
	}
	committed, err := os.ReadFile(configurationPage)
	require.NoError(t, err)
	require.Equal(t, string(page), string(committed), "docs/configuration.md is stale: make generate")
}

func configuration(t *testing.T) []byte {
	root := newParser(new(cli)).Model.Node
	data := struct {
		Everywhere []*kong.Flag
		Commands   []*kong.Node
		Exit       []string
		Timers     []timer
	}{ownFlags(root), root.Leaves(true), exitMeanings[:], timers(t)}
	page, err := template.New("").Funcs(template.FuncMap{"flags": ownFlags, "written": written, "argument": argument, "usual": usual}).Parse(configurationTemplate)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, page.Execute(&b, data))
	return b.Bytes()
}

// ownFlags are a command's flags without those that every command has.
func ownFlags(n *kong.Node) []*kong.Flag {
	return slices.DeleteFunc(slices.Clone(n.Flags), func(f *kong.Flag) bool { return f.Name == "help" })
}

// written is a flag as it is typed.
func written(f *kong.Flag) string {
	text := "--" + f.Name
	if !f.IsBool() {
		text += " " + f.FormatPlaceHolder()
	}
	if f.Short != 0 {
		text = fmt.Sprintf("-%c, %s", f.Short, text)
	}
	return inTable(text)
}

// argument is what stands on the command line without a flag, as the help writes it.
func argument(p *kong.Positional) string {
	return inTable(cmp.Or(p.Tag.PlaceHolder, strings.ToUpper(p.Name)))
}

// inTable keeps a bar from beginning the next cell.
func inTable(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// usual is what a flag is when nobody says anything.
func usual(f *kong.Flag) string {
	switch {
	case f.Required:
		return "must be given" + instead(f)
	case f.HasDefault:
		return "`" + f.Default + "`"
	case f.IsBool():
		return "no"
	}
	return "none" + instead(f)
}

// instead names the variable that is read where the flag is not given.
func instead(f *kong.Flag) string {
	if len(f.Envs) == 0 {
		return ""
	}
	return ", or `" + strings.Join(f.Envs, "`, `") + "`"
}

type timer struct{ Name, Usually, Meaning string }

// timers are the members of app.Timing with what their comments say.
func timers(t *testing.T) (all []timer) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../app/checkout.go", nil, parser.ParseComments)
	require.NoError(t, err)
	defaults := reflect.ValueOf(app.DefaultTiming)
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != "Timing" {
			return true
		}
		for _, field := range spec.Type.(*ast.StructType).Fields.List {
			comment := field.Comment
			if comment == nil {
				comment = field.Doc
			}
			require.NotNil(t, comment, field.Names[0].Name)
			name := field.Names[0].Name
			value := defaults.FieldByName(name).Interface().(time.Duration)
			meaning := strings.TrimPrefix(strings.Join(strings.Fields(comment.Text()), " "), name+" is ")
			all = append(all, timer{name, short(value), strings.TrimSuffix(meaning, ".")})
		}
		return false
	})
	require.Len(t, all, defaults.NumField())
	return all
}

// short is a duration without the units that are 0.
func short(d time.Duration) string {
	text := strings.TrimSuffix(d.String(), "0s")
	return strings.TrimSuffix(text, "0m")
}

// Every variable that any source file names stands on the page, and no other.
func TestConfigurationPage_environment(t *testing.T) {
	variable := regexp.MustCompile(`ORDERMILL_[A-Z_]+`)
	named := map[string]bool{}
	require.NoError(t, filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, name := range variable.FindAllString(string(text), -1) {
			named[name] = true
		}
		return err
	}))
	delete(named, "ORDERMILL_")
	page, err := os.ReadFile(configurationPage)
	require.NoError(t, err)
	onPage := map[string]bool{}
	for _, name := range variable.FindAllString(string(page), -1) {
		onPage[name] = true
	}
	require.Equal(t, named, onPage)
}
