package server

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// guardScript outlives the process that started it: it reads what to end ("+ SIGNAL TARGET", "- TARGET") until its
// standard input closes, which happens when that process ends in any way, kill -9 included. Then it ends what is left
// and removes the folder. A target is a process id, or minus a process group's.
const guardScript = `
trap '' HUP INT TERM
list=
while read -r op a b; do
	case $op in
	+) list="$list $a:$b" ;;
	-) kept=
	   for e in $list; do [ "${e#*:}" = "$a" ] || kept="$kept $e"; done
	   list=$kept ;;
	esac
done
for e in $list; do
	kill -s "${e%%:*}" -- "${e#*:}"
	kill -s CONT -- "${e#*:}"
done
n=0
for e in $list; do
	while kill -s 0 -- "${e#*:}" && [ $n -lt 30 ]; do sleep 0.1; n=$((n+1)); done
	kill -s KILL -- "${e#*:}"
done
rm -rf -- "$1"
`

type guard struct {
	script *exec.Cmd
	input  io.WriteCloser
}

// startGuard starts the guard in a session of its own, so that a terminal's Ctrl-C does not reach it.
func startGuard(dir string) (*guard, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	script := exec.Command("/bin/sh", "-c", guardScript, "guard", dir)
	script.Stdin, script.Env = read, []string{"PATH=/usr/bin:/bin"}
	script.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := script.Start(); err != nil {
		write.Close()
		return nil, fmt.Errorf("starting the guard: %w", err)
	}
	return &guard{script: script, input: write}, nil
}

func (g *guard) add(signal syscall.Signal, target int) {
	fmt.Fprintf(g.input, "+ %d %d\n", int(signal), target)
}

func (g *guard) drop(target int) { fmt.Fprintf(g.input, "- %d\n", target) }

// close makes the guard do its work now, and waits for it.
func (g *guard) close() {
	g.input.Close()
	g.script.Wait()
}
