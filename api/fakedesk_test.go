package api_test

import (
	"context"

	"ordermill/app"
	"ordermill/projections"
)

func (d *fakeDesk) Batch(_ context.Context, call app.Call, run func() (any, int64, error)) (app.Answer, error) {
	if kept, found, _ := d.Recall(context.Background(), call); found {
		return kept, nil
	}
	result, position, err := run()
	if err != nil {
		return app.Answer{}, err
	}
	d.result, d.position, d.err = result, position, nil
	return d.decide(call, nil)
}
func (d *fakeDesk) ChangePrice(_ context.Context, call app.Call, sku string, priceMinor int64) (app.Answer, error) {
	return d.decide(call, []any{"price", sku, priceMinor})
}
func (d *fakeDesk) RenameProduct(_ context.Context, call app.Call, sku, name string) (app.Answer, error) {
	return d.decide(call, []any{"rename", sku, name})
}
func (d *fakeDesk) Discontinue(_ context.Context, call app.Call, sku string) (app.Answer, error) {
	return d.decide(call, []any{"discontinue", sku})
}
func (d *fakeDesk) AdjustStock(_ context.Context, call app.Call, c app.AdjustStock) (app.Answer, error) {
	return d.decide(call, c)
}
func (d *fakeDesk) CancelOrder(_ context.Context, call app.Call, orderID, reason string) (app.Answer, error) {
	return d.decide(call, []any{"cancel", orderID, reason})
}
func (d *fakeDesk) ShipOrder(_ context.Context, call app.Call, c app.ShipOrder) (app.Answer, error) {
	return d.decide(call, c)
}
func (d *fakeDesk) DeliverShipment(_ context.Context, call app.Call, orderID, shipmentID string) (app.Answer, error) {
	return d.decide(call, []any{"deliver", orderID, shipmentID})
}
func (d *fakeDesk) RefundOrder(_ context.Context, call app.Call, c app.RefundOrder) (app.Answer, error) {
	return d.decide(call, c)
}
func (d *fakeDesk) CompleteRefund(_ context.Context, call app.Call, orderID, refundID string) (app.Answer, error) {
	return d.decide(call, []any{"complete", orderID, refundID})
}
func (d *fakeDesk) FailRefund(_ context.Context, call app.Call, orderID, refundID, code string) (app.Answer, error) {
	return d.decide(call, []any{"fail", orderID, refundID, code})
}
func (d *fakeDesk) MatchUnmatched(_ context.Context, call app.Call, orderID, captureID, toOrderID string) (app.Answer, error) {
	return d.decide(call, []any{"match", orderID, captureID, toOrderID})
}
func (d *fakeDesk) RefundUnmatched(_ context.Context, call app.Call, orderID, captureID string) (app.Answer, error) {
	return d.decide(call, []any{"refund", orderID, captureID})
}
func (d *fakeDesk) ResolveReview(_ context.Context, call app.Call, c app.ResolveReview) (app.Answer, error) {
	return d.decide(call, c)
}

func (d *fakeDesk) Recall(_ context.Context, call app.Call) (app.Answer, bool, error) {
	if call.Key == nil || d.kept[call.Key.Scope+"\n"+call.Key.Key] == nil {
		return app.Answer{}, false, nil
	}
	kept, err := d.decide(call, nil)
	return kept, true, err
}

// fakeFinder finds the order of a case by the case's id.
type fakeFinder struct {
	orders    map[string]string
	decisions map[string]string
	err       error // instead of "not found"
}

func (f *fakeFinder) OrderOfCapture(_ context.Context, id string) (string, error) { return f.find(id) }
func (f *fakeFinder) OrderOfReview(_ context.Context, id string) (string, error)  { return f.find(id) }

func (f *fakeFinder) DecisionOnReview(_ context.Context, id string) (string, error) {
	return f.decisions[id], nil
}

func (f *fakeFinder) find(id string) (string, error) {
	orderID, known := f.orders[id]
	switch {
	case known:
		return orderID, nil
	case f.err != nil:
		return "", f.err
	}
	return "", projections.ErrNotFound
}
