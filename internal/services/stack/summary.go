package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// probeAtMost is how long a copy has to answer whether it is ready.
const probeAtMost = 2 * time.Second

// The letters of the tutorial, with what a shell needs around them.
const (
	orderLetter   = `'{"event_type":"order.created","payload":{"order_id":"123","items":[{"name":"Teddy Bear","quantity":1}]}}'`
	paymentLetter = `'{"event_type":"payment.completed","payload":{"order_id":"123","amount":29.99}}'`
)

// summary says where everything is and what to do with it. The base URLs of the copies stand in it once each, and no other
// http URL, so that scripts find them. asked, if there is one, says what is wrong with a copy.
func summary(f folder, s state, asked func(url string) error) string {
	var b strings.Builder
	for i, c := range s.Copies {
		note := ""
		if asked != nil {
			if err := asked(c.URL); err != nil {
				note = "  <- " + err.Error()
			}
		}
		fmt.Fprintf(&b, "  copy %d      %s  (process %d)%s\n", i+1, c.URL, c.PID, note)
	}
	fmt.Fprintf(&b, "  PostgreSQL  %s  (process %d)\n", s.Postgres.URL, s.Postgres.PID)
	fmt.Fprintf(&b, "  RabbitMQ    %s  (process %d)\n", s.RabbitMQ.URL, s.RabbitMQ.PID)
	fmt.Fprintf(&b, "  Redis       %s  (process %d)\n", s.Redis.URL, s.Redis.PID)
	fmt.Fprintf(&b, `
Place an order over RabbitMQ (amqp-publish is in Debian's amqp-tools), pay for it over Redis, and read it from any copy at /v1/orders/123:

  amqp-publish -u '%s' -p -r ordermill.inbox -b %s
  redis-cli --no-auth-warning -u '%s' XADD ordermill:inbox '*' payload %s

Logs of the copies, and of what has died: %s
Logs and data of the servers, until the stack ends: %s
To stop it all: make stack-stop
`, s.RabbitMQ.URL, orderLetter, s.Redis.URL, paymentLetter, f.path("*.log"), s.Data)
	return b.String()
}

// probe asks a copy whether it is ready.
func probe(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), probeAtMost)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("does not answer")
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("is not ready (status %d)", answer.StatusCode)
	}
	return nil
}
