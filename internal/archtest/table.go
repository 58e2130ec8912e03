package archtest

// row says which of our folders one folder may import. In may, "x/..." is x and everything below it. A folder's own row
// goes before one with a pattern, "x/*", which is any folder right below x.
type row struct {
	folder string
	may    []string
	reason string
}

const (
	domainAlone = "rules are pure and know only rules; streams that are decided apart never know each other"
	driversOnly = "a driver is one database's way to do what eventstore defines"
	readsAlone  = "a read model is a fold over the log; it never knows a command or another read model"
	wiring      = "wiring knows everything, so that nothing else has to"
)

// rows is the table. A new folder needs a row here and its reason in ARCHITECTURE.md.
var rows = []row{
	{"domain/decider", nil, domainAlone},
	{"domain/money", []string{"domain/decider"}, domainAlone},
	{"domain/product", []string{"domain/decider", "domain/money"}, domainAlone},
	{"domain/inventory", []string{"domain/decider", "domain/money"}, domainAlone},
	{"domain/order", []string{"domain/decider", "domain/money"}, domainAlone},
	{"domain/payment", []string{"domain/decider", "domain/money"}, domainAlone},
	{"domain/checkout", []string{"domain/decider", "domain/money", "domain/order", "domain/payment", "domain/inventory"},
		"the process manager is the one place where order, payment and inventory meet"},
	{"domain/domaintest", []string{"domain/decider"}, "Given, When, Then work for every decider alike"},

	{"eventstore", []string{"internal/crashpoint"}, "the log is a library: it stores bytes and versions and knows no shop"},
	{"eventstore/codec", []string{"eventstore", "domain/..."}, "the one place where stored names meet the domain's events"},
	{"eventstore/sqlite", []string{"eventstore", "migrations", "internal/newfile"}, driversOnly},
	{"eventstore/postgres", []string{"eventstore", "migrations"}, driversOnly},
	{"eventstore/storetest", []string{"eventstore"}, "a suite that knows a driver cannot judge the other one"},
	{"eventstore/subscription", []string{"eventstore", "internal/crashpoint"}, "consumers follow the log, whatever they do with it"},

	{"app", []string{"domain/...", "eventstore", "eventstore/codec", "eventstore/subscription", "internal/strictjson", "internal/crashpoint"},
		"commands are decided without a transport, a broker or a read model in sight"},
	{"app/*", []string{"app", "domain/...", "eventstore"}, "an adapter serves a port of app; app never knows which one"},

	{"messaging", []string{"eventstore", "eventstore/subscription", "internal/crashpoint"}, "copies of the log travel; what they mean is not messaging's business"},
	{"messaging/messagingtest", []string{"messaging", "eventstore", "eventstore/subscription"}, "one suite judges every transport"},
	{"messaging/asyncapi", []string{"messaging", "eventstore", "eventstore/subscription", "eventstore/codec", "domain/..."},
		"it describes what travels: the wire format is messaging's, what is in it the codec's; it sends nothing"},
	{"messaging/asyncapi/asyncapitest", []string{"messaging/asyncapi"}, "it knows of a document what stands in it"},
	{"messaging/*", []string{"messaging", "eventstore", "eventstore/subscription"}, "transports never know each other"},

	{"projections", []string{"eventstore", "eventstore/codec", "eventstore/subscription", "domain/...", "internal/jsondiff"}, readsAlone},
	{"projections/*", []string{"projections", "eventstore", "eventstore/codec", "eventstore/subscription", "domain/..."}, readsAlone},

	{"history", []string{"eventstore", "eventstore/codec", "domain/..."}, "what happened is told by the streams alone: no read model, no command, no consumer"},

	{"api", []string{"api/v1", "app/...", "history", "projections/...", "eventstore", "eventstore/subscription", "domain/...", "internal/strictjson", "internal/jsondiff"},
		"the REST surface asks app and read models; it decides nothing and reaches no database or broker itself"},
	{"api/v1", nil, "what travels is a promise of its own, not a view of our types"},
	{"api/client", []string{"api/v1"}, "a client knows what any client knows"},

	{"migrations", nil, "SQL alone"},
	{"examples/*", nil, "an outsider has the brokers and the document that describes them, and nothing of ours"},
	{"cmd/ordermill", []string{"..."}, wiring},
	{"internal/program", []string{"..."}, wiring},
	{"internal/demo", []string{"..."}, wiring},
	{"internal/bench", []string{"..."}, wiring},
	{"internal/e2e", []string{"..."}, wiring},
	{"internal/reference", []string{"eventstore/codec", "domain/..."}, "it describes the code from its source and by exploring the rules, which are pure"},
	{"internal/transfer", []string{"eventstore", "migrations"}, "a shop moves as rows of tables: what they mean is nothing to a removal"},
	{"internal/strictjson", nil, "a scanner of bytes"},
	{"internal/newfile", nil, "a file appears whole or not at all, whatever is in it"},
	{"internal/jsondiff", nil, "a comparison of bytes"},
	{"internal/crashpoint", nil, "names of durable steps, and nothing else in a build that is released"},
	{"internal/archtest", nil, "it reads source, it runs nothing"},
	{"internal/services", []string{"internal/services/server"}, "real servers know nothing of who uses them"},
	{"internal/services/server", nil, "real servers know nothing of who uses them"},
	{"internal/services/stack", []string{"internal/services/server"}, "it runs the built program as any user does, by its flags and its environment"},
	{"internal/services/withservers", []string{"internal/services", "internal/services/server"}, "real servers know nothing of who uses them"},
}

// testOnly are folders that no production folder may import, "..." or not; neither may it import a folder whose name ends
// in "test", testing itself or a module whose home is tests.
var testOnly = []string{"internal/archtest", "internal/bench", "internal/e2e", "internal/services/..."}

// home says where a third-party module may be imported, by the longest matching prefix.
type home struct {
	module string
	may    []string
	reason string
}

const (
	brokers   = "brokers carry copies; their clients stay where copies are made and taken in"
	inTests   = "a tool of tests"
	httpOnly  = "HTTP ends at the REST surface"
	pgxDirect = "database/sql serves both databases; pgx itself is for what only PostgreSQL has"
)

// homes names every third-party module in use. Folders marked testOnly, and those that end in "test", are free.
var homes = []home{
	{"github.com/ThreeDotsLabs", []string{"messaging/..."}, brokers},
	{"github.com/rabbitmq/amqp091-go", []string{"messaging/...", "examples/..."}, brokers},
	{"github.com/redis/go-redis", []string{"messaging/..."}, brokers},
	{"github.com/gin-gonic/gin", []string{"api"}, httpOnly},
	{"github.com/danielgtaylor/huma", []string{"api"}, httpOnly},
	{"github.com/swaggo/files", []string{"api"}, httpOnly},
	{"github.com/alecthomas/kong", []string{"cmd/..."}, "the command line ends at cmd"},
	{"github.com/schollz/progressbar", []string{"cmd/..."}, "the terminal ends at cmd"},
	{"golang.org/x/term", []string{"cmd/..."}, "the terminal ends at cmd"},
	{"github.com/jackc/pgx", []string{"eventstore/postgres", "migrations", "projections", "internal/..."}, pgxDirect},
	{"modernc.org/sqlite", []string{"eventstore/sqlite", "internal/..."}, "one driver owns SQLite's settings"},
	{"github.com/pressly/goose", []string{"migrations"}, "schemas change in one place"},
	{"golang.org/x/text", []string{"domain/..."}, "name keys are folded where names are rules"},
	{"github.com/google/uuid", outsideDomain, "ids are made outside the domain and arrive inside commands"},
	{"golang.org/x/sync", outsideDomain, "the domain is not concurrent"},
	{"golang.org/x/sys", []string{"eventstore/sqlite", "cmd/...", "internal/..."}, "the operating system is met by files and processes"},
	{"github.com/stretchr/testify", nil, inTests},
	{"github.com/google/go-cmp", nil, inTests},
	{"pgregory.net/rapid", nil, inTests},
	{"go.uber.org/goleak", nil, inTests},
	{"github.com/Shopify/toxiproxy", nil, inTests},
	{"github.com/rogpeppe/go-internal", nil, inTests},
	{"github.com/getkin/kin-openapi", nil, inTests},
	{"github.com/santhosh-tekuri/jsonschema", nil, inTests},
}

var outsideDomain = []string{"api/...", "app/...", "cmd/...", "eventstore/...", "internal/...", "messaging/...", "migrations", "projections/..."}

// pure is what the domain may import of the standard library: nothing that knows a clock, chance, a file, the network or
// another goroutine.
var pure = []string{"bytes", "cmp", "crypto/sha256", "encoding/hex", "encoding/json", "errors", "fmt", "iter", "maps", "math", "math/bits",
	"regexp", "slices", "sort", "strconv", "strings", "unicode", "unicode/utf8"}

const pureReason = "a decision must come out the same whenever and wherever it is made; times, ids and prices arrive inside commands"
