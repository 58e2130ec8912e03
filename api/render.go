package api

import (
	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/domain/checkout"
	stock "ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/projections/inventory"
	"ordermill/projections/orders"
	"ordermill/projections/payments"
	"ordermill/projections/products"
)

func (a *API) orders() view[orders.Row, v1.Order] {
	return view[orders.Row, v1.Order]{a.Orders, orders.Projection, orderRow}
}

func (a *API) accounts() view[payments.Row, v1.Account] {
	return view[payments.Row, v1.Account]{a.Payments, payments.Projection, accountRow}
}

func (a *API) items() view[inventory.Row, v1.Item] {
	return view[inventory.Row, v1.Item]{a.Inventory, inventory.Projection, itemRow}
}

func (a *API) catalogue() view[products.Row, v1.Product] {
	return view[products.Row, v1.Product]{a.Products, products.Projection, productRow}
}

func orderRow(r orders.Row) v1.Order {
	out := orderOf(r.OrderID, r.Order, r.Account, r.Memory)
	out.PlacedAt, out.UpdatedAt, out.Version, out.Position = millis(r.PlacedAt), millis(r.UpdatedAt), r.Version, r.Position
	return out
}

// orderNow is an order as a command leaves it; it has no version and no position.
func orderNow(r app.OrderNow) v1.Order {
	out := orderOf(r.OrderID, r.Order, r.Account, r.Memory)
	out.PlacedAt, out.UpdatedAt = millis(r.PlacedAt), millis(r.UpdatedAt)
	return out
}

func orderOf(id string, o order.State, account payment.State, memory checkout.State) v1.Order {
	sums := checkout.Sums(o, account)
	out := v1.Order{
		OrderID: id, Status: o.Status, PaymentStatus: checkout.PaymentStatus(o, account), FulfillmentStatus: o.Fulfillment(),
		NeedsReview: account.NeedsReview(), WaitingFor: checkout.WaitingFor(o, account), Reason: o.Reason, Shortages: []v1.Shortage{},
		CustomerRef: o.CustomerRef, Currency: sums.Currency, GrandTotalMinor: o.GrandTotalMinor, CapturedMinor: sums.CapturedMinor,
		RefundedMinor: sums.RefundedMinor, RefundPendingMinor: sums.RefundPendingMinor, OutstandingMinor: sums.OutstandingMinor,
		PayBy: millis(o.PayBy), Lines: []v1.OrderLine{}, Shipments: []v1.Shipment{},
	}
	shortages := o.Shortages
	if len(shortages) == 0 && o.Terminal() { // stock that was lost after payment ends an order too
		shortages = memory.Shortages
	}
	for _, s := range shortages {
		out.Shortages = append(out.Shortages, v1.Shortage(s))
	}
	for _, l := range o.Lines {
		out.Lines = append(out.Lines, v1.OrderLine{
			LineID: l.LineID, SKU: l.SKU, Name: l.Name, Quantity: l.Quantity, ShippedQuantity: o.Shipped(l.LineID),
			UnitPriceMinor: l.UnitPriceMinor, TotalMinor: l.TotalMinor})
	}
	for _, s := range o.Shipments {
		out.Shipments = append(out.Shipments, shipmentOf(s))
	}
	return out
}

func shipmentOf(s order.Shipment) v1.Shipment {
	out := v1.Shipment{ShipmentID: s.ShipmentID, Lines: []v1.ShipmentLine{}, Carrier: s.Carrier, Tracking: s.Tracking, Delivered: s.Delivered}
	for _, l := range s.Lines {
		out.Lines = append(out.Lines, v1.ShipmentLine(l))
	}
	return out
}

func accountRow(r payments.Row) v1.Account {
	sums := checkout.Sums(r.Order, r.Account)
	out := v1.Account{
		OrderID: r.OrderID, Currency: sums.Currency, DueMinor: sums.DueMinor, CapturedMinor: sums.CapturedMinor,
		RefundedMinor: sums.RefundedMinor, RefundPendingMinor: sums.RefundPendingMinor, BalanceMinor: sums.BalanceMinor(),
		PaymentStatus: checkout.PaymentStatus(r.Order, r.Account), Request: requestOf(r.Account, sums), Captures: []v1.Capture{}, Refunds: []v1.Refund{}, Reviews: []v1.Review{},
		Version: r.Version, Position: r.Position,
	}
	for _, c := range r.Account.Captures {
		out.Captures = append(out.Captures, v1.Capture{
			CaptureID: c.CaptureID, AmountMinor: c.AmountMinor, Currency: c.Currency, AppliedMinor: c.AppliedMinor,
			ExcessMinor: c.ExcessMinor, Outcome: r.Account.Outcome(c), ToOrderID: c.ToOrderID, ReceivedAt: millis(r.ReceivedAt[c.CaptureID])})
	}
	for _, refund := range r.Account.Refunds {
		out.Refunds = append(out.Refunds, refundOf(refund))
	}
	for _, review := range r.Account.Reviews {
		out.Reviews = append(out.Reviews, v1.Review(review))
	}
	return out
}

func refundOf(r payment.Refund) v1.Refund {
	return v1.Refund{RefundID: r.RefundID, CaptureID: r.CaptureID, AmountMinor: r.AmountMinor, Currency: r.Currency,
		Reason: r.Reason, Code: r.Code, Status: r.Status, Attempts: r.Attempts}
}

// requestOf is the newest request for payment; nil if none was made.
func requestOf(account payment.State, sums payment.Sums) *v1.PaymentRequest {
	r, asked := account.LastRequest()
	if !asked {
		return nil
	}
	status := "open"
	switch {
	case r.Closed != "":
		status = "closed"
	case sums.OutstandingMinor == 0:
		status = "paid"
	case r.FailedCode != "":
		status = "failed"
	}
	return &v1.PaymentRequest{RequestID: r.RequestID, Attempt: r.Attempt, AmountMinor: r.AmountMinor, Currency: r.Currency,
		ExpiresAt: millis(r.ExpiresAt), Status: status}
}

func itemRow(r inventory.Row) v1.Item {
	return v1.Item{SKU: r.Item.SKU, Name: r.Product.Name, OnHand: r.Item.OnHand, Reserved: r.Item.Reserved, Allocated: r.Item.Allocated,
		Available: r.Available(), SafetyStock: r.Item.SafetyStock, Low: r.Low(), Version: r.Version, Position: r.Position}
}

// stockOf is a SKU's stock by what counts at a time.
func stockOf(item stock.State, now int64) v1.Stock {
	return v1.Stock{SKU: item.SKU, OnHand: item.OnHand, Reserved: item.Reserved, Allocated: item.Allocated,
		Available: item.Available(now), SafetyStock: item.SafetyStock, Low: item.Low(now)}
}

func productRow(r products.Row) v1.Product {
	return v1.Product{SKU: r.Product.SKU, Name: r.Product.Name, PriceMinor: r.Product.PriceMinor, Currency: r.Product.Currency,
		Discontinued: r.Product.Discontinued, Version: r.Version, Position: r.Position}
}

func productRegistered(r app.ProductRegistered) v1.ProductRegistered {
	return v1.ProductRegistered{
		Product:     productRow(products.Row{Product: r.Product}),
		SafetyStock: r.Item.SafetyStock, LowStockThreshold: r.Item.LowStockThreshold,
	}
}
