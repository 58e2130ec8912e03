package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime/pprof"
	"slices"
	"syscall"
	"time"

	"github.com/google/uuid"

	"ordermill/eventstore"
	"ordermill/eventstore/postgres"
	"ordermill/eventstore/sqlite"
	"ordermill/eventstore/subscription"
	"ordermill/projections"
	"ordermill/projections/cases"
	"ordermill/projections/inventory"
	"ordermill/projections/orders"
	"ordermill/projections/payments"
	"ordermill/projections/products"
	"ordermill/projections/timers"
)

// jobVariable has the job of a process that this one starts, as JSON.
const jobVariable = "ORDERMILL_BENCH_JOB"

// job is work that a process of its own does, so that its memory is the work's alone.
type job struct {
	Store  string   // postgres://..., or a folder of SQLite
	Models []string // to build anew, all at once; none: read the log in pages, and no more
}

// done is what became of a job.
type done struct {
	Events    int64
	Took      time.Duration
	PeakBytes int64 `json:"-"` // resident memory of the whole process, as the system counts it
}

// apart does a job in a process of its own.
func apart(ctx context.Context, j job) (d done, err error) {
	text, err := json.Marshal(j)
	if err != nil {
		return d, err
	}
	program, err := os.Executable()
	if err != nil {
		return d, err
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), jobVariable+"="+string(text))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return d, fmt.Errorf("a process for %v: %w", j.Models, err)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return d, errors.New("the system does not tell how much memory a process took")
	}
	d.PeakBytes = usage.Maxrss * 1024 // Linux counts in KiB
	return d, json.Unmarshal(out.Bytes(), &d)
}

// work does the job in this process, and prints what became of it.
func work(ctx context.Context, text string) error {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return err
	}
	db, err := j.open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	store := eventstore.New(db.Driver())
	defer store.Close()
	head, err := store.Head(ctx)
	if err != nil {
		return err
	}
	d := done{Events: head.Position}
	if len(j.Models) == 0 {
		d.Took, err = readAll(ctx, store, head.Position)
	} else {
		d.Took, err = buildAnew(ctx, db, store, j.Models)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(d)
}

func (j job) open(ctx context.Context) (database, error) {
	if _, err := os.Stat(j.Store); err == nil {
		return sqlite.Open(ctx, j.Store, sqlite.Options{})
	}
	return postgres.Open(ctx, j.Store, postgres.Options{})
}

// readAll reads a log up to a position, page by page.
func readAll(ctx context.Context, store *eventstore.Store, last int64) (time.Duration, error) {
	begin := time.Now()
	for position := int64(0); position < last; {
		records, err := store.Read(ctx, eventstore.Query{After: position, Limit: eventstore.MaxPage})
		if err != nil {
			return 0, err
		}
		position = records[len(records)-1].Position
	}
	return time.Since(begin), nil
}

var allModels = []string{"orders", "payments", "inventory", "products", "timers", "cases"}

// buildAnew builds read models that are live already, or builds them for the first time, and then once more.
func buildAnew(ctx context.Context, db database, store *eventstore.Store, names []string) (time.Duration, error) {
	ended := make(chan projections.Progress, len(allModels))
	set := models(db, store, projections.WithLogger(slog.New(slog.DiscardHandler)), projections.WithProgress(func(p projections.Progress) {
		if p.Status != projections.Running {
			ended <- p
		}
	}))
	set = slices.DeleteFunc(set, func(m projections.ReadModel) bool { return !slices.Contains(names, m.Name()) })
	running, stop := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() { defer close(stopped); set.Run(running) }()
	defer func() { stop(); <-stopped }()
	wait := func(builds int) error {
		for range builds {
			if p := <-ended; p.Status != projections.Done {
				return fmt.Errorf("building %s: %s", p.Projection, p.Error)
			}
		}
		return nil
	}
	statuses, err := set.Statuses(ctx)
	if err != nil {
		return 0, err
	}
	statuses = slices.DeleteFunc(statuses, func(s projections.Status) bool { return s.Generation != 0 })
	if err := wait(len(statuses)); err != nil {
		return 0, err
	}
	if path := os.Getenv("PROFILE"); path != "" { // where the time goes
		file, err := os.Create(path)
		if err != nil {
			return 0, err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return 0, err
		}
		defer pprof.StopCPUProfile()
	}
	begin := time.Now()
	for _, m := range set {
		if err := m.Rebuild(ctx); err != nil {
			return 0, err
		}
	}
	if err := wait(len(set)); err != nil {
		return 0, err
	}
	return time.Since(begin), nil
}

func models(db database, store *eventstore.Store, options ...projections.Option) projections.Set {
	var place subscription.Database
	place.Write, place.Read = db.Read()
	owner := subscription.Owner{ID: uuid.NewString(), Sole: true}
	options = append(options, projections.WithReader(projections.NewReader(store)))
	return projections.Set{
		projections.New(orders.Projection, store, place, owner, options...),
		projections.New(payments.Projection, store, place, owner, options...),
		projections.New(inventory.Projection, store, place, owner, options...),
		projections.New(products.Projection, store, place, owner, options...),
		projections.New(timers.Projection, store, place, owner, options...),
		projections.New(cases.Projection, store, place, owner, options...),
	}
}
