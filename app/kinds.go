package app

import (
	"crypto/sha256"
	"encoding/hex"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/domain/product"
)

// The kinds of streams that commands decide on.
var (
	products  = kind[product.State, product.Command, product.Event]{product.Category, product.Decider}
	names     = kind[product.NameState, product.NameCommand, product.NameEvent]{product.NameCategory, product.NameDecider}
	items     = kind[inventory.State, inventory.Command, inventory.Event]{inventory.Category, inventory.Decider}
	orders    = kind[order.State, order.Command, order.Event]{order.Category, order.Decider}
	accounts  = kind[payment.State, payment.Command, payment.Event]{payment.Category, payment.Decider}
	claims    = kind[payment.ClaimState, payment.ClaimCommand, payment.ClaimEvent]{payment.ClaimCategory, payment.ClaimDecider}
	checkouts = kind[checkout.State, none, checkout.Event]{checkout.Category, decider.Decider[checkout.State, none, checkout.Event]{
		Initial: func() checkout.State { return checkout.State{} },
		Evolve:  checkout.Evolve,
	}}
)

// none is the command of a stream that only steps write, see Checkout.
type none struct{}

// nameID is the id of the stream that holds a product's name.
func nameID(name string) string { return digest(product.NameKey(name)) }

// digest is a stream id for a text of any length and letters.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
