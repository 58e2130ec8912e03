package api_test

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"ordermill/app"
	inv "ordermill/domain/inventory"
	"ordermill/domain/payment"
	"ordermill/domain/product"
	"ordermill/eventstore/subscription"
	"ordermill/projections"
	"ordermill/projections/cases"
	"ordermill/projections/inventory"
	"ordermill/projections/orders"
	"ordermill/projections/payments"
	"ordermill/projections/products"
)

func (s *shop) description() *openapi3.T {
	s.t.Helper()
	answer := s.get("/openapi.json")
	require.Equal(s.t, 200, answer.StatusCode)
	require.Equal(s.t, "application/json", answer.Header.Get("Content-Type"))
	doc, err := openapi3.NewLoader().LoadFromData([]byte(answer.text))
	require.NoError(s.t, err)
	return doc
}

func TestOpenAPI_isValid31(t *testing.T) {
	doc := newShop(t).description()
	require.True(t, strings.HasPrefix(doc.OpenAPI, "3.1."), doc.OpenAPI)
	require.NoError(t, doc.Validate(context.Background()))
}

// TestOpenAPI_namesEveryRow: the rows of the contract, each with its methods.
func TestOpenAPI_namesEveryRow(t *testing.T) {
	var rows []string
	for path, item := range newShop(t).description().Paths.Map() {
		for method := range item.Operations() {
			rows = append(rows, method+" "+path)
		}
	}
	require.ElementsMatch(t, []string{
		"POST /v1/messages", "GET /v1/messages", "GET /v1/messages/{id}", "GET /v1/mailbox",
		"POST /v1/products", "GET /v1/products", "GET /v1/products/{sku}",
		"POST /v1/products/{sku}/price", "POST /v1/products/{sku}/rename", "POST /v1/products/{sku}/discontinue",
		"POST /v1/inventory/{sku}/adjustments", "POST /v1/orders/{id}/cancel",
		"POST /v1/orders/{id}/shipments", "POST /v1/orders/{id}/shipments/{shipment_id}/deliver",
		"POST /v1/orders/{id}/refunds", "POST /v1/orders/{id}/refunds/{refund_id}/complete", "POST /v1/orders/{id}/refunds/{refund_id}/fail",
		"POST /v1/payments/unmatched/{capture_id}/match", "POST /v1/payments/unmatched/{capture_id}/refund", "POST /v1/reviews/{review_id}/resolve",
		"POST /v1/inventory/{sku}/receipts", "GET /v1/inventory", "GET /v1/inventory/{sku}", "GET /v1/inventory/{sku}/movements", "GET /v1/inventory/{sku}/reservations",
		"GET /v1/orders/{id}/explain", "GET /v1/orders/{id}/payment/explain", "GET /v1/inventory/{sku}/explain", "GET /v1/products/{sku}/explain",
		"POST /v1/orders", "GET /v1/orders", "GET /v1/orders/{id}", "GET /v1/orders/{id}/timeline",
		"POST /v1/orders/{id}/payments", "GET /v1/orders/{id}/payment", "GET /v1/payments",
		"GET /v1/payments/unmatched", "GET /v1/refunds", "GET /v1/reviews",
		"GET /v1/events", "GET /v1/events/stream", "GET /v1/streams/{stream}", "GET /v1/streams/{stream}/state", "GET /v1/streams/{stream}/diff",
		"GET /v1/projections", "POST /v1/projections/{name}/rebuild", "GET /v1/projections/{name}/rebuild",
		"POST /v1/projections/{name}/rebuild/cancel", "POST /v1/projections/{name}/rollback",
		"POST /v1/projections/{name}/verify", "GET /v1/projections/{name}/frozen/{frozen}", "GET /v1/consumers", "GET /v1/relays", "GET /v1/parked", "POST /v1/parked/{consumer}/{key}/retry", "POST /v1/parked/{consumer}/{key}/discard", "GET /livez", "GET /readyz",
	}, rows)
}

func TestOpenAPI_describesBodiesAnswersAndProblems(t *testing.T) {
	doc := newShop(t).description()
	post := doc.Paths.Find("/v1/orders").Post
	require.True(t, post.RequestBody.Value.Required)
	items := post.RequestBody.Value.Content["application/json"].Schema.Value.Properties["items"].Value
	require.Equal(t, uint64(1), items.MinItems)
	require.Equal(t, uint64(200), *items.MaxItems)
	require.ElementsMatch(t, []string{"200", "201", "default"}, slices.Collect(maps.Keys(post.Responses.Map())))
	require.Contains(t, post.Responses.Value("201").Value.Content["application/json"].Schema.Value.Properties, "grand_total_minor")
	require.Contains(t, post.Responses.Value("201").Value.Headers, "X-Position")
	problem := post.Responses.Default().Value.Content["application/problem+json"].Schema.Value
	for _, member := range []string{"type", "title", "status", "detail", "instance", "code", "retryable", "errors"} {
		require.Contains(t, problem.Properties, member)
	}
}

func TestOpenAPI_bodiesThatMayBeEmpty_areNotRequired(t *testing.T) {
	doc := newShop(t).description()
	for path, required := range map[string]bool{
		"/v1/orders/{id}/shipments": false, "/v1/products/{sku}/discontinue": false, "/v1/orders/{id}/cancel": true,
	} {
		require.Equal(t, required, doc.Paths.Find(path).Post.RequestBody.Value.Required, path)
	}
}

func TestOpenAPI_describesLettersALine(t *testing.T) {
	post := newShop(t).description().Paths.Find("/v1/messages").Post
	require.Contains(t, post.RequestBody.Value.Content, "application/x-ndjson")
	answers := post.Responses.Value("202").Value.Content["application/json"].Schema.Value.AnyOf
	require.Contains(t, answers[0].Value.Properties, "message_id")
	require.Contains(t, answers[1].Value.Properties, "items")
}

func TestDocs_loadNothingFromElsewhere(t *testing.T) {
	s := newShop(t)
	page := s.get("/docs")
	require.Equal(t, 200, page.StatusCode)
	require.Contains(t, page.Header.Get("Content-Security-Policy"), "default-src 'self'")
	links := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(page.text, -1)
	require.Len(t, links, 3)
	for _, link := range links {
		require.True(t, strings.HasPrefix(link[1], "/docs/"), link[1])
		asset := s.get(link[1])
		require.Equal(t, 200, asset.StatusCode, link[1])
		require.NotEmpty(t, asset.text)
	}
	require.Contains(t, s.get("/docs/start.js").text, "validatorUrl: null")
}

func TestAsyncAPI_isServedAsItWasHandedIn_andTheDocsLeadToIt(t *testing.T) {
	s := newShop(t)
	answer := s.get("/asyncapi.json")
	require.Equal(t, 200, answer.StatusCode)
	require.Equal(t, "application/json", answer.Header.Get("Content-Type"))
	require.Equal(t, `{"asyncapi":"3.0.0"}`, answer.text)
	require.Contains(t, s.description().Info.Description, "[/asyncapi.json](/asyncapi.json)")
}

func TestProblemTypes_areServed(t *testing.T) {
	s := newShop(t)
	index := s.get("/problems")
	require.Equal(t, 200, index.StatusCode)
	codes := regexp.MustCompile(`<h1><code>([a-z-]+)</code></h1>`).FindAllStringSubmatch(index.text, -1)
	require.Greater(t, len(codes), 25)
	for _, code := range codes {
		page := s.get("/problems/" + code[1])
		require.Equal(t, 200, page.StatusCode, code[1])
		require.Contains(t, page.text, code[1])
	}
	s.get("/problems/unknown").problem("not-found")
}

// TestOpenAPI_answersAreAsDescribed: what is really sent fits the schema that is shown.
func TestOpenAPI_answersAreAsDescribed(t *testing.T) {
	s := newShop(t)
	s.fill()
	doc := s.description()
	for path, row := range map[string]string{
		"/v1/orders": "/v1/orders", "/v1/orders/1": "/v1/orders/{id}", "/v1/orders/1/payment": "/v1/orders/{id}/payment", "/v1/orders/2/payment": "/v1/orders/{id}/payment",
		"/v1/payments":           "/v1/payments",
		"/v1/payments/unmatched": "/v1/payments/unmatched", "/v1/refunds": "/v1/refunds", "/v1/reviews": "/v1/reviews", "/v1/inventory": "/v1/inventory", "/v1/inventory/A": "/v1/inventory/{sku}", "/v1/products": "/v1/products",
		"/v1/products/A": "/v1/products/{sku}", "/v1/messages": "/v1/messages", "/v1/messages/m1": "/v1/messages/{id}", "/v1/mailbox": "/v1/mailbox",
		"/v1/events": "/v1/events", "/v1/streams/order-1": "/v1/streams/{stream}", "/v1/projections": "/v1/projections", "/v1/consumers": "/v1/consumers", "/v1/parked": "/v1/parked",
		"/v1/projections/orders/rebuild": "/v1/projections/{name}/rebuild", "/livez": "/livez", "/readyz": "/readyz",
	} {
		answer := s.get(path)
		require.Equal(t, 200, answer.StatusCode, path)
		fits(t, doc.Paths.Find(row).Get.Responses.Value("200").Value.Content["application/json"], answer)
	}
	problem := s.get("/v1/orders/nobody")
	fits(t, doc.Paths.Find("/v1/orders/{id}").Get.Responses.Default().Value.Content["application/problem+json"], problem)
}

func fits(t *testing.T, described *openapi3.MediaType, answer answered) {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal([]byte(answer.text), &value))
	require.NoError(t, described.Schema.Value.VisitJSON(value, openapi3.EnableJSONSchema2020()), answer.text)
}

// fill puts one of everything into the shop.
func (s *shop) fill() {
	s.orders["1"] = orders.Row{OrderID: "1", Order: awaited, Account: halfPaid, PlacedAt: 1, UpdatedAt: 2, Version: 2, Position: 9}
	s.payments["1"] = payments.Row{OrderID: "1", Order: awaited, Account: halfPaid, ReceivedAt: map[string]int64{"c1": 5}, Version: 3, Position: 9}
	s.payments["2"] = payments.Row{OrderID: "2", Position: 4}
	s.stock["A"] = inventory.Row{Item: inv.State{SKU: "A"}, Version: 1, Position: 1}
	s.catalogue["A"] = products.Row{Product: product.State{SKU: "A"}, Version: 1, Position: 1}
	s.cases["review:v"] = cases.Row{Kind: cases.Review, OrderID: "1", Status: cases.Open, Account: halfPaid,
		Review: payment.Review{ReviewID: "v", Reason: payment.ReviewRefundFailed}}
	s.log.append(someEvents(1, 5)...)
	s.letters.all = []app.Message{{MessageID: "m1", Status: "processed", ReceivedAt: recorded, Result: json.RawMessage(`{}`), Events: []int64{1}}}
	s.mails.all = []app.Mail{{MessageID: "1", SentAt: recorded}}
	s.consumers.statuses = []subscription.Status{{Name: "checkout", Kind: "reactor", Position: 9}, {Name: "relay-amqp", Kind: "reactor"}}
	s.consumers.parked = []subscription.ParkedKey{{Consumer: "checkout", Key: "1", Skipped: 2, ParkedAt: recorded}}
	s.consumers.handled["checkout"] = subscription.Handling{Status: "handled", Attempts: 1, At: recorded}
	s.models[0].progress = &projections.Progress{Projection: "orders", Generation: 2, Status: projections.Done, StartedAt: recorded}
}
