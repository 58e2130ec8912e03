package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"ordermill/api/client"
	"ordermill/api/v1"
	"ordermill/internal/crashpoint"
	"ordermill/internal/services"
)

// mails is everything that was sent.
func (s *shop) mails() (all []v1.Mail) {
	s.t.Helper()
	for query := "?limit=100"; ; {
		answer, err := http.Get(s.url + "/v1/mailbox" + query)
		require.NoError(s.t, err)
		require.Equal(s.t, http.StatusOK, answer.StatusCode)
		var page v1.List[v1.Mail]
		require.NoError(s.t, json.NewDecoder(answer.Body).Decode(&page))
		require.NoError(s.t, answer.Body.Close())
		all = append(all, page.Items...)
		if page.NextCursor == nil {
			return all
		}
		query = "?limit=100&cursor=" + *page.NextCursor
	}
}

// outcomes is what became of every letter. When the read models handled it is left out: they are built anew.
func outcomes(t *testing.T, p *process) (lines []string) {
	t.Helper()
	for _, m := range all(t, p.Messages) {
		line := fmt.Sprintf("%s %s %s %s %s", m.MessageID, m.Status, m.ReceivedAt, m.Result, m.Problem)
		for _, e := range m.Events {
			line += fmt.Sprintf(" %d %v", e.Position, e.Published)
		}
		lines = append(lines, line)
	}
	return lines
}

// run demands that a command succeeds, and returns what it said.
func run(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err, "%s", said.String())
	return out
}

// piped is export | import.
func piped(t *testing.T, from, to []string) {
	t.Helper()
	exporting := command(t, append([]string{"export"}, from...)...)
	importing := command(t, append([]string{"import"}, to...)...)
	var err error
	importing.Stdin, err = exporting.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, exporting.Start())
	run(t, importing)
	require.NoError(t, exporting.Wait())
}

// An embedded shop grows up: on Postgres it goes on where it was, and everything that it did is done.
func TestMove_fromSQLiteToPostgres_nothingIsDoneAgain(t *testing.T) {
	t.Parallel()
	data, store, redis := "sqlite://"+t.TempDir(), services.Postgres(t), services.Redis(t)
	on := func(store string) *process {
		return launch(t, "serve", "--insecure", "--migrate", "--demo", "--store", store, "--redis", redis).ready()
	}
	small := on(data)
	var letters strings.Builder
	for i := range 60 {
		fmt.Fprintln(&letters, orderLetter(fmt.Sprint("paid-", i)))
		fmt.Fprintln(&letters, paymentLetter(fmt.Sprint("paid-", i)))
	}
	_, err := small.SendLines(t.Context(), []byte(letters.String()), client.Key("letters"))
	require.NoError(t, err)
	small.letter(orderLetter("unpaid"))
	small.letter(orderLetter("demo-toomuch-1")) // a part of its money is sent back
	redisSender(t, redis)(orderLetter("by-redis"), "")
	redisSender(t, redis)(`{"event_type":"payment.completed"`, "") // refused, and kept
	received, err := small.ReceiveStock(t.Context(), "KITE", v1.ReceiveStock{Quantity: 3}, client.Key("pallet"))
	require.NoError(t, err)
	refunded := func(p *process) error {
		account, err := p.Account(t.Context(), "demo-toomuch-1")
		if err == nil && (account.RefundedMinor != 500 || account.RefundPendingMinor != 0) {
			err = fmt.Errorf("%d refunded, %d pending", account.RefundedMinor, account.RefundPendingMinor)
		}
		return err
	}
	eventually(t, func() error { return refunded(small) })
	eventually(t, func() error { return small.status("by-redis", "awaiting_payment", "requested") })
	eventually(t, func() error { return quiet(t, small.Client) })
	log, mails, messages := events(t, small.Client), small.mails(), outcomes(t, small)
	require.Len(t, mails, 61)
	published, err := redisClient(t, redis).XLen(t.Context(), "ordermill:events").Result()
	require.NoError(t, err)
	require.Len(t, log, int(published))
	rehearsal := run(t, command(t, "export", "--store", data)) // beside the running shop
	small.end()
	require.Equal(t, string(rehearsal), string(run(t, command(t, "export", "--store", data))), "nothing happened between")

	killedHalfWay(t, store, rehearsal)
	refused, err := command(t, "serve", "--insecure", "--store", store, "--addr", "127.0.0.1:0").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(refused), `Run the same "ordermill import" again`)
	piped(t, []string{"--store", data}, []string{"--store", store})

	big := on(store)
	big.verified()
	eventually(t, func() error { return quiet(t, big.Client) })
	require.Equal(t, log, events(t, big.Client), "no command, refund or note of a mail was written again")
	require.Equal(t, mails, big.mails())
	require.Equal(t, messages, outcomes(t, big), "no letter was taken again")
	require.NoError(t, refunded(big))

	again, err := big.ReceiveStock(t.Context(), "KITE", v1.ReceiveStock{Quantity: 3}, client.Key("pallet"))
	require.NoError(t, err)
	require.Equal(t, string(received.Raw), string(again.Raw))
	require.Equal(t, "duplicate", string(big.letter(paymentLetter("paid-7")).Status))
	big.letter(paymentLetter("unpaid"))
	big.confirmed("unpaid")
	redisSender(t, redis)(paymentLetter("by-redis"), "")
	big.confirmed("by-redis")
	eventually(t, func() error { return quiet(t, big.Client) })
	require.Len(t, big.mails(), 63)
	whole := events(t, big.Client)
	require.Equal(t, log, whole[:len(log)])
	published, err = redisClient(t, redis).XLen(t.Context(), "ordermill:events").Result()
	require.NoError(t, err)
	require.Len(t, whole, int(published))
	big.end()

	piped(t, []string{"--store", store}, []string{"--store", data}) // and back, into the folder that it came from
	home := on(data)
	home.verified()
	require.Equal(t, whole, events(t, home.Client))
}

// TestMovingPage runs every command of docs/moving.md, in order.
func TestMovingPage(t *testing.T) {
	t.Parallel()
	p := openPage(t, "../../docs/moving.md")
	p.set("STORE", services.Postgres(t))
	small := dev(t, p.path("ordermill-data")).ready()
	small.letter(orderLetter("1"))
	small.letter(paymentLetter("1"))
	small.confirmed("1")
	eventually(t, func() error { return quiet(t, small.Client) })
	log := events(t, small.Client)
	small.end()
	p.run("In short", nil)
	big := p.shops[usualAddr]
	require.Equal(t, log, events(t, big.Client))
	big.end()

	p.set("STORE", services.Postgres(t))
	small = dev(t, p.path("ordermill-data")).ready()
	p.run("With a short stop", func(block, string) {
		if small.running() {
			small.letter(orderLetter("2"))
			small.letter(paymentLetter("2"))
			small.confirmed("2")
			eventually(t, func() error { return quiet(t, small.Client) })
			log = events(t, small.Client)
			small.end()
		}
	})
	p.finish()
	big = serve(t, p.env["STORE"]).ready()
	require.Equal(t, log, events(t, big.Client))
	require.Len(t, big.mails(), 2)
}

// killedHalfWay begins an import, and kills it as kill -9 does when the first events are in the log.
func killedHalfWay(t *testing.T, store string, file []byte) {
	t.Helper()
	importing := command(t, "import", "--store", store)
	in, err := importing.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, importing.Start())
	_, err = io.Copy(in, bytes.NewReader(file[:len(file)*2/3]))
	require.NoError(t, err)
	conn, err := pgx.Connect(t.Context(), store)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	eventually(t, func() error {
		var events int
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM ordermill_log.events`).Scan(&events)
		if err == nil && events == 0 {
			err = fmt.Errorf("no event so far")
		}
		return err
	})
	require.NoError(t, importing.Process.Kill())
	require.Error(t, importing.Wait())
}

// What was under way when the shop died is finished elsewhere, once.
func TestMove_inTheMiddleOfAMail_itIsSentOnce(t *testing.T) {
	t.Parallel()
	for _, at := range []crashpoint.Point{crashpoint.BeforeMail, crashpoint.AfterMail, crashpoint.BeforeCheckpoint} {
		t.Run(string(at), func(t *testing.T) {
			t.Parallel()
			here, there := t.TempDir(), t.TempDir()
			cmd := built(t, mortal, anywhere("dev", "--data", here)...)
			cmd.Env = append(cmd.Environ(), crashpoint.Variable+"="+string(at)+":1")
			doomed, err := begin(t, cmd)
			if err == nil {
				_, _ = doomed.Send(t.Context(), []byte(orderLetter("1")))
				_, _ = doomed.Send(t.Context(), []byte(paymentLetter("1")))
			}
			<-doomed.exited
			piped(t, []string{"--data", here}, []string{"--data", there})
			alive := dev(t, there).ready()
			alive.letter(orderLetter("1"))
			alive.letter(paymentLetter("1"))
			alive.confirmed("1")
			eventually(t, func() error { return quiet(t, alive.Client) })
			require.Len(t, alive.mails(), 1)
			sent := 0
			for _, e := range events(t, alive.Client) {
				if e.Type == "order.confirmation_sent" {
					sent++
				}
			}
			require.Equal(t, 1, sent)
		})
	}
}
