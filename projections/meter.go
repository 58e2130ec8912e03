package projections

import (
	"context"
	"time"
)

// How often progress is told while a generation is filled: to the table, where every process can see it, and to the log.
const (
	keepRateEvery = 500 * time.Millisecond
	logEvery      = 10 * time.Second
)

// meter measures speed over the recent past, so that what was done before a pause, or by a process that died, does not count.
type meter struct {
	passed []mark // oldest first
}

type mark struct {
	at       time.Time
	position int64
}

const (
	measuredOver = 5 * time.Second
	measuredEach = 100 * time.Millisecond
)

// pass says that a position was reached.
func (m *meter) pass(at time.Time, position int64) {
	n := len(m.passed)
	if n >= 2 && at.Sub(m.passed[n-2].at) < measuredEach {
		m.passed[n-1] = mark{at, position} // close to the one before: it only moves on
	} else {
		m.passed = append(m.passed, mark{at, position})
	}
	for len(m.passed) > 2 && at.Sub(m.passed[1].at) >= measuredOver {
		m.passed = m.passed[1:]
	}
}

// perSecond is how many positions a second were passed; 0 while there is too little to tell.
func (m *meter) perSecond() int64 {
	if len(m.passed) < 2 {
		return 0
	}
	first, last := m.passed[0], m.passed[len(m.passed)-1]
	took := last.at.Sub(first.at)
	if took <= 0 {
		return 0
	}
	return int64(float64(last.position-first.position) / took.Seconds())
}

// filling tells how far somebody is who fills a generation in this process.
type filling[R any] struct {
	model        *Model[R]
	now          Progress
	status       string // of the generation meanwhile
	speed        meter
	kept, logged time.Time
}

// filling begins to measure where a build stands.
func (m *Model[R]) filling(b *build[R], begun Progress, status string) *filling[R] {
	now := time.Now()
	f := &filling[R]{model: m, now: begun, status: status, kept: now, logged: now}
	f.now.Status = Running
	f.speed.pass(now, b.at.Position)
	return f
}

// page returns what is to be told of every page.
func (f *filling[R]) page(ctx context.Context) func(position int64) {
	return func(position int64) {
		now := time.Now()
		f.speed.pass(now, position)
		f.now.EventsDone, f.now.PerSecond = position, f.speed.perSecond()
		if f.status == Running {
			f.now.EventsTotal = max(f.now.EventsTotal, f.model.store.Known())
		}
		f.now.ETA = eta(f.now.EventsTotal-position, f.now.PerSecond)
		f.model.tell(f.now)
		if now.Sub(f.kept) >= keepRateEvery {
			f.kept = now
			f.keepRate(ctx)
		}
		if now.Sub(f.logged) >= logEvery {
			f.logged = now
			f.model.log.Info("rebuild goes on", "generation", f.now.Generation, "events_done", f.now.EventsDone,
				"events_total", f.now.EventsTotal, "events_per_second", f.now.PerSecond, "eta", f.now.ETA.String())
		}
	}
}

// keepRate writes the speed where other processes find it. That it does not succeed is no reason to stop: the next time is soon.
func (f *filling[R]) keepRate(ctx context.Context) {
	_, err := f.model.db.Write.ExecContext(ctx, `UPDATE generations SET rate = $1 WHERE projection = $2 AND generation = $3 AND status = $4`,
		f.now.PerSecond, f.now.Projection, f.now.Generation, f.status)
	if err != nil && ctx.Err() == nil {
		f.model.log.Warn("the speed of a rebuild could not be kept", "generation", f.now.Generation, "error", err)
	}
}

// begun returns what is known of a rebuild or a rollback that is to be done, or gone on with: the speed that it had stops here.
func (m *Model[R]) begun(ctx context.Context, generation int64) (p Progress, rollback bool, err error) {
	p = Progress{Projection: m.projection.Name, Generation: generation}
	var started, retiredAt int64
	err = m.db.Write.QueryRowContext(ctx, `
		UPDATE generations SET rate = 0 WHERE projection = $1 AND generation = $2 RETURNING created_at, events_total, retired_at`,
		m.projection.Name, generation).Scan(&started, &p.EventsTotal, &retiredAt)
	p.StartedAt = time.UnixMilli(started).UTC()
	return p, retiredAt > 0, err
}
