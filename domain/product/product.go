package product

import (
	"ordermill/domain/decider"
	"ordermill/domain/money"
)

// Category of a product's stream, product-{sku}.
const Category = "product"

// RegisteredType names the event.
const RegisteredType = "product.registered"

// State is a product as its stream tells; the zero State is a SKU that nobody registered.
type State struct {
	SKU        string `json:"sku"`
	Name       string `json:"name"`
	NameKey    string `json:"name_key"`
	PriceMinor int64  `json:"price_minor"`
	Currency   string `json:"currency"`
}

// Exists reports whether the product was registered.
func (s State) Exists() bool { return s.SKU != "" }

// Event is a fact about a product.
//
//sumtype:decl
type Event interface {
	decider.Event
	product()
}

// Registered: a product entered the catalogue.
type Registered struct {
	SKU        string `json:"sku"`
	Name       string `json:"name"`
	NameKey    string `json:"name_key"`
	PriceMinor int64  `json:"price_minor"`
	Currency   string `json:"currency"`
}

// EventType is the event's name in the log.
func (Registered) EventType() string { return RegisteredType }
func (Registered) product()          {}

// Command asks for a change of a product.
//
//sumtype:decl
type Command interface{ command() }

// Register puts a product into the catalogue. The name is claimed beside it, see ClaimName.
type Register struct {
	SKU, Name  string
	PriceMinor int64
	Currency   string
}

func (Register) command() {}

// Decider is the rules of product-{sku}.
var Decider = decider.Decider[State, Command, Event]{
	Initial: func() State { return State{} },
	Evolve:  evolve,
	Decide:  decide,
}

func evolve(s State, event Event) State {
	switch e := event.(type) {
	case Registered:
		s = State(e)
	}
	return s
}

func decide(s State, command Command) ([]Event, error) {
	switch c := command.(type) {
	case Register:
		return register(s, c)
	}
	return nil, nil
}

// MaxName is how many bytes a product's name may have.
const MaxName = 200

func register(s State, c Register) ([]Event, error) {
	if s.Exists() {
		return nil, decider.Refuse("sku-taken", "a product with this SKU is registered already")
	}
	var wrong decider.Fields
	wrong.ID("/sku", c.SKU)
	key := NameKey(c.Name)
	switch {
	case key == "":
		wrong.Add("/name", "blank", "a name has at least one visible character")
	case len(c.Name) > MaxName:
		wrong.Add("/name", "too-long", "up to 200 bytes")
	}
	wrong.Range("/price_minor", c.PriceMinor, 0, money.Max, "0 to 2^53-1 minor units")
	if !money.Known(c.Currency) {
		wrong.Add("/currency", "unknown-currency", "a code of ISO 4217, such as USD")
	}
	if err := wrong.Refusal(); err != nil {
		return nil, err
	}
	return []Event{Registered{SKU: c.SKU, Name: c.Name, NameKey: key, PriceMinor: c.PriceMinor, Currency: c.Currency}}, nil
}
