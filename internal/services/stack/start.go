package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

// holdCommand is what start runs detached. The lock is its file 3; on file 4 it says "ready", or why not.
const (
	holdCommand = "hold"
	ready       = "ready"
	lockFD      = 3
	outcomeFD   = 4
)

// start returns when the copies are ready. Where a stack runs already, it says where.
func start(f folder, program string) error {
	if _, err := os.Stat(program); err != nil {
		return fmt.Errorf("the program is not built: %w", err)
	}
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return err
	}
	lock, err := f.lock()
	if err != nil {
		return err
	}
	if lock == nil {
		return running(f)
	}
	defer lock.Close()
	if err := f.forget(); err != nil {
		return err
	}
	fmt.Printf("Starting PostgreSQL, RabbitMQ, Redis and %d copies of Ordermill ...\n", copies)
	if err := detach(f, program, lock); err != nil {
		return fmt.Errorf("%w\nNothing was left running. Look at %s", err, f.path("*.log"))
	}
	s, err := f.read()
	if err != nil {
		return fmt.Errorf("the stack was ready and has ended since; look at %s (%w)", f.log("holder"), err)
	}
	fmt.Print("The stack is ready.\n\n" + summary(f, s, nil))
	return nil
}

// forget removes what an earlier stack left.
func (f folder) forget() error {
	old, err := filepath.Glob(f.path("*.log"))
	if err != nil {
		return err
	}
	for _, path := range append(old, f.stateFile()) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// running tells of the stack that has the lock.
func running(f folder) error {
	s, err := f.read()
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("a stack is being started or stopped in %s just now; try again in a moment", f)
	}
	if err != nil {
		return err
	}
	fmt.Print("A stack is running already.\n\n" + summary(f, s, probe))
	return nil
}

// detach starts the holder in a session of its own, where a terminal's Ctrl-C and hang-up do not reach it, and waits for its word.
func detach(f folder, program string, lock *os.File) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(f.log("holder"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	outcome, holders, err := os.Pipe()
	if err != nil {
		return err
	}
	defer outcome.Close()
	holder := exec.Command(self, "-dir", string(f), "-program", program, holdCommand)
	holder.Stdout, holder.Stderr = log, log
	holder.ExtraFiles = []*os.File{lock, holders} // lockFD, outcomeFD
	holder.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = holder.Start()
	holders.Close() // ours; the outcome ends with the holder's
	if err != nil {
		return err
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(interrupted)
	said := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(outcome) // a holder that dies without a word has said nothing
		said <- string(text)
	}()
	for {
		select {
		case <-interrupted:
			_ = holder.Process.Signal(syscall.SIGTERM) // it takes everything down and says so
		case text := <-said:
			if text == ready {
				return nil
			}
			_ = holder.Wait() // what it had to clean up is gone when it is
			if text = strings.TrimSpace(text); text == "" {
				text = "the holder died"
			}
			return errors.New(text)
		}
	}
}
