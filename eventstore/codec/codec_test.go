package codec_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/checkout"
	"ordermill/domain/decider"
	"ordermill/domain/inventory"
	"ordermill/domain/order"
	"ordermill/domain/payment"
	"ordermill/domain/product"
	"ordermill/eventstore"
	"ordermill/eventstore/codec"
)

// Every event has a golden file with every member filled; what stands in it decodes, folds, and is written again byte for byte.
func TestGolden_everyEvent(t *testing.T) {
	for _, kind := range codec.Types() {
		t.Run(kind.Name, func(t *testing.T) {
			golden, err := os.ReadFile(golden(kind.Name, kind.Reads))
			require.NoError(t, err, "every event has a golden file; write one with every member filled")
			golden = bytes.TrimSuffix(golden, []byte("\n"))

			event, err := codec.Decode(eventstore.Record{Type: kind.Name, SchemaVersion: kind.Reads, Data: golden})
			require.NoError(t, err)
			require.IsType(t, kind.Sample, event)
			fold(t, kind.Category, event)

			if kind.Version == kind.Reads {
				name, version, data, err := codec.Encode(event)
				require.NoError(t, err)
				require.Equal(t, kind.Name, name)
				require.Equal(t, kind.Version, version)
				require.Equal(t, string(golden), string(data))
			}
			for _, empty := range []string{`:""`, `:0,`, `:0}`, `:null`, `:false`, `:[]`} {
				require.NotContains(t, string(golden), empty, "a member that is not filled proves nothing")
			}
		})
	}
}

// Every version that stands in a log has a golden file; each is read as the newest, and folds. A file without an event is an event
// that old logs hold and this program cannot read.
func TestGolden_everyFileIsRead(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	versions, categories := 0, map[string]string{}
	for _, kind := range codec.Types() {
		versions += kind.Reads
		categories[kind.Name] = kind.Category
	}
	require.Len(t, files, versions, "one for each version of each event")
	for _, file := range files {
		name, number, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".json"), ".v")
		version, err := strconv.Atoi(number)
		require.NoError(t, err, file)
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		event, err := codec.Decode(eventstore.Record{Type: name, SchemaVersion: version, Data: data})
		require.NoError(t, err, file)
		fold(t, categories[event.EventType()], event)
	}
}

func golden(name string, version int) string {
	return fmt.Sprintf("testdata/%s.v%d.json", name, version)
}

// fold proves that an event belongs to the decider of its category, which takes it even as the first of its stream.
func fold(t *testing.T, category string, event decider.Event) {
	t.Helper()
	switch category {
	case product.Category:
		product.Decider.Evolve(product.State{}, event.(product.Event))
	case product.NameCategory:
		product.NameDecider.Evolve(product.NameState{}, event.(product.NameEvent))
	case inventory.Category:
		registered := inventory.Decider.Fold(inventory.State{}, inventory.ItemRegistered{SKU: "A"},
			inventory.Reserved{ReservationID: "r-1", OrderID: "123", Quantity: 3, ExpiresAt: 9})
		inventory.Decider.Evolve(registered, event.(inventory.Event))
	case order.Category:
		require.True(t, order.Decider.Evolve(order.State{Status: order.StatusPlaced}, event.(order.Event)).Exists())
	case payment.Category:
		payment.Decider.Evolve(payment.State{}, event.(payment.Event))
	case payment.ClaimCategory:
		payment.ClaimDecider.Evolve(payment.ClaimState{}, event.(payment.ClaimEvent))
	case checkout.Category:
		require.NotZero(t, checkout.Evolve(checkout.State{}, event.(checkout.Event)))
	default:
		t.Fatalf("no decider folds category %q", category)
	}
}

func TestTypes_namesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range codec.Types() {
		require.False(t, seen[kind.Name], kind.Name)
		seen[kind.Name] = true
	}
}

func TestDecode_whatANewerProgramWrote_isUnknown(t *testing.T) {
	_, err := codec.Decode(eventstore.Record{Type: "order.teleported", SchemaVersion: 1, Data: []byte(`{}`)})
	require.ErrorIs(t, err, codec.ErrUnknown)
	_, err = codec.Decode(eventstore.Record{Type: order.ConfirmedType, SchemaVersion: 2, Data: []byte(`{}`)})
	require.ErrorIs(t, err, codec.ErrUnknown)
}

func TestDecode_brokenData_isAnError(t *testing.T) {
	for name, r := range map[string]eventstore.Record{
		"no version": {Type: order.ConfirmedType, Data: []byte(`{}`)},
		"not JSON":   {Type: order.ConfirmedType, SchemaVersion: 1, Data: []byte(`{`)},
		"empty":      {Type: order.ConfirmedType, SchemaVersion: 1},
		"type":       {Type: order.CancelledType, SchemaVersion: 1, Data: []byte(`{"reason":1}`)},
		"member":     {Type: order.CancelledType, SchemaVersion: 1, Data: []byte(`{"reason":"r","by":"me"}`)},
		"null":       {Type: order.ConfirmedType, SchemaVersion: 1, Data: []byte(`null`)},
		"bracket":    {Type: order.ConfirmedType, SchemaVersion: 1, Data: []byte(`{}]`)},
		"text after": {Type: order.CancelledType, SchemaVersion: 1, Data: []byte(`{"reason":"r"} {}`)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := codec.Decode(r)
			require.Error(t, err)
			require.NotErrorIs(t, err, codec.ErrUnknown)
		})
	}
}

type stranger struct{}

func (stranger) EventType() string { return "order.teleported" }

func TestEncode_eventWithoutARow_isAnError(t *testing.T) {
	_, _, _, err := codec.Encode(stranger{})
	require.Error(t, err)
}

// Whatever bytes stand in the log: an error or an event that is written and read again as it is, never a panic.
func FuzzDecode(f *testing.F) {
	for _, kind := range codec.Types() {
		data, err := os.ReadFile(golden(kind.Name, kind.Reads))
		require.NoError(f, err)
		f.Add(kind.Name, data)
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		event, err := codec.Decode(eventstore.Record{Type: name, SchemaVersion: 1, Data: data})
		if err != nil {
			return
		}
		_, version, written, err := codec.Encode(event)
		require.NoError(t, err)
		again, err := codec.Decode(eventstore.Record{Type: name, SchemaVersion: version, Data: written})
		require.NoError(t, err)
		_, _, twice, err := codec.Encode(again)
		require.NoError(t, err)
		require.Equal(t, string(written), string(twice))
	})
}
