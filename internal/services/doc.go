// Package services gives tests real PostgreSQL, RabbitMQ and Redis servers.
//
// Shared servers, started once and used by everyone: [Postgres] gives a database of the test's own, [AMQP] a virtual host,
// [Redis] a logical database. `make test` starts them once for the whole run (internal/services/withservers) and tells
// the test processes by the variables below; a plain `go test ./pkg` starts what the package asks for by itself. Servers
// of your own are used instead where their variable is set:
//
//	ORDERMILL_TEST_POSTGRES_URL   a superuser's URL; databases are created and dropped there
//	ORDERMILL_TEST_AMQP_URL       its virtual host is shared: give each run a new one
//	ORDERMILL_TEST_REDIS_URL      its logical databases are flushed
//
// Dedicated servers, for tests that kill or freeze them: [StartPostgres], [StartRabbitMQ], [StartRedis].
//
// A server that cannot be had fails the test. Only ORDERMILL_TEST_EMBEDDED=1 (`make test-embedded`) skips such tests, by
// name. Ask for a server in the subtest that needs it, so that the others still run there.
//
// Nothing here belongs in a production binary.
package services
