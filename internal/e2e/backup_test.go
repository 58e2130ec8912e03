package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/internal/services"
)

// copyAddr is where docs/backup.md has a second copy.
const copyAddr = "127.0.0.1:8081"

// TestBackupPage runs every command of docs/backup.md, in order, on shops that sell meanwhile.
func TestBackupPage(t *testing.T) {
	t.Parallel()
	p := openPage(t, "../../docs/backup.md")
	t.Run("SQLite", func(t *testing.T) { p.t = t; backupEmbedded(t, p) })
	t.Run("Postgres", func(t *testing.T) { p.t = t; backupPostgres(t, p) })
	if p.t = t; !t.Failed() && os.Getenv(services.EmbeddedOnly) == "" {
		p.finish()
	}
}

func backupEmbedded(t *testing.T, p *page) {
	shop := p.at(usualAddr, dev(t, p.path("ordermill-data")).ready())
	shop.letter(orderLetter("demo-twice-1")) // pays twice, and gets one of it back
	eventually(t, func() error { return refundedOnce(t, shop) })
	buying := shop.shopping(4)
	buying.acknowledged(20)
	printed := p.run("SQLite: back up", nil)
	buying.acknowledged(20) // the last ones are lost
	errands := buying.stop()
	log := rawEvents(t, shop)
	found := regexp.MustCompile(`up to position (\d+) `).FindStringSubmatch(printed)
	require.NotNil(t, found, printed)
	held, err := strconv.Atoi(found[1])
	require.NoError(t, err)
	require.Less(t, held, len(log))

	p.run("SQLite: check a backup", func(block, string) {
		if checked := p.shops[copyAddr]; checked.running() {
			require.Equal(t, log[:held], rawEvents(t, checked)[:held])
			checked.end()
		}
	})
	shop.end()
	p.run("SQLite: restore", nil)
	shop = p.shops[usualAddr]
	require.Equal(t, log[:held], rawEvents(t, shop)[:held])
	sentAgain(t, shop, errands)
	require.NoError(t, refundedOnce(t, shop))
	shop.end()
}

func backupPostgres(t *testing.T, p *page) {
	shopOnPostgres(t, p)
	shop := p.at(usualAddr, launch(t, "serve", "--insecure", "--store", p.env["STORE_URL"], "--redis", p.env["REDIS_URL"]).ready())
	buying := shop.shopping(4)
	buying.acknowledged(20)
	p.run("Postgres: back up", nil)
	buying.acknowledged(20) // the last ones are lost, and Redis holds them
	errands := buying.stop()
	eventually(t, func() error { return quiet(t, shop.Client) })
	log := rawEvents(t, shop)

	held := 0
	p.run("Postgres: check a backup", func(b block, _ string) {
		if strings.Contains(b.commands, "pg_restore") {
			held = heldBy(t, p, "CHECK_ADMIN_URL")
		}
		if checked := p.shops[copyAddr]; checked.running() {
			require.Equal(t, log[:held], rawEvents(t, checked)[:held])
			checked.end()
		}
	})
	require.Less(t, held, len(log))
	shop.end()
	p.run("Postgres: restore", func(b block, _ string) {
		if strings.Contains(b.commands, "migrate") {
			require.Equal(t, held, heldBy(t, p, "RESTORED_ADMIN_URL"))
			restoredBesideRedis(t, p, held)
		}
	})
	shop = p.shops[usualAddr]
	require.Equal(t, log[:held], rawEvents(t, shop)[:held])
	sentAgain(t, shop, errands)
	eventually(t, func() error { return published(t, shop) })

	p.set("ADMIN_URL", p.env["RESTORED_ADMIN_URL"])
	p.set("STORE_URL", p.env["RESTORED_URL"])
	buying = shop.buyers(2)
	p.run("Upgrade", nil)
	buying.acknowledged(1)
	buying.stop()
	shop.end()
	shop = p.shops[copyAddr]
	require.NoError(t, shop.order("TOY", "after-the-upgrade"))
	shop.verified()
	shop.end()
}

// shopOnPostgres makes a database with the rights that docs/operating.md advises, and names it and its copies to be as the page does.
func shopOnPostgres(t *testing.T, p *page) {
	server, err := url.Parse(services.StartPostgres(t).URL)
	require.NoError(t, err)
	for _, d := range []struct{ database, admin, service string }{
		{"shop", "ADMIN_URL", "STORE_URL"},
		{"shop_check", "CHECK_ADMIN_URL", "CHECK_URL"},
		{"shop_restored", "RESTORED_ADMIN_URL", "RESTORED_URL"},
	} {
		at := *server
		at.Path = d.database
		p.set(d.admin, at.String())
		at.User = url.UserPassword("shop_service", "secret")
		p.set(d.service, at.String())
	}
	p.set("SERVER_URL", server.String())
	redis, err := url.Parse(services.Redis(t))
	require.NoError(t, err)
	if password, ok := redis.User.Password(); ok {
		redis.User = url.UserPassword("default", password) // redis-cli asks for a user
	}
	p.set("REDIS_URL", redis.String())
	out, err := p.shell(`psql "$SERVER_URL" -c 'CREATE DATABASE shop' -c "CREATE ROLE shop_service LOGIN PASSWORD 'secret'"
		ordermill migrate --store "$ADMIN_URL" --role shop_service`).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// heldBy is the last position of a database, which nobody serves; its log must be whole and refuse changes, even to those whom
// ordinary triggers let pass.
func heldBy(t *testing.T, p *page, database string) int {
	out, err := p.shell(`psql "$` + database + `" -c 'SET session_replication_role = replica' -c 'DELETE FROM ordermill_log.events'`).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "append-only")
	out, err = p.shell(`psql -qAt "$` + database + `" -c 'SELECT max(position) FROM ordermill_log.events HAVING max(position) = count(*)'`).CombinedOutput()
	require.NoError(t, err, "%s", out)
	position, err := strconv.Atoi(strings.TrimSpace(string(out)))
	require.NoError(t, err, "%s", out)
	return position
}

// restoredBesideRedis runs a copy on the restored log whose Redis still holds the events that were lost: they reach nobody, the
// relay says what is to be done, and everything else goes on.
func restoredBesideRedis(t *testing.T, p *page, held int) {
	shop := launch(t, "serve", "--insecure", "--store", p.env["RESTORED_URL"], "--redis", p.env["REDIS_URL"]).ready()
	e := &errand{id: "beside-redis"}
	require.NoError(t, e.run(t.Context(), shop.Client))
	shop.confirmed(e.id)
	eventually(t, func() error {
		relays, err := shop.Relays(t.Context())
		if err != nil || len(relays) != 1 || !strings.Contains(relays[0].Error, "delete the stream") {
			return fmt.Errorf("relays: %+v, %w", relays, err)
		}
		return nil
	})
	relays, err := shop.Relays(t.Context())
	require.NoError(t, err)
	require.NotNil(t, relays[0].Beyond, "Redis holds what was lost")
	require.Equal(t, "stream", relays[0].Beyond.KnownBy)
	require.EqualValues(t, held+1, relays[0].Beyond.First)
	shop.verified()
	shop.end()
}

// published returns an error unless all of the log is, and nothing is in the way.
func published(t *testing.T, shop *process) error {
	relays, err := shop.Relays(t.Context())
	if err != nil || len(relays) != 1 || relays[0].Error != "" || relays[0].Lag != 0 {
		return fmt.Errorf("relays: %+v, %w", relays, err)
	}
	return nil
}

// sentAgain sends all errands once more, as those do who do not know what was lost. Each must end as if nothing had happened,
// with one confirmation.
func sentAgain(t *testing.T, shop *process, errands []*errand) {
	t.Helper()
	for _, e := range errands {
		anew := &errand{id: e.id}
		eventually(t, func() error { return anew.run(t.Context(), shop.Client) })
	}
	for _, e := range errands {
		shop.confirmed(e.id)
	}
	eventually(t, func() error { return quiet(t, shop.Client) })
	b := balance(t, shop.Client)
	mails := map[string]int{}
	for _, mail := range all(t, shop.Mails) {
		mails[mail.OrderID]++
	}
	for _, e := range errands {
		require.EqualValues(t, 1000, b.captured[e.id])
		require.Equal(t, 1, mails[e.id], "mails about order %s", e.id)
		require.Equal(t, 1, count(types(t, shop.Client, "order-"+e.id), "order.confirmation_sent"))
	}
	shop.verified()
}

// refundedOnce returns an error unless the order that pays twice got one of it back.
func refundedOnce(t *testing.T, shop *process) error {
	page, err := shop.Stream(t.Context(), "payment-demo-twice-1", 0, "")
	if err != nil {
		return err
	}
	var found []string
	for _, e := range page.Items {
		found = append(found, e.Type)
	}
	if count(found, "payment.refund_requested") != 1 || count(found, "payment.refunded") != 1 {
		return errors.New(strings.Join(found, ", "))
	}
	return nil
}

// rawEvents is the whole log, each event byte for byte as GET /v1/events answers it.
func rawEvents(t *testing.T, shop *process) (all []string) {
	t.Helper()
	for {
		answer, err := http.Get(fmt.Sprintf("%s/v1/events?limit=200&after=%d", shop.url, len(all)))
		require.NoError(t, err)
		var page struct{ Items []json.RawMessage }
		err = json.NewDecoder(answer.Body).Decode(&page)
		require.NoError(t, errors.Join(err, answer.Body.Close()))
		if len(page.Items) == 0 {
			return all
		}
		for _, item := range page.Items {
			all = append(all, string(item))
		}
	}
}
