package archtest

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

var (
	backquoted = regexp.MustCompile("`([^`]+)`")
	testName   = regexp.MustCompile(`\bTest\w+`)
)

// checkInvariants returns what is wrong with the table of docs/invariants.md: each of I1 to I21 has a row, its command runs
// exactly the row's tests, each of which is in a folder of the command. Tests named in the text are the checkout's.
func checkInvariants(root fs.FS, page string) (wrong []string) {
	found := map[string]bool{}
	for line := range strings.Lines(page) {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
		if len(cells) != 6 || !strings.HasPrefix(cells[1], " I") {
			for _, name := range testName.FindAllString(line, -1) {
				if !hasTest(root, "domain/checkout", name) {
					wrong = append(wrong, name+" is named in the text and is no test of domain/checkout")
				}
			}
			continue
		}
		number, command := strings.TrimSpace(cells[1]), strings.ReplaceAll(strings.Trim(cells[4], " `"), "\x00", "|")
		found[number] = true
		var names, folders []string
		for _, quoted := range backquoted.FindAllStringSubmatch(cells[3], -1) {
			names = append(names, quoted[1])
		}
		for word := range strings.FieldsSeq(command) {
			if folder, ok := strings.CutPrefix(word, "./"); ok {
				folders = append(folders, folder)
			}
		}
		if want := fmt.Sprintf("-run '^(%s)$'", strings.Join(names, "|")); len(names) == 0 || !strings.HasSuffix(command, want) {
			wrong = append(wrong, fmt.Sprintf("%s: the command does not end in %s", number, want))
		}
		for _, name := range names {
			if !slices.ContainsFunc(folders, func(folder string) bool { return hasTest(root, folder, name) }) {
				wrong = append(wrong, fmt.Sprintf("%s: %s is in none of %v", number, name, folders))
			}
		}
	}
	for i := range 21 {
		if number := fmt.Sprint("I", i+1); !found[number] {
			wrong = append(wrong, number+" has no row")
		}
	}
	return wrong
}

// hasTest reports whether a folder's tests declare one of that name.
func hasTest(root fs.FS, folder, name string) bool {
	files, _ := fs.Glob(root, path.Join(folder, "*_test.go"))
	return slices.ContainsFunc(files, func(file string) bool {
		source, err := fs.ReadFile(root, file)
		return err == nil && strings.Contains(string(source), "\nfunc "+name+"(t *testing.T)")
	})
}

func TestInvariantsPage_namesTestsThatExist(t *testing.T) {
	page, err := os.ReadFile("../../docs/invariants.md")
	require.NoError(t, err)
	require.Empty(t, checkInvariants(os.DirFS("../.."), string(page)))
}

func TestInvariantsPage_whatIsMissingIsFound(t *testing.T) {
	root := fstest.MapFS{"a/a_test.go": {Data: []byte("package a\n\nfunc TestA(t *testing.T) {}\n")}}
	var rows strings.Builder
	for i := range 21 {
		fmt.Fprintf(&rows, "| I%d | it holds | `TestA` | `go test ./a -run '^(TestA)$'` |\n", i+1)
	}
	require.Empty(t, checkInvariants(root, rows.String()))
	for name, broken := range map[string]string{
		"no row":             strings.Replace(rows.String(), "| I7 ", "| X7 ", 1),
		"no such test":       strings.ReplaceAll(rows.String(), "TestA", "TestB"),
		"another folder":     strings.ReplaceAll(rows.String(), "./a", "./b"),
		"another command":    strings.ReplaceAll(rows.String(), "^(TestA)$", "^(TestA.*)$"),
		"a name in the text": rows.String() + "`TestGone` holds it.",
	} {
		t.Run(name, func(t *testing.T) { require.NotEmpty(t, checkInvariants(root, broken)) })
	}
}
