package archtest

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestImports_followTheTable(t *testing.T) {
	graph, err := readSource(os.DirFS("../.."))
	require.NoError(t, err)
	require.Contains(t, graph, "eventstore", "the module's source was not found")
	for _, line := range check(graph) {
		t.Error(line)
	}
}

func TestRows_everyOneWithAReason(t *testing.T) {
	for _, r := range rows {
		require.NotEmpty(t, r.reason, r.folder)
	}
	for _, h := range homes {
		require.NotEmpty(t, h.reason, h.module)
	}
}

func TestCheck_findsWhatIsForbidden(t *testing.T) {
	tests := map[string]struct {
		folder, imported string
		problem          string // "": allowed
	}{
		"arrow the wrong way":                 {"eventstore", "ordermill/app", "the log is a library"},
		"arrow the right way":                 {"app", "ordermill/eventstore", ""},
		"streams that are decided apart":      {"domain/order", "ordermill/domain/payment", "never know each other"},
		"where they meet":                     {"domain/checkout", "ordermill/domain/payment", ""},
		"transport to transport":              {"messaging/amqp", "ordermill/messaging/redisstream", "never know each other"},
		"read model to read model":            {"projections/orders", "ordermill/projections/payments", "never knows a command or another read model"},
		"read model to its runtime":           {"projections/orders", "ordermill/projections", ""},
		"core to adapter":                     {"app", "ordermill/app/smtp", "without a transport"},
		"client to server":                    {"api/client", "ordermill/api", "a client knows what any client knows"},
		"clock in the domain":                 {"domain/order", "time", "times, ids and prices arrive inside commands"},
		"context in the domain":               {"domain/order", "context", "times, ids and prices"},
		"chance in the domain":                {"domain/order", "math/rand/v2", "times, ids and prices"},
		"clock elsewhere":                     {"app", "time", ""},
		"ids in the domain":                   {"domain/order", "github.com/google/uuid", "arrive inside commands"},
		"name keys in the domain":             {"domain/product", "golang.org/x/text/cases", ""},
		"broker client outside messaging":     {"app", "github.com/redis/go-redis/v9", "brokers carry copies"},
		"broker client in messaging":          {"messaging/redisstream", "github.com/redis/go-redis/v9", ""},
		"HTTP outside api":                    {"app", "github.com/gin-gonic/gin", "HTTP ends at the REST surface"},
		"HTTP in the client":                  {"api/client", "github.com/gin-gonic/gin", "HTTP ends at the REST surface"},
		"command line outside cmd":            {"internal/program", "github.com/alecthomas/kong", "the command line ends at cmd"},
		"pgx outside its homes":               {"eventstore/subscription", "github.com/jackc/pgx/v5", "database/sql serves both"},
		"pgx at home":                         {"eventstore/postgres", "github.com/jackc/pgx/v5/pgxpool", ""},
		"module nobody placed":                {"app", "github.com/example/new", "add it to homes"},
		"module whose name only begins alike": {"messaging", "github.com/rabbitmq/amqp091-gone", "add it to homes"},
		"folder nobody placed":                {"internal/new", "fmt", "internal/new has no row"},
		"folder below a placed one":           {"messaging/amqp/deep", "fmt", "has no row"},
		"test helpers in production":          {"cmd/ordermill", "ordermill/internal/services", "stay out of production binaries"},
		"suite in production":                 {"internal/program", "ordermill/eventstore/storetest", "stay out of production binaries"},
		"testing in production":               {"app", "testing", "stay out of production binaries"},
		"testing in a suite":                  {"eventstore/storetest", "testing", ""},
		"test tool in production":             {"app", "github.com/stretchr/testify/require", "a tool of tests"},
		"test tool in a suite":                {"eventstore/storetest", "github.com/stretchr/testify/require", ""},
		"an example that is no outsider":      {"examples/go", "ordermill/messaging", "nothing of ours"},
		"an example with a broker's client":   {"examples/go", "github.com/rabbitmq/amqp091-go", ""},
		"description of a transport":          {"messaging/asyncapi", "ordermill/messaging/amqp", "it sends nothing"},
		"wiring":                              {"internal/program", "ordermill/messaging/amqp", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			found := check(map[string][]string{test.folder: {test.imported}})
			if test.problem == "" {
				require.Empty(t, found)
				return
			}
			require.Len(t, found, 1)
			require.Contains(t, found[0], test.problem)
		})
	}
}

func TestReadSource_takesEveryFileButTests(t *testing.T) {
	graph, err := readSource(fstest.MapFS{
		"app/app.go":                {Data: []byte("package app\nimport \"fmt\"")},
		"app/app_windows.go":        {Data: []byte("//go:build windows\n\npackage app\nimport (\"os\"; \"fmt\")")},
		"app/app_test.go":           {Data: []byte("package app\nimport \"testing\"")},
		"app/testdata/x.go":         {Data: []byte("package x\nimport \"net\"")},
		".hidden/x.go":              {Data: []byte("package x\nimport \"net\"")},
		"domain/decider/nothing.go": {Data: []byte("package decider")},
	})
	require.NoError(t, err)
	require.Equal(t, map[string][]string{"app": {"fmt", "os"}, "domain/decider": nil}, graph)
}

func TestReadSource_brokenFile_isAnError(t *testing.T) {
	_, err := readSource(fstest.MapFS{"app/app.go": {Data: []byte("package")}})
	require.Error(t, err)
}
