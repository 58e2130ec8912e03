package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// folder is where one stack keeps what it tells of itself.
type folder string

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

// log is the file of what name says: holder, copy-1, ...
func (f folder) log(name string) string { return f.path(name + ".log") }

func (f folder) stateFile() string { return f.path("stack.json") }

// state is a running stack, as stack.json has it.
type state struct {
	Copies   []member `json:"copies"`
	Postgres member   `json:"postgres"`
	RabbitMQ member   `json:"rabbitmq"`
	Redis    member   `json:"redis"`
	Data     string   `json:"data"` // the servers' folder, which goes with them
}

// member is one of its programs. The passwords are in the URLs, so the file is for its owner alone.
type member struct {
	URL string `json:"url"`
	PID int    `json:"pid"`
}

// read returns fs.ErrNotExist while no stack runs here, or is not yet ready.
func (f folder) read() (s state, err error) {
	data, err := os.ReadFile(f.stateFile())
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("%s: %w", f.stateFile(), err)
	}
	return s, nil
}

// write is seen whole or not at all.
func (f folder) write(s state) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	next := f.stateFile() + ".new"
	if err := os.WriteFile(next, append(data, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(next, f.stateFile())
}

// lock takes the folder. The lock is the operating system's: it ends with the last process that has the returned file open,
// however that ends. nil: somebody else has it.
func (f folder) lock() (*os.File, error) {
	file, err := os.OpenFile(f.path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return file, nil
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = nil
	}
	return nil, errors.Join(err, file.Close())
}

// openControl makes the pipe anew and opens it for reading, and for writing too, so that it never ends.
func (f folder) openControl() (*os.File, error) {
	if err := os.Remove(f.path("control")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := syscall.Mkfifo(f.path("control"), 0o600); err != nil {
		return nil, fmt.Errorf("making the pipe %s: %w", f.path("control"), err)
	}
	return os.OpenFile(f.path("control"), os.O_RDWR, 0)
}

// tellToStop writes to the pipe. It fails while no holder reads it; then a holder is just beginning, or has just ended.
func (f folder) tellToStop() error {
	control, err := os.OpenFile(f.path("control"), os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	_, err = control.WriteString("stop\n")
	return errors.Join(err, control.Close())
}
