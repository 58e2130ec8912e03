package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// These tests hold what lies in deploy against the program. They stand here because only the program itself can see its flags,
// and they run nothing: there need not be a container engine.

// service is what the tests look at in a service of compose.yaml.
type service struct {
	Image       string
	Build       *struct{ Context, Dockerfile string }
	Hostname    string
	Command     []string
	Environment map[string]string
	Ports       []string
	Volumes     []string
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
	Healthcheck struct{ Test []string }
}

type composition struct {
	Services map[string]service
	Volumes  map[string]any
}

var secret = regexp.MustCompile(`\$\{([A-Z_]+):\?[^}]*\}`)

// compose reads deploy/compose.yaml. The value of each secret is its name.
func compose(t *testing.T) (c composition) {
	text, err := os.ReadFile("../../deploy/compose.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(secret.ReplaceAll(text, []byte("$1")), &c))
	return c
}

// split tells the services that run this program, and others those that it needs.
func (c composition) split() (own, others map[string]service) {
	own, others = map[string]service{}, map[string]service{}
	for name, s := range c.Services {
		if s.Build != nil {
			own[name] = s
		} else {
			others[name] = s
		}
	}
	return own, others
}

func dockerfile(t *testing.T) string {
	text, err := os.ReadFile("../../deploy/Dockerfile")
	require.NoError(t, err)
	return string(text)
}

// found is the only match of a pattern's group.
func found(t *testing.T, pattern, text string) string {
	t.Helper()
	all := regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1)
	require.Len(t, all, 1, pattern)
	return all[0][1]
}

// understood parses a command line as the program does.
func understood(t *testing.T, args []string) cli {
	t.Helper()
	var c cli
	_, err := newParser(&c).Parse(args)
	require.NoError(t, err, args)
	return c
}

func TestCompose_copiesStartWithFlagsAndVariablesThatTheProgramKnows(t *testing.T) {
	c := compose(t)
	own, others := c.split()
	require.Len(t, own, 3)
	require.ElementsMatch(t, []string{"postgres", "rabbitmq", "redis"}, slices.Collect(maps.Keys(others)))
	known := map[string]bool{}
	for _, leaf := range newParser(new(cli)).Model.Leaves(true) {
		for _, f := range leaf.Flags {
			for _, name := range f.Envs {
				known[name] = true
			}
		}
	}
	port := found(t, `(?m)^EXPOSE (\d+)$`, dockerfile(t))
	for name, s := range own {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, "deploy/Dockerfile", s.Build.Dockerfile)
			for variable, value := range s.Environment {
				require.True(t, known[variable], variable)
				t.Setenv(variable, value)
			}
			started := understood(t, s.Command)
			require.Equal(t, "0.0.0.0:"+port, started.Addr)
			require.True(t, started.Serve.Insecure, "serve refuses to start without")
			require.Equal(t, s.Environment["ORDERMILL_STORE"], started.Serve.Store)
			require.Equal(t, s.Environment["ORDERMILL_AMQP"], started.Serve.AMQP)
			require.Equal(t, s.Environment["ORDERMILL_REDIS"], started.Serve.Redis)

			asked := s.Healthcheck.Test
			require.Equal(t, "CMD", asked[0], "there is no shell in the image")
			require.Equal(t, found(t, `(?m)^ENTRYPOINT \["(.+)"\]$`, dockerfile(t)), asked[1])
			require.Equal(t, "127.0.0.1:"+port, understood(t, asked[2:]).Addr)
		})
	}
}

func TestCompose_copiesFindTheServersWithTheirOwnPasswords(t *testing.T) {
	own, others := compose(t).split()
	servers := map[string]struct{ host, port, password string }{
		"ORDERMILL_STORE": {"postgres", "5432", others["postgres"].Environment["POSTGRES_PASSWORD"]},
		"ORDERMILL_AMQP":  {"rabbitmq", "5672", others["rabbitmq"].Environment["RABBITMQ_DEFAULT_PASS"]},
		"ORDERMILL_REDIS": {"redis", "6379", others["redis"].Environment["REDISCLI_AUTH"]},
	}
	for name, s := range own {
		for variable, server := range servers {
			address, err := url.Parse(s.Environment[variable])
			require.NoError(t, err)
			password, _ := address.User.Password()
			require.NotEmpty(t, server.password)
			require.Equal(t, server.host+":"+server.port+" "+server.password, address.Host+" "+password, "%s of %s", variable, name)
			require.Equal(t, "service_healthy", s.DependsOn[server.host].Condition)
			require.NotEmpty(t, others[server.host].Healthcheck.Test)
		}
		store, err := url.Parse(s.Environment["ORDERMILL_STORE"])
		require.NoError(t, err)
		require.Equal(t, others["postgres"].Environment["POSTGRES_USER"], store.User.Username())
		require.Equal(t, "/"+others["postgres"].Environment["POSTGRES_DB"], store.Path)
	}
	require.Contains(t, others["redis"].Command, others["redis"].Environment["REDISCLI_AUTH"])
	require.NotEmpty(t, others["rabbitmq"].Hostname, "a node finds its data by its host's name")

	example, err := os.ReadFile("../../deploy/env.example")
	require.NoError(t, err)
	text, err := os.ReadFile("../../deploy/compose.yaml")
	require.NoError(t, err)
	for _, name := range secret.FindAllStringSubmatch(string(text), -1) {
		require.Regexp(t, `(?m)^`+name[1]+`=$`, string(example))
	}
}

func TestCompose_portsAreOnLoopbackOnly_andDataIsKept(t *testing.T) {
	c := compose(t)
	port := found(t, `(?m)^EXPOSE (\d+)$`, dockerfile(t))
	taken := map[string]bool{}
	own, others := c.split()
	for name, s := range c.Services {
		for _, binding := range s.Ports {
			parts := strings.Split(binding, ":")
			require.Len(t, parts, 3, binding)
			require.Equal(t, "127.0.0.1", parts[0], binding)
			require.False(t, taken[parts[1]], binding)
			taken[parts[1]] = true
			if _, ours := own[name]; ours {
				require.Equal(t, port, parts[2], binding)
			}
		}
	}
	for name, s := range own {
		require.Len(t, s.Ports, 1, name)
	}
	for name, s := range others {
		require.Len(t, s.Volumes, 1, name)
		volume, _, _ := strings.Cut(s.Volumes[0], ":")
		require.Contains(t, c.Volumes, volume)
	}
}

func TestDockerfile_buildsThisModuleWithItsGoAndItsVersion(t *testing.T) {
	text := dockerfile(t)
	module, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	require.Equal(t, found(t, `(?m)^go (\d+\.\d+)`, string(module)), found(t, `(?m)^FROM golang:(\S+) AS build$`, text))
	require.Contains(t, text, "RUN CGO_ENABLED=0 go build ")
	require.Regexp(t, `(?m)^USER [1-9][0-9]*:[1-9][0-9]*$`, text, "not root, and by number: there is no /etc/passwd")
	require.Equal(t, "/"+newParser(new(cli)).Model.Name, found(t, `(?m)^ENTRYPOINT \["(.+)"\]$`, text))
	require.DirExists(t, path.Join("../..", found(t, `(?m)^RUN CGO.* (\./\S+)$`, text)))

	stamped := found(t, `-X ordermill/app\.(\w+)=\$\{VERSION\}`, text)
	file, err := parser.ParseFile(token.NewFileSet(), "../../app/version.go", nil, 0)
	require.NoError(t, err)
	declared := file.Scope.Lookup(stamped)
	require.NotNil(t, declared, stamped)
	require.Empty(t, declared.Decl.(*ast.ValueSpec).Values, "the linker sets no variable that has a value")
}
