package decider

// Event is a fact of the domain. EventType is its stable name in the log, such as order.placed.
type Event interface{ EventType() string }

// Decider is the rules of one kind of stream.
//
// Evolve gives the state after an event. It consumes its state as append consumes a slice: the caller gives the old value up,
// and maps may be changed in place, because a hot SKU has ten thousand reservations. It knows every event of its stream and
// cannot fail.
//
// Decide gives the events that a command leads to: none if it is so already, a *Refusal if the answer is no. It does not
// change the state.
type Decider[S, C, E any] struct {
	Initial func() S
	Evolve  func(S, E) S
	Decide  func(S, C) ([]E, error)
}

// Fold moves a state over events.
func (d Decider[S, C, E]) Fold(state S, events ...E) S {
	for _, e := range events {
		state = d.Evolve(state, e)
	}
	return state
}

// Refusal is the domain's "no". It changed nothing.
type Refusal struct {
	Code   string         `json:"code"` // of the REST contract, such as order-id-conflict
	Detail string         `json:"detail"`
	Extra  map[string]any `json:"extra,omitempty"` // what the case needs besides, such as current_status
	Errors []FieldError   `json:"errors,omitempty"`
}

// FieldError is one place of the request that is wrong. It never holds the value.
type FieldError struct {
	Pointer string `json:"pointer"` // JSON pointer, RFC 6901
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

func (r *Refusal) Error() string { return r.Code + ": " + r.Detail }

// Refuse makes a refusal.
func Refuse(code, detail string) *Refusal { return &Refusal{Code: code, Detail: detail} }
