package storetest

import (
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
)

// with adds a receipt to a request.
func with(r eventstore.Request, scope, key, fingerprint, response string) eventstore.Request {
	r.Receipts = append(r.Receipts, eventstore.Receipt{Scope: scope, Key: key, Fingerprint: []byte(fingerprint), Response: []byte(response)})
	return r
}

var receiptChecks = []check{
	{"Receipt_sameKeyAndFingerprint_answersAsBefore", func(t T, log Log) {
		s := store(t, log.Driver)
		must(t, s, writeOne("order-0", 0), with(writeOne("order-1", 0), "shop POST /v1/orders", "k1", "\x00\xff", "{\"n\": 1}\x00\xff"))
		stored := eventstore.Receipt{Scope: "shop POST /v1/orders", Key: "k1", Fingerprint: []byte("\x00\xff"), Response: []byte("{\"n\": 1}\x00\xff"), Position: 2}
		again := with(writeOne("order-1", 0), "shop POST /v1/orders", "k1", "\x00\xff", "another answer")
		require.Equal(t, []eventstore.Outcome{eventstore.Duplicate{Receipt: stored}}, try(t, s, again), "receipts come before versions")
		require.Len(t, whole(t, s), 2)
	}},
	{"Receipt_sameKeyOtherFingerprint_isAConflict", func(t T, log Log) {
		s := store(t, log.Driver)
		must(t, s, with(writeOne("order-1", 0), "s", "k", "one", "r"))
		got := try(t, s, with(writeOne("order-2", 0), "s", "k", "two", "r"))
		require.IsType(t, eventstore.KeyConflict{}, got[0])
		require.Equal(t, []byte("one"), got[0].(eventstore.KeyConflict).Receipt.Fingerprint)
		require.Len(t, whole(t, s), 1)
	}},
	{"Receipt_twinInTheSameBatch_isDoneOnce", func(t T, log Log) {
		s := store(t, log.Driver)
		got := try(t, s, with(writeOne("order-1", 0), "s", "k", "f", "r"), with(writeOne("order-2", 0), "s", "k", "f", "r"), with(writeOne("order-3", 0), "s", "k", "g", "r"))
		require.IsType(t, eventstore.Appended{}, got[0])
		require.IsType(t, eventstore.Duplicate{}, got[1])
		require.Equal(t, int64(1), got[1].(eventstore.Duplicate).Receipt.Position)
		require.IsType(t, eventstore.KeyConflict{}, got[2])
	}},
	{"Receipt_ofARefusedRequest_isNotStored", func(t T, log Log) {
		s := store(t, log.Driver)
		got := try(t, s, with(writeOne("order-1", 7), "s", "k", "f", "r"))
		require.IsType(t, eventstore.WrongVersion{}, got[0])
		must(t, s, with(writeOne("order-1", 0), "s", "k", "f", "r"))
	}},
	{"Receipt_withoutEvents_isStored", func(t T, log Log) {
		s := store(t, log.Driver)
		no := with(eventstore.Request{CommandID: uuid.New()}, "s", "k", "", "")
		require.Equal(t, []eventstore.Appended{{}}, must(t, s, no))
		want := eventstore.Duplicate{Receipt: eventstore.Receipt{Scope: "s", Key: "k", Fingerprint: []byte{}, Response: []byte{}}}
		require.Equal(t, []eventstore.Outcome{want}, try(t, s, no), "an empty answer is an answer")
		require.Empty(t, whole(t, s))
	}},
	{"Receipt_withoutResponse_isOnlyLookedUp", func(t T, log Log) {
		s := store(t, log.Driver)
		r := writeOne("order-1", 0)
		r.Receipts = []eventstore.Receipt{{Scope: "s", Key: "k", Fingerprint: []byte("f")}}
		must(t, s, r)
		must(t, s, with(writeOne("order-2", 0), "s", "k", "f", "r"))
		r.Expected = map[string]int64{"order-1": 1}
		require.IsType(t, eventstore.Duplicate{}, try(t, s, r)[0])
	}},
	{"Receipt_several_anyOfThemAnswers", func(t T, log Log) {
		s := store(t, log.Driver)
		must(t, s, with(with(writeOne("order-1", 0), "message", "m1", "f", "m"), "http", "k1", "f", "h"))
		got := try(t, s, with(with(writeOne("order-2", 0), "http", "k2", "f", "h2"), "message", "m1", "f", "m2"))
		require.IsType(t, eventstore.Duplicate{}, got[0])
		require.Equal(t, []byte("m"), got[0].(eventstore.Duplicate).Receipt.Response)
		must(t, s, with(writeOne("order-2", 0), "http", "k2", "f", "h2"))
	}},
	{"Receipt_keysAreTheSameByteForByteOnly", func(t T, log Log) {
		s := store(t, log.Driver)
		keys := []eventstore.ReceiptKey{{Scope: "s", Key: "k"}, {Scope: "S", Key: "k"}, {Scope: "s", Key: "K"}, {Scope: "s", Key: "k "}, {Scope: "sk", Key: "k"},
			{Scope: "s ", Key: "k"}, {Scope: "k", Key: "s"}, {Scope: "s", Key: "é"}, {Scope: "s", Key: "e\u0301"}, {Scope: "s", Key: "'%_\\"}}
		for _, key := range keys {
			must(t, s, with(eventstore.Request{CommandID: uuid.New()}, key.Scope, key.Key, "f", "for "+key.Scope+"/"+key.Key))
		}
		for _, key := range keys {
			got := try(t, s, with(eventstore.Request{CommandID: uuid.New()}, key.Scope, key.Key, "f", "x"))
			require.IsType(t, eventstore.Duplicate{}, got[0])
			require.Equal(t, "for "+key.Scope+"/"+key.Key, string(got[0].(eventstore.Duplicate).Receipt.Response))
		}
	}},
}
