package product

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"ordermill/domain/decider"
)

// NameCategory of the streams that claim names, product_name-{sha256 of the name's key}.
const NameCategory = "product_name"

// Names of the events in the log.
const (
	NameClaimedType  = "product.name_claimed"
	NameReleasedType = "product.name_released"
)

// NameKey is what makes two names the same: Unicode NFKC, case-folded, trimmed, runs of spaces made one.
func NameKey(name string) string {
	folded := cases.Fold().String(norm.NFKC.String(name))
	return strings.Join(strings.Fields(norm.NFKC.String(folded)), " ")
}

// NameState is who holds a name; the zero NameState is a free one.
type NameState struct {
	SKU string `json:"sku"`
}

// NameEvent is a fact about a name.
//
//sumtype:decl
type NameEvent interface {
	decider.Event
	productName()
}

type (
	// NameClaimed: a name belongs to a product now; names that differ only in case or spacing are one.
	NameClaimed struct {
		SKU string `json:"sku"`
	}
	// NameReleased: the product that had it is called otherwise; the name is free.
	NameReleased struct {
		SKU string `json:"sku"`
	}
)

// EventType is the event's name in the log.
func (NameClaimed) EventType() string { return NameClaimedType }

// EventType is the event's name in the log.
func (NameReleased) EventType() string { return NameReleasedType }

func (NameClaimed) productName()  {}
func (NameReleased) productName() {}

// NameCommand asks for a name.
//
//sumtype:decl
type NameCommand interface{ nameCommand() }

type (
	// ClaimName takes a name for a product, in the same append as the product. A name that is its own already is nothing new.
	ClaimName struct{ SKU string }
	// ReleaseName gives the product's name up.
	ReleaseName struct{ SKU string }
)

func (ClaimName) nameCommand()   {}
func (ReleaseName) nameCommand() {}

// NameDecider is the rules of product_name-{hash}.
var NameDecider = decider.Decider[NameState, NameCommand, NameEvent]{
	Initial: func() NameState { return NameState{} },
	Evolve: func(s NameState, event NameEvent) NameState {
		switch e := event.(type) {
		case NameClaimed:
			s.SKU = e.SKU
		case NameReleased:
			s.SKU = ""
		}
		return s
	},
	Decide: func(s NameState, command NameCommand) ([]NameEvent, error) {
		switch c := command.(type) {
		case ClaimName:
			switch s.SKU {
			case "":
				return []NameEvent{NameClaimed(c)}, nil
			case c.SKU:
				return nil, nil
			default:
				return nil, decider.Refuse("name-taken", "another product has this name, or one that differs only in case or spacing")
			}
		case ReleaseName:
			if s.SKU == c.SKU {
				return []NameEvent{NameReleased(c)}, nil
			}
		}
		return nil, nil
	},
}
