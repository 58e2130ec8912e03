package services_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/internal/services"
)

// recorder is a test that notes how it was ended.
type recorder struct {
	testing.TB
	skipped, failed string
}

func (*recorder) Helper() {}

func (r *recorder) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
	panic(r)
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	panic(r)
}

// observe runs a test's body and returns how it was ended.
func observe(t *testing.T, body func(testing.TB)) *recorder {
	r := &recorder{TB: t}
	func() {
		defer func() {
			if p := recover(); p != nil && p != any(r) {
				panic(p)
			}
		}()
		body(r)
	}()
	return r
}

func TestEmbedded_skipsByName(t *testing.T) {
	t.Setenv(services.EmbeddedOnly, "1")
	for name, body := range map[string]func(testing.TB){
		"PostgreSQL": func(t testing.TB) { services.Postgres(t) },
		"RabbitMQ":   func(t testing.TB) { services.AMQP(t) },
		"Redis":      func(t testing.TB) { services.StartRedis(t) },
	} {
		require.Contains(t, observe(t, body).skipped, name)
	}
}

func TestMissingServer_failsAndSaysWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	ended := observe(t, func(t testing.TB) { services.StartRedis(t) })
	require.Empty(t, ended.skipped)
	require.Contains(t, ended.failed, "redis-server is not installed")
	require.Contains(t, ended.failed, "apt-get install -y --no-install-recommends postgresql rabbitmq-server redis-server")
}
