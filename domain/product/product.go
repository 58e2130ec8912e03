package product

import (
	"ordermill/domain/decider"
	"ordermill/domain/money"
)

// Category of a product's stream, product-{sku}.
const Category = "product"

// Names of the events in the log.
const (
	RegisteredType   = "product.registered"
	PriceChangedType = "product.price_changed"
	RenamedType      = "product.renamed"
	DiscontinuedType = "product.discontinued"
)

// State is a product as its stream tells; the zero State is a SKU that nobody registered.
type State struct {
	SKU        string `json:"sku"`
	Name       string `json:"name"`
	NameKey    string `json:"name_key"`
	PriceMinor int64  `json:"price_minor"`
	Currency   string `json:"currency"`
	// Discontinued products keep their SKU and name, and cannot be ordered any more.
	Discontinued bool `json:"discontinued,omitempty"`
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

type (
	// Registered: a product is in the catalogue, at this price.
	Registered struct {
		SKU        string `json:"sku"`
		Name       string `json:"name"`
		NameKey    string `json:"name_key"`
		PriceMinor int64  `json:"price_minor"`
		Currency   string `json:"currency"`
	}
	// PriceChanged: orders from now on are at the new price.
	PriceChanged struct {
		OldMinor int64 `json:"old_minor"`
		NewMinor int64 `json:"new_minor"`
	}
	// Renamed: the product has another name; the old one is given up in the same append, unless it differs only in its writing.
	Renamed struct {
		OldName string `json:"old_name"`
		Name    string `json:"name"`
		NameKey string `json:"name_key"`
	}
	// Discontinued: nobody can order the product any more; orders that are there go on.
	Discontinued struct{}
)

// EventType is the event's name in the log.
func (Registered) EventType() string { return RegisteredType }

// EventType is the event's name in the log.
func (PriceChanged) EventType() string { return PriceChangedType }

// EventType is the event's name in the log.
func (Renamed) EventType() string { return RenamedType }

// EventType is the event's name in the log.
func (Discontinued) EventType() string { return DiscontinuedType }

func (Registered) product()   {}
func (PriceChanged) product() {}
func (Renamed) product()      {}
func (Discontinued) product() {}

// Command asks for a change of a product.
//
//sumtype:decl
type Command interface{ command() }

type (
	// Register puts a product into the catalogue. The name is claimed beside it, see ClaimName.
	Register struct {
		SKU, Name  string
		PriceMinor int64
		Currency   string
	}
	// ChangePrice sets the price, in minor units of the product's currency.
	ChangePrice struct{ PriceMinor int64 }
	// Rename gives the product another name. The names are claimed and released beside it, see ClaimName.
	Rename struct{ Name string }
	// Discontinue takes the product off sale.
	Discontinue struct{}
)

func (Register) command()    {}
func (ChangePrice) command() {}
func (Rename) command()      {}
func (Discontinue) command() {}

// Decider is the rules of product-{sku}.
var Decider = decider.Decider[State, Command, Event]{
	Initial: func() State { return State{} },
	Evolve:  evolve,
	Decide:  decide,
}

func evolve(s State, event Event) State {
	switch e := event.(type) {
	case Registered:
		s.SKU, s.Name, s.NameKey, s.PriceMinor, s.Currency = e.SKU, e.Name, e.NameKey, e.PriceMinor, e.Currency
	case PriceChanged:
		s.PriceMinor = e.NewMinor
	case Renamed:
		s.Name, s.NameKey = e.Name, e.NameKey
	case Discontinued:
		s.Discontinued = true
	}
	return s
}

func decide(s State, command Command) ([]Event, error) {
	if _, first := command.(Register); !first && !s.Exists() {
		return nil, decider.Refuse("unknown-sku", "no product is registered with this SKU; register it first")
	}
	switch c := command.(type) {
	case Register:
		return register(s, c)
	case ChangePrice:
		return changePrice(s, c)
	case Rename:
		return rename(s, c)
	case Discontinue:
		if s.Discontinued {
			return nil, nil
		}
		return []Event{Discontinued(c)}, nil
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
	checkName(&wrong, c.Name)
	checkPrice(&wrong, c.PriceMinor)
	if !money.Known(c.Currency) {
		wrong.Add("/currency", "unknown-currency", "a code of ISO 4217, such as USD")
	}
	if err := wrong.Refusal(); err != nil {
		return nil, err
	}
	return []Event{Registered{SKU: c.SKU, Name: c.Name, NameKey: NameKey(c.Name), PriceMinor: c.PriceMinor, Currency: c.Currency}}, nil
}

func changePrice(s State, c ChangePrice) ([]Event, error) {
	var wrong decider.Fields
	checkPrice(&wrong, c.PriceMinor)
	if err := wrong.Refusal(); err != nil || c.PriceMinor == s.PriceMinor {
		return nil, err
	}
	return []Event{PriceChanged{OldMinor: s.PriceMinor, NewMinor: c.PriceMinor}}, nil
}

func rename(s State, c Rename) ([]Event, error) {
	var wrong decider.Fields
	checkName(&wrong, c.Name)
	if err := wrong.Refusal(); err != nil || c.Name == s.Name {
		return nil, err
	}
	return []Event{Renamed{OldName: s.Name, Name: c.Name, NameKey: NameKey(c.Name)}}, nil
}

func checkName(wrong *decider.Fields, name string) {
	switch {
	case NameKey(name) == "":
		wrong.Add("/name", "blank", "a name has at least one visible character")
	case len(name) > MaxName:
		wrong.Add("/name", "too-long", "up to 200 bytes")
	}
}

func checkPrice(wrong *decider.Fields, minor int64) {
	wrong.Range("/price_minor", minor, 0, money.Max, "0 to 2^53-1 minor units")
}
