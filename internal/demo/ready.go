package demo

import (
	"context"
	"errors"
	"time"

	"ordermill/api/client"
	"ordermill/api/v1"
)

// Why a shop cannot tell the stories.
var (
	ErrNoCatalogue = errors.New("this shop does not sell what the demo buys; start one with ordermill dev, or serve --demo on an empty database")
	ErrNoPayments  = errors.New("this shop has no simulated payments; start it with ordermill dev, or serve --demo")
)

// Stock sees to it that so many kites are there for a run. ErrNoCatalogue: the shop has none to sell.
func Stock(ctx context.Context, server *client.Client, run string, quantity int64) error {
	_, err := server.ReceiveStock(ctx, kite, v1.ReceiveStock{Quantity: quantity, StockReceiptID: "demo-" + run}, client.Key("demo-"+run))
	var problem *v1.Problem
	if errors.As(err, &problem) && problem.Code == v1.UnknownSKU {
		return ErrNoCatalogue
	}
	return err
}

const (
	// simulatedWithin is more than the simulator gives an order with a rule until it expires, and less than any shop gives others.
	simulatedWithin = time.Minute
	// askedAtMost bounds the wait for the first order's deadline.
	askedAtMost = 10 * time.Second
)

// Simulated finds out whether payments are, by the first order of a run: time runs fast for it if they are. If not, that is
// ErrNoPayments, and the order is cancelled. A shop that leaves it open is believed.
func Simulated(ctx context.Context, server *client.Client, run string) error {
	orderID, err := Order(ctx, server, run, 0)
	if err != nil {
		return err
	}
	var first v1.Order
	within, cancel := context.WithTimeout(ctx, askedAtMost)
	defer cancel()
	t := &teller{server, orderID}
	err = t.until(within, func(o v1.Order, _ v1.Account) bool {
		first = o
		return o.PayBy != nil || o.Status == "confirmed" || o.Status == "rejected"
	})
	switch {
	case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		return nil
	case err != nil:
		return err
	case first.PayBy == nil || first.PlacedAt == nil || first.PayBy.Sub(*first.PlacedAt) < simulatedWithin:
		return nil
	}
	_, err = server.CancelOrder(ctx, orderID, v1.CancelOrder{Reason: "demo"})
	return errors.Join(ErrNoPayments, err)
}
