package v1

import "time"

// ParkedKey is an order, a SKU or a case that a consumer could not handle. It skips what concerns the key, in order, until
// somebody has it retried or discarded.
type ParkedKey struct {
	Consumer  string     `json:"consumer" doc:"a read model's name, or a reactor's"`
	Key       string     `json:"key"`
	Error     string     `json:"error" doc:"of the last try"`
	Attempts  int64      `json:"attempts"`
	ParkedAt  *time.Time `json:"parked_at"`
	Skipped   int64      `json:"skipped" doc:"how many positions wait"`
	Positions []int64    `json:"positions" doc:"the first hundred of them"`
	Asked     string     `json:"asked" enum:",retry,discard" doc:"what is about to be done about it; empty: nothing"`
}

// DiscardParked is the body of POST /v1/parked/{consumer}/{key}/discard.
type DiscardParked struct {
	Reason string `json:"reason" minLength:"1" maxLength:"200" doc:"kept beside the positions; no name, no address"`
}

// ParkedAsked answers a request about a parked key.
type ParkedAsked struct {
	Consumer string `json:"consumer"`
	Key      string `json:"key"`
	Asked    string `json:"asked" enum:"retry,discard"`
}
