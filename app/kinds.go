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

// The kinds of streams that commands decide on. Those of a SKU grow for as long as it is sold and have snapshots; the others have
// the few events of one order, one name or one identity of money.
var (
	products  = kind[product.State, product.Command, product.Event]{product.Category, product.Decider, 1}
	names     = kind[product.NameState, product.NameCommand, product.NameEvent]{product.NameCategory, product.NameDecider, 0}
	items     = kind[inventory.State, inventory.Command, inventory.Event]{inventory.Category, inventory.Decider, 1}
	orders    = kind[order.State, order.Command, order.Event]{order.Category, order.Decider, 0}
	accounts  = kind[payment.State, payment.Command, payment.Event]{payment.Category, payment.Decider, 0}
	claims    = kind[payment.ClaimState, payment.ClaimCommand, payment.ClaimEvent]{payment.ClaimCategory, payment.ClaimDecider, 0}
	checkouts = kind[checkout.State, none, checkout.Event]{checkout.Category, decider.Decider[checkout.State, none, checkout.Event]{
		Initial: func() checkout.State { return checkout.State{} },
		Evolve:  checkout.Evolve,
	}, 0}
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
