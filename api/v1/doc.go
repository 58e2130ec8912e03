// Package v1 holds the words of the REST contract: request and response bodies, and the codes of problems.
//
// Both sides speak it: package api renders and reads it, package api/client and outside Go programs too, so it imports
// nothing of ours. The tags on requests (pattern, minimum, maxItems ...) are the contract's limits: OpenAPI shows them, and
// the server checks exactly them.
//
// Times are UTC in RFC 3339, to the millisecond. Amounts are integers in minor units of an ISO 4217 currency (2999 USD is
// 29.99 dollars). It holds no behaviour and no rules of the shop.
package v1
