package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const (
	copies = 3
	// readyAtMost bounds how long the copies may take from their start until they are ready.
	readyAtMost = time.Minute
	// drainAtMost is more than the program takes for an orderly end (10 s).
	drainAtMost = 15 * time.Second
)

// shopCopy is one copy of the program.
type shopCopy struct {
	name  string
	url   string
	log   string
	cmd   *exec.Cmd
	ended chan struct{} // closed when it is gone; cmd.ProcessState tells how
}

// startCopies returns when all of them are ready.
func (h *holder) startCopies(ctx context.Context) error {
	for n := 1; n <= copies; n++ {
		c, err := h.startCopy(n)
		if err != nil {
			return err
		}
		h.copies = append(h.copies, c)
	}
	ctx, cancel := context.WithTimeout(ctx, readyAtMost)
	defer cancel()
	for _, c := range h.copies {
		if err := c.ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (h *holder) startCopy(n int) (*shopCopy, error) {
	port, err := h.group.FreePort()
	if err != nil {
		return nil, err
	}
	name, address := fmt.Sprintf("copy-%d", n), fmt.Sprintf("127.0.0.1:%d", port)
	c := &shopCopy{name: name, url: "http://" + address, log: h.folder.log(name), ended: make(chan struct{})}
	output, err := os.OpenFile(c.log, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	c.cmd = exec.Command(h.program, "--addr", address, "serve", "--insecure", "--migrate", "--demo")
	c.cmd.Env = append(os.Environ(), // not in the arguments, which every user of the machine can list
		"ORDERMILL_STORE="+h.postgres.URL, "ORDERMILL_AMQP="+h.rabbit.Node.BaseURL, "ORDERMILL_REDIS="+h.redis.URL)
	c.cmd.Stdout, c.cmd.Stderr = output, output
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	h.group.Guard(c.cmd.Process.Pid)
	go func() {
		_ = c.cmd.Wait() // how it ended stands in ProcessState
		h.group.Unguard(c.cmd.Process.Pid)
		log.Printf("%s (process %d) has ended: %v; nothing starts it again", c.name, c.cmd.Process.Pid, c.cmd.ProcessState)
		close(c.ended)
	}()
	return c, nil
}

// ready waits until the copy says that it is.
func (c *shopCopy) ready(ctx context.Context) error {
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		err := probe(c.url)
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-c.ended:
			return fmt.Errorf("%s ended while it started (%v); its log is %s", c.name, c.cmd.ProcessState, c.log)
		case <-ctx.Done():
			return fmt.Errorf("stopped while %s %w; its log is %s", c.name, err, c.log)
		}
	}
}

// stop lets the copy finish what it has begun, and kills it if that takes too long.
func (c *shopCopy) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // it may have died already
	select {
	case <-c.ended:
	case <-time.After(drainAtMost):
		_ = c.cmd.Process.Kill()
		<-c.ended
	}
}
