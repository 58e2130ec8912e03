package projections

import (
	"context"
	"errors"
	"runtime"
	"slices"

	"ordermill/eventstore/subscription"
)

// fewEvents are folded by one goroutine: more would take longer to start than they save.
const fewEvents = 256

// shard is the rows of some of the keys, which one goroutine folds.
type shard[R any] struct {
	rows    map[string]*held[R]
	missing []string           // keys of the page in hand, to be loaded
	failed  map[string]failure // in the page in hand
	skipped []skipped
}

// held is a row in memory.
type held[R any] struct {
	row    R
	stored bool // the table has a row of this key, or will have it when the chunk before this one is written
	chunk  int  // the last one that changed it
	failed bool // a key that can not be folded: row is spoilt
}

// failure is why a key can not be folded any further, and from where on.
type failure struct {
	position int64
	err      error
}

// skipped is a delivery to a parked key.
type skipped struct {
	key   string
	event *logEvent
}

// delivery is an event for a key.
type delivery[R any] struct {
	event *logEvent
	key   string
	hash  uint64
	held  *held[R] // the key's row
}

// deliver finds the keys of a page's events, in as many lists as goroutines looked; the lists are in the order of the log.
func (b *build[R]) deliver(work atWork, p *logPage) ([][]delivery[R], error) {
	parts := 1
	if len(p.events) > fewEvents {
		parts = runtime.GOMAXPROCS(0)
	}
	for len(b.lists) < parts {
		b.lists = append(b.lists, nil)
	}
	lists := b.lists[:parts]
	err := work(parts, func(part int) error {
		events := p.events[len(p.events)*part/parts : len(p.events)*(part+1)/parts]
		list := lists[part][:0]
		for i := range events {
			keys, err := b.model.projection.Keys(*events[i].Record)
			if err != nil {
				return errors.Join(subscription.ErrStop, err)
			}
			for _, key := range keys {
				list = append(list, delivery[R]{event: &events[i], key: key, hash: hashOf(key)})
			}
		}
		lists[part] = list
		return nil
	})
	return lists, err
}

// shardOf is the shard of a key.
func (b *build[R]) shardOf(key string) *shard[R] { return b.shards[hashOf(key)%uint64(len(b.shards))] }

// find gives those of the deliveries that are the shard's their row in memory: a new one if there is none, which is to be loaded if the
// table may have it.
func (b *build[R]) find(number int, lists [][]delivery[R]) {
	s := b.shards[number]
	var last *delivery[R] // the events of one command are often one key's
	for _, list := range lists {
		for i := range list {
			d := &list[i]
			if d.hash%uint64(len(b.shards)) != uint64(number) || b.parked[d.key] {
				continue
			}
			if last == nil || last.key != d.key {
				if d.held = s.rows[d.key]; d.held == nil {
					d.held = &held[R]{}
					s.rows[d.key] = d.held
					if !b.seen.certainlyNot(d.hash) {
						s.missing = append(s.missing, d.key)
					}
				}
			} else {
				d.held = last.held
			}
			last = d
		}
	}
}

// load fetches the rows that are missing in memory from the table, if it has them.
func (b *build[R]) load(ctx context.Context, db subscription.Querier) error {
	var keys []string
	for _, s := range b.shards {
		keys = append(keys, s.missing...)
		s.missing = nil
	}
	bodies, err := b.table.load(ctx, db, keys)
	if err != nil {
		return err
	}
	for key, body := range bodies {
		h := b.shardOf(key).rows[key]
		if h.row, err = decode[R](body); err != nil {
			return err
		}
		h.stored = true
	}
	return nil
}

// foldShard folds those of the deliveries that are the shard's.
func (b *build[R]) foldShard(number int, lists [][]delivery[R]) error {
	s := b.shards[number]
	for _, list := range lists {
		for i := range list {
			d := &list[i]
			if d.hash%uint64(len(b.shards)) != uint64(number) {
				continue
			}
			if d.held == nil || d.held.failed {
				s.skipped = append(s.skipped, skipped{d.key, d.event})
				continue
			}
			if err := b.foldOne(d); errors.Is(err, subscription.ErrStop) {
				return err
			} else if err != nil {
				d.held.failed = true
				s.failed[d.key] = failure{d.event.Position, err}
				s.skipped = append(s.skipped, skipped{d.key, d.event})
			}
		}
	}
	return nil
}

func (b *build[R]) foldOne(d *delivery[R]) error {
	d.held.chunk = b.chunk.number
	fact, err := d.event.decode()
	if d.held.row, err = b.model.projection.apply(d.held.row, *d.event.Record, fact, err); err != nil {
		return notFolded(*d.event.Record, err)
	}
	return nil
}

// encode makes the rows that the chunk in hand has changed ready to be written, and forgets others if there are many.
func (b *build[R]) encode(s *shard[R], forget bool) (rows []pending, err error) {
	keys := make([]string, 0, len(s.rows))
	for key, h := range s.rows {
		if h.chunk == b.chunk.number {
			keys = append(keys, key)
		} else if forget {
			delete(s.rows, key)
		}
	}
	slices.Sort(keys) // an index likes it
	rows = make([]pending, len(keys))
	for i, key := range keys {
		h := s.rows[key]
		values, err := b.model.projection.encode(key, h.row)
		if err != nil {
			return nil, err
		}
		rows[i] = pending{values, h.stored}
		h.stored = true
	}
	return rows, nil
}
