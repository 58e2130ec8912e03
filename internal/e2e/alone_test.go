package e2e_test

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/internal/services"
)

// Most of these tests wait most of the time: for leases that run out, for deadlines, for polls. So a test begins with t.Parallel()
// and has a database, a virtual host and a data folder of its own, and a server of its own if it does something to it. The tests
// named here have the machine to themselves, and this is why. go test runs them first, one after the other.
var alone = map[string]string{
	"TestBrokers_awayOrFull_commandsDoNotWait":                              "measures how long a command takes, and how soon it is shown",
	"TestFrozenCopy_underLoad_theOtherTakesOver_andTheThawedOneCannotWrite": "demands a takeover in time, under load",
	"TestFrozenInTheMiddleOfItsTransaction_othersGoOn_andItWritesNothing":   "demands a takeover in time, under load",
	"TestIdentical_1000AtOnce_haveOneEffect":                                "sends so much at once that nobody beside it would be served in time",
	"TestOwnerKilledOrFrozen_anotherTakesOverInTime":                        "demands a takeover in time, under load",
	"TestRolesSplitOverProcesses_twoLettersSettleAnOrder":                   "measures how soon an order is settled and shown",
	"TestRollingRestart_underLoad_nobodyElseFails_nothingHappensTwice":      "demands that leases are handed over at once, under load",
	"TestTwoCopies_everyConsumerHasOneOwner_theOtherTakesOverWhenItStops":   "demands that no living copy loses a lease, and a takeover in time",
}

// besideEachOther is how many tests run at once unless -parallel says it: they wait more than they compute, but not only. With the
// race detector, which is what short tests are for, they compute several times as much.
const (
	besideEachOther      = "5"
	besideEachOtherShort = "3"
)

// runBeside sets that. It comes before any test.
func runBeside() error {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	switch {
	case given:
		return nil
	case os.Getenv(services.AMQPURL) != "" && os.Getenv(services.AMQPNode) == "":
		return flag.Set("test.parallel", "1") // a broker of the developer's own has one virtual host for all
	case testing.Short():
		return flag.Set("test.parallel", besideEachOtherShort)
	default:
		return flag.Set("test.parallel", besideEachOther)
	}
}

func TestEveryTest_runsBesideOthers_orHasAReasonNotTo(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*_test.go") // whatever they are built for
	require.NoError(t, err)
	unseen := maps.Clone(alone)
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, declared := range file.Decls {
			f, is := declared.(*ast.FuncDecl)
			if !is || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") || f.Name.Name == "TestMain" {
				continue
			}
			_, is = alone[f.Name.Name]
			require.NotEqual(t, is, beginsParallel(f), "%s begins with t.Parallel(), or alone says why not", f.Name.Name)
			delete(unseen, f.Name.Name)
		}
	}
	require.Empty(t, slices.Collect(maps.Keys(unseen)), "there are no such tests")
}

// beginsParallel reports whether a test's first statement is t.Parallel().
func beginsParallel(test *ast.FuncDecl) bool {
	if len(test.Body.List) == 0 {
		return false
	}
	statement, is := test.Body.List[0].(*ast.ExprStmt)
	if !is {
		return false
	}
	call, is := statement.X.(*ast.CallExpr)
	if !is {
		return false
	}
	called, is := call.Fun.(*ast.SelectorExpr)
	return is && called.Sel.Name == "Parallel" && len(call.Args) == 0
}
