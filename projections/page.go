package projections

import (
	"context"
	"maps"
	"runtime"
	"slices"

	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

// What a build holds in memory, beside the pages of its Reader and its seen: the rows that one chunk changed and, while that one is
// written, those of the next, and what is kept of others so that they need not be read back.
const (
	chunkEvents = 50_000   // events of the log that are folded in one transaction, at most a page more
	chunkBytes  = 32 << 20 // of the data of those that concern the projection, at most a page more
	cacheRows   = 5_000    // rows that are kept though the chunk in hand has not changed them
)

// build is somebody filling a generation from the log: what a chunk of it changes is written in a transaction with the checkpoint, while
// the next chunk is folded. After an error it is thrown away: the next one goes on from the checkpoint.
type build[R any] struct {
	model  *Model[R]
	name   string // as a consumer
	table  table
	epoch  int64
	at     eventstore.Checkpoint // of what is written
	shards []*shard[R]
	lists  [][]delivery[R] // of the page in hand; kept, to be filled again
	seen   seen            // of all keys that the table may have a row of
	chunk  chunk
	parked map[string]bool
}

// chunk is some of the log, folded.
type chunk struct {
	number  int // from 1, those of the build
	upTo    eventstore.Checkpoint
	events  int
	bytes   int
	rows    []pending
	parked  []*subscription.ParkError
	skipped []skipped
}

// resume takes a generation over.
func (m *Model[R]) resume(ctx context.Context, generation int64) (*build[R], error) {
	epoch, at, err := m.take(ctx, generation)
	if err != nil {
		return nil, err
	}
	b := &build[R]{
		model: m, name: consumerName(m.projection.Name, generation), table: m.projection.table(generation),
		epoch: epoch, at: at, chunk: chunk{number: 1, upTo: at},
	}
	for range runtime.GOMAXPROCS(0) {
		b.shards = append(b.shards, &shard[R]{rows: map[string]*held[R]{}, failed: map[string]failure{}})
	}
	if at.Position == 0 { // the table is empty
		b.seen = newSeen()
	}
	if err := subscription.Check(ctx, m.store, at); err != nil { // the log may have been swapped since it was begun
		return nil, err
	}
	b.parked, err = subscription.ParkedKeys(ctx, m.db.Read, b.name)
	return b, err
}

// atWork does parts of some work, side by side or not, and returns an error of one.
type atWork func(parts int, do func(part int) error) error

// fold folds a page that follows what was folded before. flush writes everything before the chunk in hand.
func (b *build[R]) fold(ctx context.Context, db subscription.Querier, work atWork, p *logPage, flush func() error) error {
	lists, err := b.deliver(work, p)
	if err != nil {
		return err
	}
	err = work(len(b.shards), func(number int) error { b.find(number, lists); return nil })
	if err == nil {
		err = b.load(ctx, db)
	}
	if err == nil {
		err = work(len(b.shards), func(number int) error { return b.foldShard(number, lists) })
	}
	if err != nil {
		return err
	}
	tail := p.events[len(p.events)-1].Record
	b.chunk.upTo.Position, b.chunk.upTo.EventID = tail.Position, tail.EventID
	b.chunk.events += len(p.events)
	for _, list := range lists {
		for i := range list {
			b.chunk.bytes += len(list[i].event.Data)
		}
	}
	failed := map[string]failure{}
	for _, s := range b.shards {
		b.chunk.skipped = append(b.chunk.skipped, s.skipped...)
		s.skipped = nil
		maps.Copy(failed, s.failed)
		clear(s.failed)
	}
	if len(failed) == 0 {
		return nil
	}
	if err := flush(); err != nil {
		return err
	}
	return b.park(ctx, db, failed)
}

// full reports whether the chunk in hand is to be written.
func (b *build[R]) full() bool {
	return b.chunk.events >= b.model.chunkEvents || b.chunk.bytes >= chunkBytes
}

// seal takes the chunk in hand, ready to be written, and begins the next one.
func (b *build[R]) seal(work atWork) (*chunk, error) {
	held := 0
	for _, s := range b.shards {
		held += len(s.rows)
	}
	rows := make([][]pending, len(b.shards))
	err := work(len(b.shards), func(number int) (err error) {
		rows[number], err = b.encode(b.shards[number], held > cacheRows)
		return err
	})
	if err != nil {
		return nil, err
	}
	sealed := b.chunk
	sealed.rows = slices.Concat(rows...)
	for _, row := range sealed.rows {
		b.seen.add(hashOf(row.key()))
	}
	b.chunk = chunk{number: sealed.number + 1, upTo: sealed.upTo}
	return &sealed, nil
}
