package codec

import (
	"ordermill/domain/checkout"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/domain/product"
)

// table is every kind of event, by stream.
var table = []Type{
	of[product.Registered](product.Category),
	of[product.PriceChanged](product.Category),
	of[product.Renamed](product.Category),
	of[product.Discontinued](product.Category),
	of[product.NameClaimed](product.NameCategory),
	of[product.NameReleased](product.NameCategory),

	of[inventory.ItemRegistered](inventory.Category),
	of[inventory.Received](inventory.Category),
	of[inventory.Reserved](inventory.Category),
	of[inventory.ReservationSecured](inventory.Category),
	of[inventory.ReservationExpired](inventory.Category),
	of[inventory.Released](inventory.Category),
	of[inventory.Adjusted](inventory.Category),
	of[inventory.Committed](inventory.Category),
	of[inventory.LowStockReached](inventory.Category),
	of[inventory.Restocked](inventory.Category),

	of[order.Placed](order.Category),
	of[order.Rejected](order.Category),
	of[order.PaymentAwaited](order.Category),
	of[order.Confirmed](order.Category),
	of[order.ConfirmationSent](order.Category),
	of[order.Cancelled](order.Category),
	of[order.Expired](order.Category),
	of[order.Shipped](order.Category),
	of[order.Delivered](order.Category),
	of[order.Completed](order.Category),

	of[payment.Captured](payment.Category),
	of[payment.Matched](payment.Category),
	of[payment.Unmatched](payment.Category),
	of[payment.Requested](payment.Category),
	of[payment.Failed](payment.Category),
	of[payment.RequestClosed](payment.Category),
	of[payment.RefundRequested](payment.Category),
	of[payment.Refunded](payment.Category),
	of[payment.RefundFailed](payment.Category),
	of[payment.ReviewRaised](payment.Category),
	of[payment.ReviewResolved](payment.Category),
	of[payment.Reassigned](payment.Category),

	of[payment.Claimed](payment.ClaimCategory),

	of[checkout.StockReserved](checkout.Category),
	of[checkout.StockRejected](checkout.Category),
	of[checkout.StockSecured](checkout.Category),
	of[checkout.StockLost](checkout.Category),
	of[checkout.StockReleased](checkout.Category),
	of[checkout.DeadlineFired](checkout.Category),
	of[checkout.Finished](checkout.Category),
}
