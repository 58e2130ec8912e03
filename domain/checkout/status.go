package checkout

import (
	"ordermill/domain/order"
	"ordermill/domain/payment"
)

// Values of WaitingFor.
const (
	WaitingForOrder    = "order"    // money came for an order that nobody placed
	WaitingForStock    = "stock"    // placed, its stock is not looked at yet, or paid and not secured yet
	WaitingForPayment  = "payment"  // held, not fully paid
	WaitingForShipment = "shipment" // confirmed, not everything was shipped
	WaitingForDelivery = "delivery" // everything was shipped, not everything has arrived
	WaitingForRefund   = "refund"   // ended, money is on its way back
	WaitingForNothing  = ""
)

// WaitingFor tells in one word what happens next to an order.
func WaitingFor(o order.State, account payment.State) string {
	sums := account.Sums(terms(o))
	switch {
	case !o.Exists() && sums.RefundPendingMinor > 0:
		return WaitingForRefund
	case !o.Exists() && len(account.Fresh()) > 0:
		return WaitingForOrder
	case !o.Exists():
		return WaitingForNothing
	case o.Terminal() && sums.RefundPendingMinor > 0:
		return WaitingForRefund
	case o.Terminal(), o.Fulfillment() == order.FullyDelivered: // delivered: the checkout completes it with its next step
		return WaitingForNothing
	case o.Status == order.StatusConfirmed && o.Fulfillment() == order.FullyShipped:
		return WaitingForDelivery
	case o.Status == order.StatusConfirmed:
		return WaitingForShipment
	case o.Status == order.StatusAwaitingPayment && sums.OutstandingMinor > 0:
		return WaitingForPayment
	default:
		return WaitingForStock
	}
}

// PaymentStatus is the account's payment_status, as its order sees it.
func PaymentStatus(o order.State, account payment.State) string { return account.Status(terms(o)) }

// Sums adds the account up in the order's currency, or in the first capture's if the order has none.
func Sums(o order.State, account payment.State) payment.Sums { return account.Sums(terms(o)) }

func terms(o order.State) payment.Terms {
	return payment.Terms{Currency: o.Currency, DueMinor: o.GrandTotalMinor, Exists: o.Exists(), Closed: o.Closed(),
		Settled: o.Status == order.StatusConfirmed || o.Status == order.StatusCompleted}
}
