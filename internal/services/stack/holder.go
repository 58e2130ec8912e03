package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"ordermill/internal/services/server"
)

// lookEvery is how often the holder looks whether a server has died.
const lookEvery = time.Second

// holder owns the servers and the copies.
type holder struct {
	folder  folder
	program string
	group   *server.Group

	postgres, redis *server.Server
	rabbit          *server.RabbitMQ
	copies          []*shopCopy
}

// beHolder runs the stack until it is told to stop. It tells start, on outcomeFD, how the beginning went.
func beHolder(f folder, program string) error {
	syscall.CloseOnExec(lockFD) // the lock is this process's alone
	syscall.CloseOnExec(outcomeFD)
	outcome := os.NewFile(outcomeFD, "outcome")
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	control, err := f.openControl()
	if err == nil {
		go func() {
			_, _ = control.Read(make([]byte, 1)) // whatever it reads, and whyever it cannot: nobody could stop us otherwise
			cancel()
		}()
		err = hold(ctx, &holder{folder: f, program: program}, outcome)
		os.Remove(f.path("control"))
	}
	if err != nil {
		fmt.Fprintln(outcome, err) // start may be gone
	}
	outcome.Close()
	return err
}

// hold starts everything, waits for ctx, and ends everything.
func hold(ctx context.Context, h *holder, outcome *os.File) (err error) {
	if h.group, err = server.NewGroup(); err != nil {
		return err
	}
	defer h.end()
	if err := h.begin(ctx); err != nil {
		return err
	}
	if err := h.folder.write(h.state()); err != nil {
		return err
	}
	defer os.Remove(h.folder.stateFile())
	log.Print("ready")
	fmt.Fprint(outcome, ready)
	outcome.Close()
	h.watch(ctx)
	log.Print("stopping")
	return nil
}

// begin returns when the copies are ready, or at once when ctx ends; then what is still starting is taken down.
func (h *holder) begin(ctx context.Context) error {
	begun := make(chan error, 1)
	go func() { begun <- h.startServers() }()
	select {
	case err := <-begun:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		h.group.Close() // ends what runs, and what is starting then fails
		<-begun
		return fmt.Errorf("stopped while the servers were starting")
	}
	return h.startCopies(ctx)
}

func (h *holder) startServers() error {
	var starting errgroup.Group
	starting.Go(func() (err error) { h.postgres, err = h.group.Postgres(); return })
	starting.Go(func() (err error) { h.rabbit, err = h.group.RabbitMQ(); return })
	starting.Go(func() (err error) { h.redis, err = h.group.Redis(); return })
	return starting.Wait()
}

func (h *holder) state() state {
	s := state{
		Postgres: member{h.postgres.URL, h.postgres.PID()},
		RabbitMQ: member{h.rabbit.Node.BaseURL, h.rabbit.PID()}, // without a path every client takes the virtual host "/"
		Redis:    member{h.redis.URL, h.redis.PID()},
		Data:     h.group.Folder(),
	}
	for _, c := range h.copies {
		s.Copies = append(s.Copies, member{c.url, c.cmd.Process.Pid})
	}
	return s
}

// watch notes which servers die until ctx ends; the copies are noted where they are waited for.
func (h *holder) watch(ctx context.Context) {
	alive := map[string]*server.Server{"PostgreSQL": h.postgres, "RabbitMQ": h.rabbit.Server, "Redis": h.redis}
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		for name, s := range alive {
			if s.PID() == 0 {
				log.Printf("%s has died; the rest goes on", name)
				delete(alive, name)
			}
		}
	}
}

// end stops the copies in good order, then the servers, and removes their data.
func (h *holder) end() {
	var ending errgroup.Group
	for _, c := range h.copies {
		ending.Go(func() error { c.stop(); return nil })
	}
	_ = ending.Wait()
	h.group.Close()
	log.Print("all of it has ended")
}
