package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"ordermill/api/client"
	"ordermill/api/v1"
	"ordermill/eventstore"
	"ordermill/internal/program"
)

// life is what happened to one order, or one SKU, command by command, as the running program wrote it. Its ids are blanks.
type life struct {
	commands [][]mold
	kinds    []string // the id that stood in each blank
}

// mold is an event whose ids are blanks. They may stand in the stream's name, the data and the metadata.
type mold struct {
	eventstore.Event
	stream, data, metadata blanked
}

// blanked is a text around blanks: texts[0], blank blanks[0], texts[1], ...
type blanked struct {
	texts  []string
	blanks []int
}

// ids are what differs from one order to the next: UUIDs, hashes that payments are claimed by, SKUs.
var ids = regexp.MustCompile(`[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|SKU-[0-9]{5}`)

// blank replaces the ids in a text. The same id is the same blank everywhere in a life.
func (l *life) blank(text string, known map[string]int) (b blanked) {
	rest := 0
	for _, at := range ids.FindAllStringIndex(text, -1) {
		id := text[at[0]:at[1]]
		number, ok := known[id]
		if !ok {
			number = len(l.kinds)
			known[id] = number
			l.kinds = append(l.kinds, id)
		}
		b.texts, b.blanks = append(b.texts, text[rest:at[0]]), append(b.blanks, number)
		rest = at[1]
	}
	b.texts = append(b.texts, text[rest:])
	return b
}

func (b blanked) fill(ids []string) string {
	var text strings.Builder
	for i, number := range b.blanks {
		text.WriteString(b.texts[i])
		text.WriteString(ids[number])
	}
	text.WriteString(b.texts[len(b.blanks)])
	return text.String()
}

// newIDs are ids for the blanks, those of a SKU its number's.
func (l *life) newIDs(skuNumber int) []string {
	made := make([]string, len(l.kinds))
	for i, kind := range l.kinds {
		id := uuid.Must(uuid.NewV7())
		switch {
		case strings.HasPrefix(kind, "SKU-"):
			made[i] = sku(skuNumber)
		case len(kind) == 2*sha256.Size:
			sum := sha256.Sum256(id[:])
			made[i] = hex.EncodeToString(sum[:])
		default:
			made[i] = id.String()
		}
	}
	return made
}

// lifeOf makes a life of the records that were written for it.
func lifeOf(records []eventstore.Record) *life {
	l, known := &life{}, map[string]int{}
	var command uuid.UUID
	for _, r := range records {
		if r.CommandID != command {
			command = r.CommandID
			l.commands = append(l.commands, nil)
		}
		last := &l.commands[len(l.commands)-1]
		*last = append(*last, mold{
			Event:  eventstore.Event{Type: r.Type, SchemaVersion: r.SchemaVersion},
			stream: l.blank(r.Stream, known), data: l.blank(string(r.Data), known), metadata: l.blank(string(r.Metadata), known),
		})
	}
	return l
}

// recordLives lets the whole program live through what happens to orders, one at a time. The first life is a SKU's.
func recordLives(ctx context.Context) (lives []*life, err error) {
	folder, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	ends, err := liveIn(ctx, folder)
	if err != nil {
		return nil, err
	}
	s, err := sqliteShop(ctx, folder)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var begin int64
	for _, end := range ends {
		records, err := s.events.Read(ctx, eventstore.Query{After: begin, Limit: int(end - begin)})
		if err != nil {
			return nil, err
		}
		lives, begin = append(lives, lifeOf(records)), end
	}
	return lives, nil
}

// liveIn runs the program in a folder, and returns where each life ends in its log.
func liveIn(ctx context.Context, folder string) (ends []int64, err error) {
	m, err := startCopy(ctx, program.Config{Data: folder})
	if err != nil {
		return nil, err
	}
	defer m.close()
	for _, story := range []func(context.Context, *mill) error{stockOne, confirmed, confirmed, confirmed, confirmed, unpaid, delivered, refunded, unmatched} {
		if err := story(ctx, m); err != nil {
			return nil, err
		}
		end, err := m.atRest(ctx)
		if err != nil {
			return nil, err
		}
		ends = append(ends, end)
	}
	return ends, nil
}

func stockOne(ctx context.Context, m *mill) error {
	_, err := m.RegisterProduct(ctx, v1.RegisterProduct{SKU: sku(0), Name: "Product " + sku(0), PriceMinor: 100, Currency: currency}, client.Key(sku(0)))
	if err == nil {
		_, err = m.ReceiveStock(ctx, sku(0), v1.ReceiveStock{Quantity: 1_000_000}, client.Key(sku(0)))
	}
	return err
}

func unpaid(ctx context.Context, m *mill) error {
	_, err := m.placeOne(ctx)
	return err
}

func confirmed(ctx context.Context, m *mill) error {
	_, err := m.placeAndPay(ctx)
	return err
}

func delivered(ctx context.Context, m *mill) error {
	order, err := m.placeAndPay(ctx)
	if err != nil {
		return err
	}
	parcel, err := m.ShipOrder(ctx, order, v1.ShipOrder{Carrier: "acme"})
	if err != nil {
		return err
	}
	_, err = m.DeliverShipment(ctx, order, parcel.Body.ShipmentID)
	return err
}

func refunded(ctx context.Context, m *mill) error {
	order, err := m.placeAndPay(ctx)
	if err != nil {
		return err
	}
	if _, err := m.CancelOrder(ctx, order, v1.CancelOrder{Reason: "changed_mind"}); err != nil {
		return err
	}
	if _, err := m.atRest(ctx); err != nil { // the refund is asked for
		return err
	}
	account, err := m.Account(ctx, order)
	if err != nil {
		return err
	}
	for _, refund := range account.Refunds {
		if _, err := m.CompleteRefund(ctx, order, refund.RefundID); err != nil {
			return err
		}
	}
	return nil
}

func unmatched(ctx context.Context, m *mill) error {
	_, err := m.Send(ctx, fmt.Appendf(nil, `{"event_type":"payment.completed","payload":{"order_id":%q,"amount":1.00}}`, uuid.NewString()))
	return err
}

func (m *mill) placeOne(ctx context.Context) (order string, err error) {
	placed, err := m.PlaceOrder(ctx, v1.PlaceOrder{Items: []v1.PlaceItem{{SKU: sku(0), Quantity: 1}}})
	return placed.Body.OrderID, err
}

func (m *mill) placeAndPay(ctx context.Context) (order string, err error) {
	if order, err = m.placeOne(ctx); err != nil {
		return "", err
	}
	if _, err := m.RecordPayment(ctx, order, v1.RecordPayment{PaymentID: uuid.NewString(), AmountMinor: 100}); err != nil {
		return "", err
	}
	_, err = m.atRest(ctx) // confirmed
	return order, err
}
