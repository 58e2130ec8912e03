// Stack runs the whole shop on this machine, for a developer to try and to break: one PostgreSQL, one RabbitMQ and one Redis
// of its own, and three copies of Ordermill on them, all on loopback.
//
//	stack start   returns when the three copies are ready, and says where everything is
//	stack stop    ends all of it
//
// What start leaves running is this program again, detached, as the holder: it starts the servers and the copies, notes in its
// log what dies (nothing is started again: an operator kills a copy to see the others take over), and ends everything when it
// is told to. The folder holds what one stack tells the next command:
//
//	lock         held by the holder as long as it lives, so that no process id has to be believed
//	control      a pipe; whoever writes to it ends the stack
//	stack.json   where everything is, while it runs
//	*.log        what the holder and the copies said; kept until the next start
//
// The servers' data lives in a temporary folder and goes with them.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	dir := flag.String("dir", "ordermill-stack", "folder for what the stack tells of itself")
	program := flag.String("program", filepath.Join("bin", "ordermill"), "the built program")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: stack [-dir FOLDER] [-program FILE] start|stop")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(flag.Arg(0), folder(*dir), *program); err != nil {
		fmt.Fprintln(os.Stderr, "stack:", err)
		os.Exit(1)
	}
}

func run(command string, f folder, program string) error {
	switch command {
	case "start":
		return start(f, program)
	case "stop":
		return stop(f)
	case holdCommand:
		return beHolder(f, program)
	}
	return errors.New("the command is start or stop")
}
