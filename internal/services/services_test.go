package services_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"ordermill/internal/services"
)

func postgres(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func channel(t *testing.T, url string) *amqp.Channel {
	t.Helper()
	conn, err := amqp.Dial(url)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	ch, err := conn.Channel()
	require.NoError(t, err)
	return ch
}

func redisClient(t *testing.T, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	require.NoError(t, err)
	options.MaxRetries, options.DialerRetries = -1, 1 // a server that is down is down
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	return client
}

func TestPostgres_everyCallOwnDatabase(t *testing.T) {
	first, second := postgres(t, services.Postgres(t)), postgres(t, services.Postgres(t))
	_, err := first.Exec(t.Context(), "CREATE TABLE things (id int)")
	require.NoError(t, err)
	_, err = second.Exec(t.Context(), "SELECT FROM things")
	require.ErrorContains(t, err, "does not exist")
}

func TestPostgres_droppedAtTheEnd(t *testing.T) {
	var url string
	t.Run("test", func(t *testing.T) {
		url = services.Postgres(t)
		postgres(t, url)
	})
	_, err := pgx.Connect(t.Context(), url)
	require.ErrorContains(t, err, "3D000")
}

func TestPostgres_textSortsByLanguage(t *testing.T) {
	var before bool
	require.NoError(t, postgres(t, services.Postgres(t)).QueryRow(t.Context(), "SELECT 'a' < 'B'").Scan(&before))
	require.True(t, before, "a bytewise database would hide a key column without its own collation")
}

func TestAMQP_everyCallOwnVirtualHost(t *testing.T) {
	first, second := channel(t, services.AMQP(t)), channel(t, services.AMQP(t))
	_, err := first.QueueDeclare("things", true, false, false, false, amqp.Table{"x-queue-type": "quorum"})
	require.NoError(t, err)
	_, err = second.QueueDeclarePassive("things", true, false, false, false, nil)
	require.ErrorContains(t, err, "NOT_FOUND")
}

func TestRedis_everyCallOwnDatabase(t *testing.T) {
	first, second := redisClient(t, services.Redis(t)), redisClient(t, services.Redis(t))
	require.NoError(t, first.Set(t.Context(), "key", "value", 0).Err())
	require.ErrorIs(t, second.Get(t.Context(), "key").Err(), redis.Nil)
}

func TestPrefix_name(t *testing.T) {
	first, second := services.Prefix(t), services.Prefix(t)
	require.Regexp(t, `^t_prefix_name_[0-9a-f]{8}$`, first)
	require.NotEqual(t, first, second)
}

func TestStartPostgres_killedAndFrozen(t *testing.T) {
	server := services.StartPostgres(t)
	conn := postgres(t, server.URL)
	_, err := conn.Exec(t.Context(), "CREATE TABLE things AS SELECT 42 AS id")
	require.NoError(t, err)

	server.Freeze()
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	frozen, err := pgx.ParseConfig(server.URL)
	require.NoError(t, err)
	_, err = pgx.ConnectConfig(short, frozen)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	server.Thaw()
	require.NoError(t, conn.Ping(t.Context()))

	server.Kill()
	require.Error(t, conn.Ping(t.Context()))
	server.Restart()
	var id int
	require.NoError(t, postgres(t, server.URL).QueryRow(t.Context(), "SELECT id FROM things").Scan(&id))
	require.Equal(t, 42, id)
}

func TestStartPostgres_stopTellsItsClients(t *testing.T) {
	server := services.StartPostgres(t)
	conn := postgres(t, server.URL)
	server.Stop()
	require.ErrorContains(t, conn.Ping(t.Context()), "57P01")
}

func TestStartRedis_killedAndFrozen(t *testing.T) {
	server := services.StartRedis(t)
	client := redisClient(t, server.URL)
	require.NoError(t, client.Set(t.Context(), "key", "value", 0).Err())

	server.Freeze()
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	require.Error(t, client.Get(short, "key").Err())
	server.Thaw()
	require.NoError(t, client.Get(t.Context(), "key").Err())

	server.Kill()
	require.Error(t, client.Get(t.Context(), "key").Err())
	server.Restart()
	value, err := client.Get(t.Context(), "key").Result()
	require.NoError(t, err)
	require.Equal(t, "value", value)
}

func TestStartRabbitMQ_killedAndStartedAgain(t *testing.T) {
	server := services.StartRabbitMQ(t)
	ch := channel(t, server.URL)
	_, err := ch.QueueDeclare("things", true, false, false, false, amqp.Table{"x-queue-type": "quorum"})
	require.NoError(t, err)
	closed := ch.NotifyClose(make(chan *amqp.Error, 1))

	server.Kill()
	<-closed
	server.Restart()
	_, err = channel(t, server.URL).QueueDeclarePassive("things", true, false, false, false, nil)
	require.NoError(t, err)
}

func TestStartRabbitMQ_alarm_publishersWaitUntilItEnds(t *testing.T) {
	server := services.StartRabbitMQ(t)
	ch := channel(t, server.URL)
	require.NoError(t, ch.Confirm(false))
	publish := func() *amqp.DeferredConfirmation {
		confirmation, err := ch.PublishWithDeferredConfirm("", "nobody", false, false, amqp.Publishing{})
		require.NoError(t, err)
		return confirmation
	}
	require.True(t, publish().Wait())
	server.Alarm()
	publish() // the broker takes it, and only then stops reading
	waiting := publish()
	var confirmed bool
	select {
	case <-waiting.Done():
		confirmed = true
	case <-time.After(300 * time.Millisecond):
	}
	server.EndAlarm() // first of all: the connection cannot be closed either
	require.False(t, confirmed, "confirmed under a memory alarm")
	require.True(t, waiting.Wait())
}

func TestStartRabbitMQ_deleteQueues_exclusiveOnesToo(t *testing.T) {
	server := services.StartRabbitMQ(t)
	ch := channel(t, server.URL)
	for _, name := range []string{"ours.1", "ours.2", "theirs"} {
		_, err := ch.QueueDeclare(name, false, true, true, false, nil)
		require.NoError(t, err)
	}
	require.Equal(t, 2, server.DeleteQueues("ours."))
	_, err := ch.QueueDeclarePassive("theirs", false, true, true, false, nil)
	require.NoError(t, err)
	_, err = ch.QueueDeclarePassive("ours.1", false, true, true, false, nil)
	require.ErrorContains(t, err, "NOT_FOUND")
}

func TestStartRedis_killed_keepsWhatItAnswered(t *testing.T) {
	client := redisClient(t, services.StartRedis(t).URL)
	settings, err := client.ConfigGet(t.Context(), "append*").Result()
	require.NoError(t, err)
	require.Equal(t, "yes", settings["appendonly"])
	require.Equal(t, "always", settings["appendfsync"], "it would answer before it writes, while another fsync is under way")
}
