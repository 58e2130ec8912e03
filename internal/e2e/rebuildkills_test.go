package e2e_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/internal/services"
)

// A program that is killed at random while it rebuilds its read models, with sixteen writers: whoever reads meanwhile, and after the
// next start, sees no row go back or vanish, no table empty, and no row that is part old and part new. In the end every read model is
// what the log says.
func TestRebuild_killedAtRandom_readersNeverGoBack(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(t *testing.T) (again func() *process, tables func() []string){
		"SQLite": func(t *testing.T) (func() *process, func() []string) {
			data := t.TempDir()
			db := database(t, "sqlite", "file:"+filepath.Join(data, "read.db")+"?_pragma=busy_timeout(5000)")
			return func() *process { return dev(t, data) }, func() []string {
				return names(t, db, `SELECT name FROM sqlite_master WHERE type = 'table'`)
			}
		},
		"Postgres": func(t *testing.T) (func() *process, func() []string) {
			store := services.Postgres(t)
			db := database(t, "pgx", store)
			return func() *process { return serve(t, store) }, func() []string {
				return names(t, db, `SELECT tablename FROM pg_tables WHERE schemaname = 'ordermill_read'`)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 0))
			again, tables := start(t)
			readers := &onlookers{t: t, reached: map[string]int64{}}
			p := again().ready()
			p.stocked("TOY", 1_000_000)
			models, err := p.Projections(t.Context())
			require.NoError(t, err)
			var errands []*errand
			for range torture(20, 100) {
				buying := p.steadyBuyers(16)
				stop := readers.watch(&p.shop)
				buying.acknowledged(20)
				for _, m := range models {
					_, _ = p.StartRebuild(t.Context(), m.Name) // one that the last kill has interrupted may still run
				}
				buying.acknowledged(1 + random.IntN(200)) // a random moment of a rebuild, or of its cut-over
				p.kill()
				stop()
				errands = append(errands, buying.stop()...)
				p = again()
			}
			stop := readers.watch(&p.shop)
			for _, m := range models {
				eventually(t, func() error { return p.nothingBuilt(m.Name) })
				p.rebuilt(m.Name)
			}
			stop()
			require.NotEmpty(t, readers.seen)
			settled(t, &p.shop, errands)
			within(t, tidied+patience, func() error { return p.nothingLeftOver(tables()) })
			item, err := p.Item(t.Context(), "TOY")
			require.NoError(t, err)
			bought := int64(len(errands))
			require.Equal(t, []int64{1_000_000, 0, bought}, []int64{item.OnHand, item.Reserved, item.Allocated})
		})
	}
}

// tidied is how soon what is left of a rebuild that was killed is cleared away at the latest.
const tidied = time.Minute

// names is what a query finds.
func names(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	found, err := db.QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer found.Close()
	for found.Next() {
		var name string
		require.NoError(t, found.Scan(&name))
		all = append(all, name)
	}
	require.NoError(t, found.Err())
	return all
}

// numbered is a table of a generation: its read model's name comes first.
var numbered = regexp.MustCompile(`^([a-z_]+)_(\d+)$`)

// nothingLeftOver is nil when the tables of read models are those of the live generations, and of those that are kept for a rollback.
func (s *shop) nothingLeftOver(tables []string) error {
	models, err := s.Projections(s.t.Context())
	if err != nil {
		return err
	}
	wanted := 0
	for _, name := range tables {
		found := numbered.FindStringSubmatch(name)
		for _, m := range models {
			if found == nil || !strings.HasPrefix(found[1], m.Name) {
				continue
			}
			if n := found[2]; n != fmt.Sprint(m.Generation) && n != fmt.Sprint(m.KeptGeneration) {
				return fmt.Errorf("table %s is left over: %s has generation %d, and keeps %d", name, m.Name, m.Generation, m.KeptGeneration)
			}
			wanted++
		}
	}
	if wanted < 2*len(models) {
		return fmt.Errorf("%d tables of read models among %q", wanted, tables)
	}
	return nil
}

// nothingBuilt is nil when no rebuild of a read model is under way.
func (s *shop) nothingBuilt(model string) error {
	rebuild, err := s.Rebuild(s.t.Context(), model)
	if err == nil && rebuild.Status == "running" {
		err = fmt.Errorf("rebuild of %s: %d of %d", model, rebuild.EventsDone, rebuild.EventsTotal)
	}
	return err
}

// onlookers read all the time, and remember from one program to the next what they have seen.
type onlookers struct {
	t *testing.T

	mu      sync.Mutex
	reached map[string]int64 // by path: the position that was told last; by order: that of its last event
	seen    []string         // orders
}

// watch lets them read from a program until stop, or until it is gone.
func (o *onlookers) watch(s *shop) (stop func()) {
	ctx, cancel := context.WithCancel(o.t.Context())
	var reading sync.WaitGroup
	for _, look := range []func(context.Context, *shop) error{o.list, o.order, o.item} {
		reading.Go(func() {
			for ctx.Err() == nil && !errors.Is(look(ctx, s), errGone) {
			}
		})
	}
	return func() { cancel(); reading.Wait() }
}

var errGone = errors.New("nobody answers")

// get reads one path. Whatever is answered must be a row or a list, at a position that is not before the one told last.
func (o *onlookers) get(ctx context.Context, s *shop, path string, into any) error {
	before := o.last(path)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	require.NoError(o.t, err)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return errGone
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		return errGone // it died while it answered
	}
	if !assert.Equal(o.t, http.StatusOK, answer.StatusCode, "%s: %+v", path, into) {
		return errGone
	}
	position, err := strconv.ParseInt(answer.Header.Get("X-Projection-Position"), 10, 64)
	assert.NoError(o.t, err, path)
	o.advance(path, before, position)
	return nil
}

func (o *onlookers) last(of string) int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.reached[of]
}

func (o *onlookers) advance(of string, before, now int64) {
	assert.GreaterOrEqual(o.t, now, before, "%s went back", of)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reached[of] = max(o.reached[of], now)
}

func (o *onlookers) list(ctx context.Context, s *shop) error {
	o.mu.Lock()
	some := len(o.seen) > 0
	o.mu.Unlock()
	var page v1.List[v1.Order]
	if err := o.get(ctx, s, "/v1/orders?limit=5", &page); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if some {
		assert.NotEmpty(o.t, page.Items, "an empty list")
	}
	for _, order := range page.Items {
		o.seen = append(o.seen, order.OrderID)
	}
	return nil
}

// order reads one that was seen before.
func (o *onlookers) order(ctx context.Context, s *shop) error {
	o.mu.Lock()
	if len(o.seen) == 0 {
		o.mu.Unlock()
		return o.list(ctx, s)
	}
	id := o.seen[rand.IntN(len(o.seen))]
	o.mu.Unlock()
	before := o.last(id)
	var order v1.Order
	if err := o.get(ctx, s, "/v1/orders/"+id, &order); err != nil {
		return err
	}
	o.advance(id, before, order.Position)
	if order.Status == "confirmed" {
		assert.Equal(o.t, "paid", order.PaymentStatus, "part old, part new: %+v", order)
		assert.Zero(o.t, order.OutstandingMinor, "part old, part new: %+v", order)
	}
	return nil
}

func (o *onlookers) item(ctx context.Context, s *shop) error {
	var item v1.Item
	before := o.last("TOY")
	if err := o.get(ctx, s, "/v1/inventory/TOY", &item); err != nil {
		return err
	}
	o.advance("TOY", before, item.Position)
	assert.Equal(o.t, item.OnHand-item.Reserved-item.Allocated-item.SafetyStock, item.Available, "part old, part new: %+v", item)
	return nil
}
