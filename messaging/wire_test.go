package messaging_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/eventstore/codec"
	"ordermill/eventstore/subscription"
	"ordermill/messaging"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

func sample() subscription.Delivery {
	return subscription.Delivery{
		Record: eventstore.Record{
			Position: 42, Stream: "order-123", Version: 1,
			EventID: uuid.MustParse("0190a6f2-7c1e-7a40-8a52-5f1d6c3b0001"), Type: "order.placed", SchemaVersion: 1,
			CommandID:  uuid.MustParse("0190a6f2-7c1e-7a40-8a52-5f1d6c3b0002"),
			Data:       json.RawMessage(`{"currency":  "EUR", "grand_total_minor":1998,"lines":[{"name":"<Tee> & Mug"}]}`),
			Metadata:   json.RawMessage(`{"causation_id":"m-1","correlation_id":"123","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}`),
			RecordedAt: time.Date(2025, 3, 1, 12, 30, 15, 250_000_000, time.UTC),
		},
		LogID:      uuid.MustParse("0190a6f2-0000-7000-8000-000000000009"),
		PreviousID: uuid.MustParse("0190a6f2-7c1e-7a40-8a52-5f1d6c3b0000"),
		CommandEnd: true,
	}
}

// TestEncode_golden: every event as outsiders get it, with every attribute filled. The data is the codec's own golden file.
func TestEncode_golden(t *testing.T) {
	for _, kind := range codec.Types() {
		t.Run(kind.Name, func(t *testing.T) {
			file := fmt.Sprintf("%s.v%d.json", kind.Name, kind.Reads)
			data, err := os.ReadFile(filepath.Join("../eventstore/codec/testdata", file))
			require.NoError(t, err)
			record := sample()
			record.Type, record.SchemaVersion, record.Data = kind.Name, kind.Reads, bytes.TrimSpace(data)
			record.Stream = eventstore.Stream(kind.Category, "123")
			m := messaging.Encode(record)
			golden := filepath.Join("testdata", file)
			if *update {
				require.NoError(t, os.WriteFile(golden, append([]byte(m.Payload), '\n'), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), string(m.Payload)+"\n", "outsiders rely on these bytes: add to them, do not change them")
			require.Equal(t, record.EventID.String(), m.UUID)
			require.Equal(t, kind.Name, m.Metadata.Get(messaging.MetadataType))
			require.Equal(t, "42", m.Metadata.Get(messaging.MetadataPosition))
			again, err := messaging.Decode(bytes.TrimSpace(want))
			require.NoError(t, err)
			require.Equal(t, record, again)
		})
	}
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.Len(t, files, len(codec.Types()), "a golden file without an event is one that outsiders still get, and nobody checks")
}

func TestEncode_isCloudEvent_withTutorialKeys(t *testing.T) {
	var event map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(messaging.Encode(sample()).Payload, &event))
	for _, required := range []string{"specversion", "id", "source", "type"} {
		require.Contains(t, event, required)
	}
	require.JSONEq(t, `"order.placed"`, string(event["event_type"]))
	require.Equal(t, string(sample().Data), string(event["payload"]))
	require.Equal(t, string(sample().Data), string(event["data"]))
	for name := range event {
		if name != "event_type" {
			require.Regexp(t, "^[a-z0-9]{1,20}$", name, "CloudEvents allows no other attribute names")
		}
	}
}

func TestDecode_givesBackWhatWasEncoded(t *testing.T) {
	for name, change := range map[string]func(*subscription.Delivery){
		"as it is":            func(*subscription.Delivery) {},
		"first record":        func(d *subscription.Delivery) { d.Position, d.PreviousID = 1, uuid.Nil },
		"inside a command":    func(d *subscription.Delivery) { d.CommandEnd = false },
		"bare metadata":       func(d *subscription.Delivery) { d.Metadata = json.RawMessage(`{ }`) },
		"keys in odd order":   func(d *subscription.Delivery) { d.Data = json.RawMessage(`{"b":1,"a":1e0,"b":2}`) },
		"metadata of a kind":  func(d *subscription.Delivery) { d.Metadata = json.RawMessage(`{"correlation_id":7,"x":[1]}`) },
		"data that is scalar": func(d *subscription.Delivery) { d.Data = json.RawMessage(`null`) },
	} {
		t.Run(name, func(t *testing.T) {
			want := sample()
			change(&want)
			got, err := messaging.Decode(messaging.Encode(want).Payload)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestDecode_foreign_saysWhichAttribute(t *testing.T) {
	for attribute, value := range map[string]string{
		"specversion": `"0.3"`, "logid": `"00000000-0000-0000-0000-000000000000"`, "id": `7`, "commandid": `"x"`, "type": `""`,
		"subject": `"no stream"`, "position": `0`, "streamversion": `-1`, "schemaversion": `"1"`, "previousid": `""`,
		"time": `"0001-01-01T00:00:00Z"`, "metadata": `"[]"`,
	} {
		t.Run(attribute, func(t *testing.T) {
			var event map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(messaging.Encode(sample()).Payload, &event))
			event[attribute] = json.RawMessage(value)
			body, err := json.Marshal(event)
			require.NoError(t, err)
			_, err = messaging.Decode(body)
			var foreign *messaging.ForeignError
			require.ErrorAs(t, err, &foreign)
			if attribute != "commandid" { // a text that is no UUID is not told apart by attribute
				require.Equal(t, attribute, foreign.Attribute)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(messaging.Encode(sample()).Payload))
	for _, junk := range []string{"", "{}", "null", "[]", `{"specversion":"1.0"}`, "\xff\xfe", `{"data":` + "\x00"} {
		f.Add([]byte(junk))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := messaging.Decode(body)
		if err != nil {
			require.ErrorAs(t, err, new(*messaging.ForeignError))
			return
		}
		again, err := messaging.Decode(messaging.Encode(d).Payload)
		require.NoError(t, err, "what decodes can be encoded")
		require.Equal(t, d, again)
	})
}
