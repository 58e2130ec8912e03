package codec

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/decider"
	"ordermill/eventstore"
)

// The events of a parcel, after some years; docs/evolution.md tells their story.

// parcelPosted was parcel.sent until version 2; in version 1 its weight was in kilograms.
type parcelPosted struct {
	WeightGrams int64  `json:"weight_g"`
	Service     string `json:"service"`
}

// parcelHandled is not written any more: what it said is said by parcelSorted and parcelLoaded.
type parcelHandled struct {
	Depot string `json:"depot"`
}

type parcelSorted struct {
	Depot string `json:"depot"`
}

type parcelLoaded struct {
	Van string `json:"van"`
}

func (parcelPosted) EventType() string  { return "parcel.posted" }
func (parcelHandled) EventType() string { return "parcel.handled" }
func (parcelSorted) EventType() string  { return "parcel.sorted" }
func (parcelLoaded) EventType() string  { return "parcel.loaded" }

var parcels = []Type{
	of[parcelPosted]("parcel").
		then(gramsFromKilograms).          // version 2: another unit
		formerly("parcel.sent").then(nil). // version 3: another name
		then(standardService),             // version 4: another member

	of[parcelHandled]("parcel").unwritten(),
	of[parcelSorted]("parcel"),
	of[parcelLoaded]("parcel"),
}

func gramsFromKilograms(members map[string]json.RawMessage) error {
	var kilograms int64
	if err := json.Unmarshal(members["weight_kg"], &kilograms); err != nil {
		return err
	}
	delete(members, "weight_kg")
	grams, err := json.Marshal(1000 * kilograms)
	members["weight_g"] = grams
	return err
}

func standardService(members map[string]json.RawMessage) error {
	members["service"] = json.RawMessage(`"standard"`)
	return nil
}

func withoutService(members map[string]json.RawMessage) error {
	delete(members, "service")
	return nil
}

func TestEvolution_everyVersionIsReadAsTheNewest(t *testing.T) {
	c := newCodec(parcels)
	for name, test := range map[string]struct {
		stored  string
		version int
		data    string
		want    decider.Event
	}{
		"as it began":       {"parcel.sent", 1, `{"weight_kg":2}`, parcelPosted{2000, "standard"}},
		"another unit":      {"parcel.sent", 2, `{"weight_g":2500}`, parcelPosted{2500, "standard"}},
		"another name":      {"parcel.posted", 3, `{"weight_g":2500}`, parcelPosted{2500, "standard"}},
		"another member":    {"parcel.posted", 4, `{"weight_g":2500,"service":"express"}`, parcelPosted{2500, "express"}},
		"before it was two": {"parcel.handled", 1, `{"depot":"north"}`, parcelHandled{"north"}},
		"one of the two":    {"parcel.sorted", 1, `{"depot":"north"}`, parcelSorted{"north"}},
	} {
		t.Run(name, func(t *testing.T) {
			event, err := c.decode(eventstore.Record{Type: test.stored, SchemaVersion: test.version, Data: []byte(test.data)})
			require.NoError(t, err)
			require.Equal(t, test.want, event)
		})
	}
}

func TestEvolution_whatCannotBe_isNotRead(t *testing.T) {
	c := newCodec(parcels)
	for name, test := range map[string]struct {
		stored  string
		version int
		data    string
		unknown bool
	}{
		"a newer version":                 {"parcel.posted", 5, `{}`, true},
		"a newer name":                    {"parcel.teleported", 1, `{}`, true},
		"the old name at a newer version": {"parcel.sent", 3, `{"weight_g":1}`, false},
		"the new name at an old version":  {"parcel.posted", 2, `{"weight_g":1}`, false},
		"no version":                      {"parcel.posted", 0, `{"weight_g":1}`, false},
		"a step that fails":               {"parcel.sent", 1, `{"weight_kg":"two"}`, false},
		"a member too many, once":         {"parcel.sent", 1, `{"weight_kg":2,"colour":"red"}`, false},
		"no object":                       {"parcel.sent", 1, `null`, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.decode(eventstore.Record{Type: test.stored, SchemaVersion: test.version, Data: []byte(test.data)})
			require.Error(t, err)
			require.Equal(t, test.unknown, errors.Is(err, ErrUnknown), err)
		})
	}
}

// One release reads the newest version and writes the one before; both forms say the same to it.
func TestEvolution_theReleaseBefore_writesWhatTheOneBeforeItReads(t *testing.T) {
	c := newCodec([]Type{parcels[0].writing(3, withoutService)})
	name, version, data, err := c.encode(parcelPosted{2500, "standard"})
	require.NoError(t, err)
	require.Equal(t, `parcel.posted 3 {"weight_g":2500}`, strings.Join([]string{name, "3", string(data)}, " "))
	require.Equal(t, 3, version)
	event, err := c.decode(eventstore.Record{Type: name, SchemaVersion: version, Data: data})
	require.NoError(t, err)
	require.Equal(t, parcelPosted{2500, "standard"}, event)

	renaming := of[parcelPosted]("parcel").formerly("parcel.sent").then(nil)
	name, version, _, err = newCodec([]Type{renaming.writing(1, nil)}).encode(parcelPosted{})
	require.NoError(t, err)
	require.Equal(t, "parcel.sent", name)
	require.Equal(t, 1, version)
}

func TestEvolution_whatIsOnlyRead_isNotWritten(t *testing.T) {
	_, _, _, err := newCodec(parcels).encode(parcelHandled{"north"})
	require.ErrorContains(t, err, "only read")
}

// A row may be renamed twice: the versions keep the names under which they were written.
func TestEvolution_everyFormerNameIsRead(t *testing.T) {
	c := newCodec([]Type{of[parcelSorted]("parcel").formerly("parcel.a").then(nil).formerly("parcel.b").then(nil)})
	for version, name := range []string{"parcel.a", "parcel.b", "parcel.sorted"} {
		event, err := c.decode(eventstore.Record{Type: name, SchemaVersion: version + 1, Data: []byte(`{"depot":"north"}`)})
		require.NoError(t, err)
		require.Equal(t, parcelSorted{"north"}, event)
	}
}

// parcel is what the events of a parcel fold to.
type parcel struct {
	depot  string
	loaded bool
}

func (p parcel) evolve(event decider.Event) parcel {
	switch e := event.(type) {
	case parcelHandled: // before it was split
		p.depot, p.loaded = e.Depot, true
	case parcelSorted:
		p.depot = e.Depot
	case parcelLoaded:
		p.loaded = true
	}
	return p
}

func TestEvolution_anEventBeforeItsSplit_foldsToWhatBothDo(t *testing.T) {
	require.Equal(t, parcel{}.evolve(parcelSorted{"north"}).evolve(parcelLoaded{"van-7"}), parcel{}.evolve(parcelHandled{"north"}))
}

func TestEvolution_aNameHasOneRow(t *testing.T) {
	require.Panics(t, func() { newCodec(append(parcels, of[parcelLoaded]("parcel").formerly("parcel.sent").then(nil))) })
}

// The page shows nothing that is not run here.
func TestEvolution_thePageTellsOfThisCode(t *testing.T) {
	page, err := os.ReadFile("../../docs/evolution.md")
	require.NoError(t, err)
	source, err := os.ReadFile("evolution_test.go")
	require.NoError(t, err)
	blocks := strings.Split(string(page), "```go\n")[1:]
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		code, _, _ := strings.Cut(block, "```")
		require.Contains(t, string(source), code)
	}
}
