package api

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"ordermill/api/v1"
	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

// listConsumers shows who reads the log now: of a read model, the live generation and the one that is being built. Those
// before it, and what a verification folds, keep their rows for a while and are nobody to look after.
func (a *API) listConsumers(ctx context.Context, in *Paging) (*Page[v1.Consumer], error) {
	models, err := a.ReadModels.Statuses(ctx)
	if err != nil {
		return nil, a.readFailed(ctx, err)
	}
	lags, err := a.lags(ctx)
	if err != nil {
		return nil, a.readFailed(ctx, err)
	}
	reading := map[string]bool{}
	for _, m := range models {
		live, next := m.Consumers()
		reading[live], reading[next] = true, true
	}
	statuses, err := a.Consumers.Statuses(ctx)
	if err != nil {
		return nil, a.readFailed(ctx, err)
	}
	statuses = slices.DeleteFunc(statuses, func(s subscription.Status) bool { return s.Kind == "projector" && !reading[s.Name] })
	slices.SortFunc(statuses, func(a, b subscription.Status) int { return strings.Compare(a.Name, b.Name) }) // of all databases
	items := make([]v1.Consumer, len(statuses))
	for i, s := range statuses {
		lag, seconds, err := lags.of(ctx, s.Position)
		if err != nil {
			return nil, a.readFailed(ctx, err)
		}
		items[i] = v1.Consumer{Name: s.Name, Kind: s.Kind, Checkpoint: s.Position, Lag: lag, LagSeconds: seconds, Owner: s.Owner,
			Epoch: s.Epoch, Parked: s.Parked, LeaseUntil: timeOf(s.LeaseUntil), HeartbeatAt: timeOf(s.Heartbeat), Error: s.Error}
	}
	return pageOf("/v1/consumers", in, items, func(c v1.Consumer) string { return c.Name })
}

// listRelays shows the relays of the configured transports; one that has never run yet stands at 0.
func (a *API) listRelays(ctx context.Context, in *Paging) (*Page[v1.Relay], error) {
	lags, err := a.lags(ctx)
	if err != nil {
		return nil, a.readFailed(ctx, err)
	}
	statuses, err := a.Consumers.Statuses(ctx)
	if err != nil {
		return nil, a.readFailed(ctx, err)
	}
	items := make([]v1.Relay, len(a.Transports))
	for i, transport := range a.Transports {
		var s subscription.Status
		name := relayPrefix + transport
		if at := slices.IndexFunc(statuses, func(s subscription.Status) bool { return s.Name == name }); at >= 0 {
			s = statuses[at]
		}
		lag, seconds, err := lags.of(ctx, s.Position)
		if err != nil {
			return nil, a.readFailed(ctx, err)
		}
		items[i] = v1.Relay{Transport: transport, Consumer: name, Checkpoint: s.Position, Head: lags.head, Lag: lag,
			LagSeconds: seconds, Owner: s.Owner, HeartbeatAt: timeOf(s.Heartbeat), Error: s.Error, Beyond: a.beyond(ctx, transport, s.Position, lags.head)}
	}
	return pageOf("/v1/relays", in, items, func(r v1.Relay) string { return r.Transport })
}

// askBroker bounds how long a broker is asked what it holds: one that is away must not keep the rest of the answer back.
const askBroker = time.Second

// beyond tells what was published that the log has not: as the broker says, if it can be asked, else as the relay's checkpoint says.
func (a *API) beyond(ctx context.Context, transport string, checkpoint, head int64) *v1.Beyond {
	ctx, cancel := context.WithTimeout(ctx, askBroker)
	defer cancel()
	if a.Beyond != nil {
		first, last, err := a.Beyond(ctx, transport)
		if err == nil && last > 0 {
			return &v1.Beyond{First: first, Last: last, Events: last - first + 1, KnownBy: "stream"}
		}
		if err != nil {
			a.Log.DebugContext(ctx, "the broker does not say what it holds", "transport", transport, "error", err)
		}
	}
	if checkpoint > head {
		return &v1.Beyond{First: head + 1, Last: checkpoint, Events: checkpoint - head, KnownBy: "checkpoint"}
	}
	return nil
}

// lags tells how far checkpoints are behind the head that the log had when it was made. Consumers often stand at the same
// position: each is read once.
type lags struct {
	log     Log
	head    int64
	now     time.Time
	waiting map[int64]float64 // by checkpoint: the age in seconds of the first event after it
}

func (a *API) lags(ctx context.Context) (*lags, error) {
	head, err := a.Events.Head(ctx)
	return &lags{log: a.Events, head: head.Position, now: time.Now(), waiting: map[int64]float64{}}, err
}

// of is how many events come after a checkpoint, and how old the oldest of them is. Copies' clocks differ a little: no age
// is below 0.
func (l *lags) of(ctx context.Context, checkpoint int64) (events int64, seconds float64, err error) {
	if checkpoint >= l.head {
		return 0, 0, nil
	}
	seconds, known := l.waiting[checkpoint]
	if !known {
		next, err := l.log.Read(ctx, eventstore.Query{After: checkpoint, Limit: 1})
		if err != nil {
			return 0, 0, err
		}
		for _, r := range next {
			seconds = math.Max(0, math.Round(l.now.Sub(r.RecordedAt).Seconds()*1000)/1000)
		}
		l.waiting[checkpoint] = seconds
	}
	return l.head - checkpoint, seconds, nil
}
