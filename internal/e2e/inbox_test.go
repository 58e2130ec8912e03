package e2e_test

import (
	"database/sql"
	"fmt"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	amqp091 "github.com/rabbitmq/amqp091-go"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/internal/program"
	"ordermill/internal/services"
)

// sender puts a body into an inbox as an outside program would; id is the transport's own message id, where it has one.
type sender func(body, id string)

func amqpSender(t *testing.T, url string) sender {
	conn, err := amqp091.Dial(url)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	channel, err := conn.Channel()
	require.NoError(t, err)
	return func(body, id string) {
		err := channel.PublishWithContext(t.Context(), "", "ordermill.inbox", true, false, amqp091.Publishing{Body: []byte(body), MessageId: id})
		require.NoError(t, err)
	}
}

func redisSender(t *testing.T, url string) sender {
	client := redisClient(t, url)
	return func(body, _ string) {
		err := client.XAdd(t.Context(), &redis.XAddArgs{Stream: "ordermill:inbox", Values: []any{"payload", body}}).Err()
		require.NoError(t, err)
	}
}

func redisClient(t *testing.T, url string) *redis.Client {
	options, err := redis.ParseURL(url)
	require.NoError(t, err)
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	return client
}

// junk is what nobody can read as a letter.
var junk = []string{
	"", "\x00\xff\xfe", "not JSON", "[]", "{", `{"event_type":"a\u0000b","payload":{}}`, "{\"event_type\":\"\xc3\x28\"}",
	`{"event_type":"payment.completed","payload":{"order_id":"1","amount":29.999}}`,
	`{"event_type":"order.placed","payload":{}}`,
}

func TestInbox_lettersAreDecided_junkIsKeptAndTheQueueGoesOn(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"amqp", "redis"} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			config := program.Config{Store: services.Postgres(t), Demo: true}
			var start func() sender
			if source == "amqp" {
				config.AMQP = services.AMQP(t)
				start = func() sender { return amqpSender(t, config.AMQP) }
			} else {
				config.Redis = services.Redis(t)
				start = func() sender { return redisSender(t, config.Redis) }
			}
			s := open(t, config)
			send := start()
			for _, body := range junk {
				send(body, "")
			}
			send(paymentLetter("7"), "")
			send(orderLetter("7"), "")
			send(orderLetter("7"), "")
			s.confirmed("7")

			letters := map[string][]v1.Message{}
			eventually(t, func() error {
				letters = map[string][]v1.Message{}
				for _, m := range all(t, s.Messages) {
					letters[m.Status] = append(letters[m.Status], m)
				}
				if len(letters["duplicate"]) != 1 {
					return fmt.Errorf("no duplicate yet: %v", letters)
				}
				return nil
			})
			require.Len(t, letters["processed"], 2)
			require.Len(t, letters["failed"], len(junk))
			for _, m := range letters["failed"] {
				require.Equal(t, source, m.Source)
				require.NotEmpty(t, member(t, m.Problem, "code"))
				again, err := s.Message(t.Context(), m.MessageID)
				require.NoError(t, err)
				require.Equal(t, m, again)
			}
			require.ElementsMatch(t, junk, rawLetters(t, config.Store))
			balance(t, s.Client)
		})
	}
}

// rawLetters are the bytes that were kept of refused letters.
func rawLetters(t *testing.T, store string) (bodies []string) {
	db, err := sql.Open("pgx", store)
	require.NoError(t, err)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT raw FROM ordermill_ops.inbox`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var body []byte
		require.NoError(t, rows.Scan(&body))
		bodies = append(bodies, string(body))
	}
	require.NoError(t, rows.Err())
	return bodies
}

func TestInbox_AMQPMessageID_identifiesMoneyThatCarriesNoBetterID(t *testing.T) {
	t.Parallel()
	config := program.Config{Store: services.Postgres(t), AMQP: services.AMQP(t), Demo: true}
	s := open(t, config)
	send := amqpSender(t, config.AMQP)
	send(paymentLetter("8"), "money-1")
	send(paymentLetter("8"), "money-1") // the same money
	send(paymentLetter("8"), "money-2") // as much again
	eventually(t, func() error {
		account, err := s.Account(t.Context(), "8")
		if err == nil && account.CapturedMinor != 2*2999 {
			err = fmt.Errorf("captured %d", account.CapturedMinor)
		}
		return err
	})
	eventually(t, func() error {
		if n := len(all(t, s.Messages)); n != 3 {
			return fmt.Errorf("%d letters", n)
		}
		return nil
	})
	require.EqualValues(t, 2*2999, balance(t, s.Client).captured["8"])
}

func TestInbox_Redis_letterReadAgainAfterALostCursor_isNotDecidedTwice(t *testing.T) {
	t.Parallel()
	config := program.Config{Store: services.Postgres(t), Redis: services.Redis(t), Demo: true}
	s := open(t, config)
	client := redisClient(t, config.Redis)
	client.XAdd(t.Context(), &redis.XAddArgs{Stream: "ordermill:inbox", Values: []any{"payload", orderLetter("9")}})
	eventually(t, func() error { return s.status("9", "awaiting_payment", "requested") })
	s.stop()

	db, err := sql.Open("pgx", config.Store)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), `UPDATE ordermill_ops.cursors SET position = '0-0'`)
	require.NoError(t, err)
	redisSender(t, config.Redis)(paymentLetter("9"), "")
	s = open(t, config)
	s.confirmed("9")
	require.Len(t, all(t, s.Messages), 2)
}
