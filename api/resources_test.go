package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/app"
	"ordermill/domain/checkout"
	inv "ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/domain/product"
	"ordermill/projections/inventory"
	"ordermill/projections/orders"
	"ordermill/projections/payments"
	"ordermill/projections/products"
)

var (
	bears   = order.Line{LineID: "1", SKU: "TEDDY-BEAR", Name: "Teddy Bear", Quantity: 2, UnitPriceMinor: 2999, TotalMinor: 5998}
	awaited = order.State{Status: order.StatusAwaitingPayment, Currency: "USD", CustomerRef: "c-1", Lines: []order.Line{bears},
		GrandTotalMinor: 5998, PayBy: recorded.UnixMilli()}
	halfPaid = payment.State{
		Captures: []payment.Capture{{CaptureID: "c1", AmountMinor: 3000, Currency: "USD", Matched: true, AppliedMinor: 3000}},
		Requests: []payment.Request{{RequestID: "r1", Attempt: 1, AmountMinor: 5998, Currency: "USD", ExpiresAt: recorded.UnixMilli()}},
		Refunds:  []payment.Refund{{RefundID: "f1", CaptureID: "c1", AmountMinor: 1, Currency: "USD", Reason: "overpayment", Status: payment.RefundOpen, Attempts: 2}},
		Reviews:  []payment.Review{{ReviewID: "v", Reason: "refund_failed", CaptureID: "c1", RefundID: "f1", AmountMinor: 1, Currency: "USD", Code: "gone"}},
	}
)

func when() *time.Time { at := recorded; return &at }

func TestOrder_asTheReadModelShowsIt(t *testing.T) {
	s := newShop(t)
	s.orders["o:1"] = orders.Row{OrderID: "o:1", Order: awaited, Account: halfPaid, PlacedAt: recorded.UnixMilli(), UpdatedAt: recorded.UnixMilli(), Version: 2, Position: 9}
	var got v1.Order
	answer := s.get("/v1/orders/o:1")
	answer.ok(200, &got)
	require.Equal(t, "7", answer.Header.Get("X-Projection-Position"))
	require.Equal(t, v1.Order{
		OrderID: "o:1", Status: "awaiting_payment", PaymentStatus: "refund_pending", FulfillmentStatus: "unfulfilled", NeedsReview: true,
		WaitingFor: "payment", CustomerRef: "c-1", Currency: "USD", GrandTotalMinor: 5998, CapturedMinor: 3000, RefundPendingMinor: 1,
		OutstandingMinor: 2999, PayBy: when(), PlacedAt: when(), UpdatedAt: when(), Version: 2, Position: 9,
		Shortages: []v1.Shortage{}, Shipments: []v1.Shipment{},
		Lines: []v1.OrderLine{{LineID: "1", SKU: "TEDDY-BEAR", Name: "Teddy Bear", Quantity: 2, UnitPriceMinor: 2999, TotalMinor: 5998}},
	}, got)
	require.Contains(t, answer.text, `"shortages":[],`)
	require.Contains(t, answer.text, `"reason":"",`)
	s.get("/v1/orders/2").problem(v1.NotFound)
}

func TestOrder_lostStock_showsWhatWasShort(t *testing.T) {
	s := newShop(t)
	short := []order.Shortage{{SKU: "A", Requested: 2, Available: 1}}
	s.orders["1"] = orders.Row{OrderID: "1", Order: order.State{Status: order.StatusRejected, Reason: "out_of_stock", Shortages: short}}
	s.orders["2"] = orders.Row{OrderID: "2", Order: order.State{Status: order.StatusCancelled, Reason: "out_of_stock_after_payment"}, Memory: checkout.State{Shortages: short}}
	for _, id := range []string{"1", "2"} {
		var got v1.Order
		s.get("/v1/orders/"+id).ok(200, &got)
		require.Equal(t, []v1.Shortage{{SKU: "A", Requested: 2, Available: 1}}, got.Shortages)
	}
}

func TestOrders_place_newAndSame(t *testing.T) {
	s := newShop(t)
	s.desk.result = app.OrderPlaced{New: true, OrderNow: app.OrderNow{OrderID: "o-1", PlacedAt: recorded.UnixMilli(), UpdatedAt: recorded.UnixMilli(), Order: order.State{Status: order.StatusPlaced, Currency: "USD", Lines: []order.Line{bears}, GrandTotalMinor: 5998}}}
	s.desk.position = 4
	const body = `{"order_id":"o-1","currency":"USD","customer_ref":"c","items":[{"sku":"A","quantity":2,"expected_unit_price_minor":0},{"name":"B","quantity":1}]}`
	var got v1.Order
	answer := s.post("/v1/orders", body)
	answer.ok(201, &got)
	require.Equal(t, "/v1/orders/o-1", answer.Header.Get("Location"))
	require.Equal(t, "4", answer.Header.Get("X-Position"))
	require.Equal(t, "placed", got.Status)
	require.Equal(t, when(), got.PlacedAt)
	require.NotContains(t, answer.text, "position", "what is kept for ever names no position")
	zero := int64(0)
	require.Equal(t, app.PlaceOrder{OrderID: "o-1", Currency: "USD", CustomerRef: "c",
		Items: []app.Item{{SKU: "A", Quantity: 2, ExpectedUnitPriceMinor: &zero}, {Name: "B", Quantity: 1}}}, s.desk.command)

	s.log.append(record(6, "order-o-1", 1, "order.placed", "{}"), record(8, "order-o-1", 2, "order.payment_awaited", "{}"), record(9, "order-o-2", 1, "order.placed", "{}"))
	s.desk.result, s.desk.position = app.OrderPlaced{OrderNow: app.OrderNow{OrderID: "o-1", PlacedAt: recorded.UnixMilli(), UpdatedAt: recorded.UnixMilli() + 1, Order: awaited}}, 0
	answer = s.post("/v1/orders", body)
	answer.ok(200, &got)
	require.Equal(t, "awaiting_payment", got.Status)
	require.Equal(t, when(), got.PlacedAt)
	require.Equal(t, recorded.Add(time.Millisecond), *got.UpdatedAt)
	require.Equal(t, "8", answer.Header.Get("X-Position"), "nothing was written: the order's own last event")
}

func TestPayment_account(t *testing.T) {
	s := newShop(t)
	s.payments["1"] = payments.Row{OrderID: "1", Order: awaited, Account: halfPaid, ReceivedAt: map[string]int64{"c1": recorded.UnixMilli()}, Version: 3, Position: 9}
	var got v1.Account
	s.get("/v1/orders/1/payment").ok(200, &got)
	require.Equal(t, v1.Account{
		OrderID: "1", Currency: "USD", DueMinor: 5998, CapturedMinor: 3000, RefundPendingMinor: 1, BalanceMinor: 3000, PaymentStatus: "refund_pending",
		Request:  &v1.PaymentRequest{RequestID: "r1", Attempt: 1, AmountMinor: 5998, Currency: "USD", ExpiresAt: when(), Status: "open"},
		Captures: []v1.Capture{{CaptureID: "c1", AmountMinor: 3000, Currency: "USD", AppliedMinor: 3000, Outcome: "applied", ReceivedAt: when()}},
		Refunds:  []v1.Refund{{RefundID: "f1", CaptureID: "c1", AmountMinor: 1, Currency: "USD", Reason: "overpayment", Status: "requested", Attempts: 2}},
		Reviews:  []v1.Review{{ReviewID: "v", Reason: "refund_failed", CaptureID: "c1", RefundID: "f1", AmountMinor: 1, Currency: "USD", Code: "gone"}},
		Version:  3, Position: 9,
	}, got)
}

func TestPayment_withoutAnOrder(t *testing.T) {
	s := newShop(t)
	s.payments["nobody"] = payments.Row{OrderID: "nobody", Version: 2, Position: 2,
		Account: payment.State{Captures: []payment.Capture{{CaptureID: "c1", AmountMinor: 5, Currency: "EUR", ParkUntil: 1}}}}
	var got v1.Account
	answer := s.get("/v1/orders/nobody/payment")
	answer.ok(200, &got)
	require.Equal(t, "unmatched", got.PaymentStatus)
	require.Equal(t, "unmatched", got.Captures[0].Outcome)
	require.Equal(t, "EUR", got.Currency)
	require.Contains(t, answer.text, `"request":null`)
	var page v1.List[v1.Account]
	s.get("/v1/payments").ok(200, &page)
	require.Len(t, page.Items, 1)
}

func TestPayments_record(t *testing.T) {
	s := newShop(t)
	s.desk.result = app.PaymentRecorded{OrderID: "1", CaptureID: "c", Outcome: "unmatched", AmountMinor: 5, Currency: "USD"}
	var got v1.PaymentRecorded
	answer := s.post("/v1/orders/1/payments", `{"payment_id":"p","amount_minor":5}`)
	answer.ok(201, &got)
	require.Equal(t, v1.PaymentRecorded{OrderID: "1", CaptureID: "c", Outcome: "unmatched", AmountMinor: 5, Currency: "USD"}, got)
	require.Empty(t, answer.Header.Get("X-Position"), "nobody has written anything")
	require.Equal(t, app.RecordPayment{OrderID: "1", PaymentID: "p", AmountMinor: 5}, s.desk.command)
}

func TestInventory(t *testing.T) {
	s := newShop(t)
	item := inv.State{SKU: "A", OnHand: 10, Reserved: 2, Allocated: 3, SafetyStock: 1, LowStockThreshold: 4}
	s.stock["A"] = inventory.Row{Product: product.State{Name: "Bear"}, Item: item, Version: 2, Position: 9}
	var got v1.Item
	s.get("/v1/inventory/A").ok(200, &got)
	require.Equal(t, v1.Item{SKU: "A", Name: "Bear", OnHand: 10, Reserved: 2, Allocated: 3, Available: 4, SafetyStock: 1, Low: true, Version: 2, Position: 9}, got)

	s.desk.result = app.StockReceived{StockReceiptID: "r", Item: item}
	var received v1.StockReceived
	answer := s.post("/v1/inventory/A/receipts", `{"quantity":5,"stock_receipt_id":"r"}`, "Idempotency-Key: k")
	answer.ok(201, &received)
	require.Equal(t, "/v1/inventory/A", answer.Header.Get("Location"))
	require.Equal(t, v1.StockReceived{StockReceiptID: "r", Stock: v1.Stock{SKU: "A", OnHand: 10, Reserved: 2, Allocated: 3, Available: 4, SafetyStock: 1, Low: true}}, received)
	require.Equal(t, app.ReceiveStock{SKU: "A", Quantity: 5, StockReceiptID: "r"}, s.desk.command)
}

func TestProducts(t *testing.T) {
	s := newShop(t)
	teddy := product.State{SKU: "TEDDY-BEAR", Name: "Teddy Bear", PriceMinor: 2999, Currency: "USD"}
	s.catalogue["TEDDY-BEAR"] = products.Row{Product: teddy, Version: 1, Position: 3}
	var got v1.Product
	s.get("/v1/products/TEDDY-BEAR").ok(200, &got)
	require.Equal(t, v1.Product{SKU: "TEDDY-BEAR", Name: "Teddy Bear", PriceMinor: 2999, Currency: "USD", Version: 1, Position: 3}, got)

	s.desk.result = app.ProductRegistered{Product: teddy, Item: inv.State{SKU: "TEDDY-BEAR", SafetyStock: 1, LowStockThreshold: 2}}
	var registered v1.ProductRegistered
	answer := s.post("/v1/products", bear)
	answer.ok(201, &registered)
	require.Equal(t, "/v1/products/TEDDY-BEAR", answer.Header.Get("Location"))
	require.Equal(t, int64(2), registered.LowStockThreshold)
	require.NotContains(t, answer.text, "position")
	require.Equal(t, app.RegisterProduct{SKU: "TEDDY-BEAR", Name: "Teddy Bear", PriceMinor: 2999, Currency: "USD"}, s.desk.command)
}

func TestLists_walkPageByPage(t *testing.T) {
	s := newShop(t)
	for _, id := range []string{"1", "2", "3"} {
		s.orders[id] = orders.Row{OrderID: id}
	}
	var page v1.List[v1.Order]
	answer := s.get("/v1/orders?limit=2")
	answer.ok(200, &page)
	require.Len(t, page.Items, 2)
	require.Equal(t, "next", *page.NextCursor)
	require.Equal(t, `</v1/orders?cursor=next&limit=2>; rel="next"`, answer.Header.Get("Link"))
	require.Equal(t, "7", answer.Header.Get("X-Projection-Position"))
	answer = s.get("/v1/orders?limit=200")
	answer.ok(200, &page)
	require.Nil(t, page.NextCursor)
	require.Empty(t, answer.Header.Get("Link"))
	require.Contains(t, s.get("/v1/products").text, `{"items":[],"next_cursor":null}`)
}

// TestParked: one id that needs a human is refused alone and named in a list, which goes on.
func TestParked_refusedAlone_namedInLists(t *testing.T) {
	s := newShop(t)
	s.orders["1"], s.orders["2"] = orders.Row{OrderID: "1"}, orders.Row{OrderID: "2"}
	require.NotContains(t, s.get("/v1/orders").text, "parked")
	s.parked = map[string]bool{"2": true}
	answer := s.get("/v1/orders/2")
	require.Equal(t, 503, answer.StatusCode)
	answer.problem(v1.ProjectionParked)
	var page v1.List[v1.Order]
	s.get("/v1/orders").ok(200, &page)
	require.Len(t, page.Items, 2)
	require.Equal(t, []string{"2"}, page.Parked)
}
