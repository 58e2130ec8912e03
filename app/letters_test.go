package app_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ordermill/app"
	"ordermill/eventstore"
	"ordermill/eventstore/subscription"
)

// stocked is a shop that sells Teddy Bears at 29.99 USD and yen dolls at 300 JPY, 10 each.
func stocked(t *testing.T) *shop {
	s := newShop(t)
	require.NoError(t, s.OpenCatalogue(t.Context(), "test", []app.Stocked{
		{RegisterProduct: app.RegisterProduct{SKU: "BEAR", Name: "Teddy Bear", PriceMinor: 2999, Currency: "USD"}, Quantity: 10},
		{RegisterProduct: app.RegisterProduct{SKU: "DOLL", Name: "Doll", PriceMinor: 300, Currency: "JPY"}, Quantity: 10},
	}))
	return s
}

// ordered is an order letter for one item; payload is further members, beginning with a comma.
func ordered(item, payload string) string {
	return fmt.Sprintf(`{"event_type":"order.created","payload":{"order_id":"1","items":[%s]%s}}`, item, payload)
}

const bear = `{"name":"Teddy Bear","quantity":1}`

func TestOrderLetter_outcomes(t *testing.T) {
	for name, c := range map[string]struct{ letter, outcome string }{
		"by name":                        {ordered(bear, ""), "placed"},
		"name in other case and spacing": {ordered(`{"name":"  teddy   BEAR ","quantity":1}`, ""), "placed"},
		"by sku":                         {ordered(`{"sku":"BEAR","quantity":1}`, ""), "placed"},
		"keys nobody knows":              {ordered(`{"name":"Teddy Bear","quantity":1,"colour":"brown"}`, `,"gift":{"wrap":true}`), "placed"},
		"the price expected":             {ordered(`{"name":"Teddy Bear","quantity":1,"expected_unit_price":29.990}`, ""), "placed"},
		"another price expected":         {ordered(`{"name":"Teddy Bear","quantity":1,"expected_unit_price":9.99}`, ""), "rejected price_changed"},
		"unknown name":                   {ordered(`{"name":"Unicorn","quantity":1}`, ""), "rejected unknown_item"},
		"unknown sku":                    {ordered(`{"sku":"UNICORN","quantity":1}`, ""), "rejected unknown_item"},
		"two currencies":                 {ordered(bear+`,{"sku":"DOLL","quantity":1}`, ""), "rejected mixed_currency"},
		"another currency":               {ordered(bear, `,"currency":"EUR"`), "rejected currency_mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			s := stocked(t)
			status, outcome := s.letter(c.letter)
			require.Equal(t, c.outcome, outcome)
			require.Equal(t, "processed", status)
			before := len(s.records())
			status, _ = s.letter(c.letter)
			require.Equal(t, "duplicate", status)
			require.Len(t, s.records(), before)
		})
	}
}

func TestLetter_refused(t *testing.T) {
	for name, c := range map[string]struct{ letter, code, pointer string }{
		"empty":                     {``, "invalid-json", ""},
		"not an object":             {`[]`, "invalid-json", ""},
		"key twice":                 {`{"event_type":"order.created","event_type":"order.created","payload":{}}`, "invalid-json", "/event_type"},
		"no event_type":             {`{"payload":{}}`, "validation-failed", "/event_type"},
		"an event of our own":       {`{"event_type":"order.placed","payload":{}}`, "unsupported-event-type", ""},
		"no payload":                {`{"event_type":"order.created"}`, "validation-failed", "/payload"},
		"payload of another type":   {`{"event_type":"order.created","payload":[]}`, "invalid-json", "/payload"},
		"unknown key outside":       {`{"event_type":"order.created","payload":{},"colour":1}`, "invalid-json", "/colour"},
		"no order_id":               {`{"event_type":"order.created","payload":{"items":[` + bear + `]}}`, "validation-failed", "/payload/order_id"},
		"an order_id that is none":  {`{"event_type":"payment.completed","payload":{"order_id":"a b","amount":1}}`, "validation-failed", "/payload/order_id"},
		"no items":                  {`{"event_type":"order.created","payload":{"order_id":"1","items":[]}}`, "validation-failed", "/payload/items"},
		"quantity 0":                {ordered(`{"name":"Teddy Bear","quantity":0}`, ""), "validation-failed", "/payload/items/0/quantity"},
		"quantity of another type":  {ordered(`{"name":"Teddy Bear","quantity":"1"}`, ""), "invalid-json", "/payload/items/0/quantity"},
		"a sku that can be none":    {ordered(`{"sku":"no such thing","quantity":1}`, ""), "validation-failed", "/payload/items/0/sku"},
		"too many once merged":      {ordered(`{"sku":"BEAR","quantity":1000000},{"sku":"BEAR","quantity":1}`, ""), "validation-failed", ""},
		"no amount":                 {`{"event_type":"payment.completed","payload":{"order_id":"1"}}`, "validation-failed", "/payload/amount"},
		"amount as text":            {`{"event_type":"payment.completed","payload":{"order_id":"1","amount":"1"}}`, "invalid-json", "/payload/amount"},
		"amount 0":                  {`{"event_type":"payment.completed","payload":{"order_id":"1","amount":0}}`, "validation-failed", "/payload/amount"},
		"amount below 0":            {`{"event_type":"payment.completed","payload":{"order_id":"1","amount":-1}}`, "validation-failed", "/payload/amount"},
		"too many decimals":         {`{"event_type":"payment.completed","payload":{"order_id":"1","amount":29.999}}`, "amount-precision", "/payload/amount"},
		"decimals of a yen":         {`{"event_type":"payment.completed","payload":{"order_id":"1","amount":30.5,"currency":"JPY"}}`, "amount-precision", "/payload/amount"},
		"beyond 2^53":               {`{"event_type":"payment.completed","payload":{"order_id":"1","amount":90071992547409.92}}`, "validation-failed", "/payload/amount"},
		"a currency that is none":   {`{"event_type":"payment.completed","payload":{"order_id":"1","amount":1,"currency":"XXQ"}}`, "validation-failed", "/payload/currency"},
		"a failure without a code":  {`{"event_type":"payment.failed","payload":{"order_id":"1","retryable":true}}`, "validation-failed", "/payload/code"},
		"a failure in words":        {`{"event_type":"payment.failed","payload":{"order_id":"1","code":"Ann has no money"}}`, "validation-failed", "/payload/code"},
		"a request_id that is none": {`{"event_type":"payment.failed","payload":{"order_id":"1","code":"no","request_id":"a b"}}`, "validation-failed", "/payload/request_id"},
		"a refund of no amount":     {`{"event_type":"payment.refunded","payload":{"order_id":"1","refund_id":"r"}}`, "validation-failed", "/payload/amount"},
		"a refund_id that is none":  {`{"event_type":"payment.refund_failed","payload":{"order_id":"1","refund_id":"","amount":1}}`, "validation-failed", "/payload/refund_id"},
		"a retryable of no kind":    {`{"event_type":"payment.failed","payload":{"order_id":"1","code":"no","retryable":1}}`, "invalid-json", "/payload/retryable"},
		"identity without end":      {paid("", `,"payment_id":"`+strings.Repeat("p", 256)+`"`), "validation-failed", "/payload/payment_id"},
	} {
		t.Run(name, func(t *testing.T) {
			s := stocked(t)
			before := len(s.records())
			_, err := s.Message(t.Context(), app.Call{}, []byte(c.letter))
			require.Equal(t, c.code, refused(t, err))
			if c.pointer != "" {
				require.Contains(t, pointers(err), c.pointer)
			}
			require.Len(t, s.records(), before)
			found, err := s.messages().List(t.Context(), "", 10)
			require.NoError(t, err)
			require.Empty(t, found, "a letter refused over HTTP is answered, not kept")
		})
	}
}

func TestLetter_amountsAreReadAsText(t *testing.T) {
	for amount, minor := range map[string]string{
		`29.99`: "2999", `29.990`: "2999", `30`: "3000", `0.1`: "10", `90071992547409.91`: "9007199254740991",
		`4503599627370497.5,"currency":"KWD"`: "", `1.234,"currency":"KWD"`: "1234", `30,"currency":"JPY"`: "30",
	} {
		t.Run(amount, func(t *testing.T) {
			s := newShop(t)
			_, err := s.Message(t.Context(), app.Call{}, []byte(`{"event_type":"payment.completed","payload":{"order_id":"1","amount":`+amount+`}}`))
			if minor == "" {
				require.Equal(t, "validation-failed", refused(t, err))
				return
			}
			require.NoError(t, err)
			require.Contains(t, string(s.records()[1].Data), `"amount_minor":`+minor+`,`)
		})
	}
}

func TestOrderLetter_sameIDOtherContent_isAConflict(t *testing.T) {
	s := stocked(t)
	s.letter(ordered(bear, ""))
	for _, other := range []string{ordered(`{"name":"Teddy Bear","quantity":2}`, ""), ordered(bear, `,"customer_ref":"c"`), ordered(bear, `,"currency":"USD"`)} {
		_, err := s.Message(t.Context(), app.Call{}, []byte(other))
		require.Equal(t, "order-id-conflict", refused(t, err))
	}
	status, _ := s.letter(ordered(bear, ""))
	require.Equal(t, "duplicate", status)
}

func TestInbox_refusedLetter_isKeptByteForByte_andDecidedOnesLeaveReceipts(t *testing.T) {
	s := stocked(t)
	inbox := s.inbox()
	for _, body := range []string{"\x00\xff", "", ordered(bear, ""), ordered(bear, ""), `{"event_type":"payment.completed","payload":{},"colour":1}`} {
		require.NoError(t, inbox.Receive(t.Context(), app.Letter{Source: "amqp", Body: []byte(body)}))
	}
	found, err := s.messages().List(t.Context(), "", 10)
	require.NoError(t, err)
	var statuses []string
	for _, m := range found {
		statuses = append(statuses, m.EventType+" "+m.Status)
	}
	require.Equal(t, []string{"payment.completed failed", "order.created duplicate", "order.created processed", " failed", " failed"}, statuses, "newest first")
	var raw []byte
	require.NoError(t, s.log().Read.QueryRow(`SELECT raw FROM inbox ORDER BY message_id LIMIT 1`).Scan(&raw))
	require.Equal(t, "\x00\xff", string(raw))
}

func TestInbox_whatItsTransportSawIsNoLetter_isKeptWithThatReason(t *testing.T) {
	s := stocked(t)
	letter := app.Letter{Source: "redis", Ref: "1700000000000-0", Amiss: "the entry's field payload is missing", Body: []byte(ordered(bear, ""))}
	require.NoError(t, s.inbox().Receive(t.Context(), letter))
	require.Zero(t, s.count("order.placed"))
	var problem string
	require.NoError(t, s.log().Read.QueryRow(`SELECT problem FROM inbox`).Scan(&problem))
	require.Contains(t, problem, letter.Amiss)
}

// TestLetter_keysNobodyKnows: over HTTP they are refused outside the payload; a fact from a broker is not refused for them,
// and a key in another case is one of them.
func TestLetter_keysNobodyKnows_areIgnoredFromABrokerAndInPayloads(t *testing.T) {
	s := stocked(t)
	letter := `{"event_type":"order.created","colour":1,"Event_Type":"payment.completed","payload":{
		"order_id":"1","Order_ID":"2","gift":{"quantity":0},"items":[{"sku":"BEAR","SKU":"DOLL","quantity":1,"Quantity":"x"}]}}`
	_, err := s.Message(t.Context(), app.Call{}, []byte(letter))
	require.Equal(t, "invalid-json", refused(t, err))
	require.ElementsMatch(t, []string{"/colour", "/Event_Type"}, pointers(err))
	require.NoError(t, s.inbox().Receive(t.Context(), app.Letter{Source: "amqp", Body: []byte(letter)}))
	require.Equal(t, 1, s.count("order.placed"))
	require.Equal(t, "order-1", s.records()[len(s.records())-1].Stream)
}

func TestInbox_storeAway_decidesNothing(t *testing.T) {
	s := stocked(t)
	s.driver.away.Store(true)
	require.ErrorIs(t, s.inbox().Receive(t.Context(), app.Letter{Source: "redis", Ref: "1-1", Body: []byte(ordered(bear, ""))}), eventstore.ErrUnavailable)
	s.driver.away.Store(false)
	require.NoError(t, s.inbox().Receive(t.Context(), app.Letter{Source: "redis", Ref: "1-1", Body: []byte(ordered(bear, ""))}))
	require.Equal(t, 1, s.count("order.placed"))
}

func TestCheckout_everyStepRunTwice_appendsNothing(t *testing.T) {
	s := stocked(t)
	reactor := s.checkout(s.desk)
	s.letter(ordered(bear, ""))
	s.letter(paid("", `,"payment_id":"a"`))
	s.letter(paid("", `,"payment_id":"b"`))                                                                         // too much
	s.letter(`{"event_type":"payment.completed","payload":{"order_id":"1","amount":1,"currency":"EUR"}}`)           // foreign
	s.letter(`{"event_type":"payment.completed","payload":{"order_id":"2","amount":29.99}}`)                        // before its order
	s.letter(`{"event_type":"order.created","payload":{"order_id":"2","items":[` + bear + `]}}`)                    //
	s.letter(`{"event_type":"order.created","payload":{"order_id":"3","items":[{"sku":"BEAR","quantity":100}]}}`)   // too many
	s.letter(`{"event_type":"payment.completed","payload":{"order_id":"3","amount":1}}`)                            // late
	s.letter(`{"event_type":"order.created","payload":{"order_id":"4","items":[{"name":"Unicorn","quantity":1}]}}`) // rejected at the door
	s.settled()
	records := s.records()
	for _, r := range records {
		keys, err := reactor.Keys(r)
		require.NoError(t, err)
		for _, key := range keys {
			require.NoError(t, reactor.React(t.Context(), subscription.Work{Key: key, Deliveries: []subscription.Delivery{{Record: r}}}))
			again := r
			again.EventID = uuid.New() // woken by something else: another command, the same heads
			require.NoError(t, reactor.React(t.Context(), subscription.Work{Key: key, Deliveries: []subscription.Delivery{{Record: again}}}))
		}
	}
	require.Equal(t, len(records), len(s.records()))
	require.Equal(t, 2, s.count("order.confirmed"))
	require.Equal(t, 3, s.count("payment.refund_requested"))
}

func (s *shop) messages() *app.Messages { return app.NewMessages(s.log().Read) }

// pointers are the places that a refusal names.
func pointers(err error) (all []string) {
	text, _ := json.Marshal(err)
	var refusal struct{ Errors []struct{ Pointer string } }
	_ = json.Unmarshal(text, &refusal)
	for _, e := range refusal.Errors {
		all = append(all, e.Pointer)
	}
	return all
}
