package app

import (
	"context"

	"github.com/google/uuid"

	"ordermill/domain/inventory"
	"ordermill/domain/product"
)

// RegisterProduct puts a product into the catalogue, with its name and its stock item.
type RegisterProduct struct {
	SKU, Name                      string
	PriceMinor                     int64
	Currency                       string
	SafetyStock, LowStockThreshold int64
}

// ProductRegistered is a product and its stock item after the command.
type ProductRegistered struct {
	Product product.State
	Item    inventory.State
}

// RegisterProduct registers the product, its name and its stock item in one append: all of it or nothing.
func (d *Desk) RegisterProduct(ctx context.Context, call Call, c RegisterProduct) (Answer, error) {
	return d.do(ctx, call, Command{
		Reads:  []Ref{products.ref(c.SKU), names.ref(nameID(c.Name)), items.ref(c.SKU)},
		Decide: func(decision *Decision) (any, error) { return register(decision, c) },
	})
}

func register(d *Decision, c RegisterProduct) (ProductRegistered, error) {
	_, err := products.decide(d, c.SKU, product.Register{SKU: c.SKU, Name: c.Name, PriceMinor: c.PriceMinor, Currency: c.Currency})
	if err != nil {
		return ProductRegistered{}, err
	}
	if _, err := names.decide(d, nameID(c.Name), product.ClaimName{SKU: c.SKU}); err != nil {
		return ProductRegistered{}, err
	}
	_, err = items.decide(d, c.SKU, inventory.RegisterItem{SKU: c.SKU, SafetyStock: c.SafetyStock, LowStockThreshold: c.LowStockThreshold})
	return ProductRegistered{products.state(d, c.SKU), items.state(d, c.SKU)}, err
}

// onProduct runs a decision on a product; its result is the product.State after it.
func (d *Desk) onProduct(ctx context.Context, call Call, sku string, decide func(*Decision) error) (Answer, error) {
	return d.do(ctx, call, Command{
		Reads: []Ref{products.ref(sku)},
		Decide: func(decision *Decision) (any, error) {
			err := decide(decision)
			return products.state(decision, sku), err
		},
	})
}

// ChangePrice sets a product's price for the orders to come, in minor units of its currency.
func (d *Desk) ChangePrice(ctx context.Context, call Call, sku string, priceMinor int64) (Answer, error) {
	return d.onProduct(ctx, call, sku, func(decision *Decision) error {
		_, err := products.decide(decision, sku, product.ChangePrice{PriceMinor: priceMinor})
		return err
	})
}

// RenameProduct gives a product another name: the new one is claimed and the old one released in one append.
func (d *Desk) RenameProduct(ctx context.Context, call Call, sku, name string) (Answer, error) {
	return d.onProduct(ctx, call, sku, func(decision *Decision) error {
		before := products.state(decision, sku).NameKey
		if _, err := products.decide(decision, sku, product.Rename{Name: name}); err != nil || before == product.NameKey(name) {
			return err
		}
		if _, err := names.decide(decision, nameID(name), product.ClaimName{SKU: sku}); err != nil {
			return err
		}
		_, err := names.decide(decision, digest(before), product.ReleaseName{SKU: sku})
		return err
	})
}

// Discontinue takes a product off sale; orders that are there go on.
func (d *Desk) Discontinue(ctx context.Context, call Call, sku string) (Answer, error) {
	return d.onProduct(ctx, call, sku, func(decision *Decision) error {
		_, err := products.decide(decision, sku, product.Discontinue{})
		return err
	})
}

// AdjustStock corrects the stock on hand after somebody counted. reason is a code.
type AdjustStock struct {
	SKU    string
	Delta  int64
	Reason string
}

// StockAdjusted is the stock item after the command.
type StockAdjusted struct {
	AdjustmentID string
	Item         inventory.State
	Now          int64 // ms since 1970 UTC, by which holds are overdue or not
}

// AdjustStock changes the stock on hand, never below what orders hold.
func (d *Desk) AdjustStock(ctx context.Context, call Call, c AdjustStock) (Answer, error) {
	id := uuid.Must(uuid.NewV7())
	return d.do(ctx, call, Command{
		ID:    id,
		Reads: []Ref{items.ref(c.SKU)},
		Decide: func(decision *Decision) (any, error) {
			now := millis(decision.Now)
			_, err := items.decide(decision, c.SKU, inventory.Adjust{AdjustmentID: id.String(), Delta: c.Delta, Reason: c.Reason, Now: now})
			return StockAdjusted{id.String(), items.state(decision, c.SKU), now}, err
		},
	})
}

// ReceiveStock books goods that came in.
type ReceiveStock struct {
	SKU            string
	Quantity       int64
	StockReceiptID string // "" lets us choose one; the same one again books nothing
}

// StockReceived is the stock item after the command.
type StockReceived struct {
	StockReceiptID string
	Item           inventory.State
	Now            int64 // ms since 1970 UTC, by which holds are overdue or not
}

// ReceiveStock books goods, once per stock receipt.
func (d *Desk) ReceiveStock(ctx context.Context, call Call, c ReceiveStock) (Answer, error) {
	id := uuid.Must(uuid.NewV7())
	if c.StockReceiptID == "" {
		c.StockReceiptID = id.String()
	}
	return d.do(ctx, call, Command{
		ID:     id,
		Reads:  []Ref{items.ref(c.SKU)},
		Decide: func(decision *Decision) (any, error) { return receive(decision, c) },
	})
}

func receive(d *Decision, c ReceiveStock) (StockReceived, error) {
	now := millis(d.Now)
	_, err := items.decide(d, c.SKU, inventory.Receive{StockReceiptID: c.StockReceiptID, Quantity: c.Quantity, Now: now})
	return StockReceived{c.StockReceiptID, items.state(d, c.SKU), now}, err
}

// Stocked is a product with goods to begin with.
type Stocked struct {
	RegisterProduct
	Quantity int64
}

// catalogueScope is the scope of the receipt by which a first catalogue is written once, also among several copies.
const catalogueScope = "catalogue"

// OpenCatalogue registers and stocks products in one append, if the log is empty and nobody did so before.
func (d *Desk) OpenCatalogue(ctx context.Context, name string, catalogue []Stocked) error {
	head, err := d.store.Head(ctx)
	if err != nil || head.Position > 0 {
		return err
	}
	_, err = d.do(ctx, Call{Actor: catalogueScope,
		Key:     &IdempotencyKey{Scope: catalogueScope, Key: name},
		Respond: func(any) []byte { return []byte("{}") },
	}, Command{
		Decide: func(decision *Decision) (any, error) {
			for _, p := range catalogue {
				if _, err := register(decision, p.RegisterProduct); err != nil {
					return nil, err
				}
				if _, err := receive(decision, ReceiveStock{p.SKU, p.Quantity, name + "-" + p.SKU}); err != nil {
					return nil, err
				}
			}
			return nil, nil
		},
	})
	return err
}
