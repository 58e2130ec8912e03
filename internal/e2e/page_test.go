package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// page is a page of documentation whose commands are run: its blocks marked sh, in their order, in a folder of their own. A block
// that is "ordermill dev" or "ordermill serve" starts a copy, on a port of its own; other blocks reach it by the address that
// the page gives it.
type page struct {
	t      *testing.T
	blocks []block // those that have not been run
	dir    string
	env    map[string]string
	shops  map[string]*process // by the address on the page
}

// block is commands, and the answer that stands below them, if the page shows it.
type block struct{ section, commands, answer string }

var (
	fenced   = regexp.MustCompile("(?s)```(sh|json)\n(.*?)```")
	server   = regexp.MustCompile(`^ordermill (dev|serve)\b`)
	addrFlag = regexp.MustCompile(`--addr (\S+)`)
)

// usualAddr is where a shop is if a page does not say.
const usualAddr = "127.0.0.1:8080"

func openPage(t *testing.T, path string) *page {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	p := &page{t: t, dir: t.TempDir(), env: map[string]string{}, shops: map[string]*process{}}
	_ = command(t) // builds the program, or skips
	p.set("PATH", buildFolder+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, section := range strings.Split(string(text), "\n## ")[1:] {
		title, _, _ := strings.Cut(section, "\n")
		for _, found := range fenced.FindAllStringSubmatch(section, -1) {
			if found[1] == "sh" {
				p.blocks = append(p.blocks, block{section: title, commands: found[2]})
			} else if n := len(p.blocks); n > 0 && p.blocks[n-1].section == title {
				p.blocks[n-1].answer = found[2]
			}
		}
	}
	return p
}

// set gives the commands a variable.
func (p *page) set(name, value string) { p.env[name] = value }

// at is a copy that something else than the page's own commands has started.
func (p *page) at(addr string, shop *process) *process {
	p.shops[addr] = shop
	return shop
}

// run runs the blocks of the next section that has any, which must be the one named. after, if not nil, is told what each printed.
func (p *page) run(section string, after func(b block, out string)) (out string) {
	p.t.Helper()
	require.NotEmpty(p.t, p.blocks, "the page has no section %s", section)
	require.Equal(p.t, section, p.blocks[0].section, "sections are run in the page's order, and none is left out")
	for len(p.blocks) > 0 && p.blocks[0].section == section {
		b := p.blocks[0]
		p.blocks = p.blocks[1:]
		if server.MatchString(b.commands) {
			p.start(b.commands)
			continue
		}
		text := b.commands
		for addr, shop := range p.shops {
			text = strings.ReplaceAll(text, addr, strings.TrimPrefix(shop.url, "http://"))
		}
		printed, err := p.shell(text).CombinedOutput()
		require.NoError(p.t, err, "%s%s", b.commands, printed)
		out += string(printed)
		if after != nil {
			after(b, string(printed))
		}
	}
	return out
}

// start runs a block that is a server. Nobody may be at its address.
func (p *page) start(commands string) {
	p.t.Helper()
	addr := usualAddr
	if found := addrFlag.FindStringSubmatch(commands); found != nil {
		addr = found[1]
		commands = strings.Replace(commands, found[0], "", 1)
	}
	require.False(p.t, p.shops[addr].running(), "somebody listens on %s", addr)
	p.at(addr, start(p.t, p.shell("exec "+strings.TrimSpace(commands)+" "+strings.Join(anywhere(), " "))))
}

func (p *page) shell(commands string) *exec.Cmd {
	cmd := exec.CommandContext(p.t.Context(), "sh", "-ec", commands)
	cmd.Dir, cmd.Env = p.dir, os.Environ()
	for name, value := range p.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// path is a file in the folder where the commands run.
func (p *page) path(name string) string { return filepath.Join(p.dir, name) }

// finish demands that no block was left out.
func (p *page) finish() {
	p.t.Helper()
	require.Empty(p.t, p.blocks, "blocks that were not run")
}
