// Package api is the REST surface of the shop: Gin routes, huma describes (OpenAPI 3.1), and this package is as strict as
// the contract demands where both would be lax.
//
//   - command.go   every POST: strict body, Idempotency-Key, one answer that is stored byte for byte
//   - strict.go    what a request may look like before anybody looks inside
//   - problems.go  the one table from problem code to status, title and explanation
//   - orders.go, payments.go, inventory.go, products.go, messages.go, events.go, stream.go, operations.go: the rows of the contract
//
// It decides nothing and reads no tables: commands go to a Desk, queries to the read models, events to the log. What it
// needs of them stands in ports.go. The words on the wire are package v1's.
package api
