// Package client speaks the REST contract from Go: the command line and the tests use it, other programs may.
//
// Every error answer is a *v1.Problem (errors.As). Nothing is tried again behind the caller's back, except by Tail, which
// resumes where it was. It keeps no state and decides nothing.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"ordermill/api/v1"
)

// Client talks to one server. It is safe for many goroutines.
type Client struct {
	base string
	http *http.Client
}

// New makes a client for a server's URL, such as http://127.0.0.1:8080.
func New(base string) *Client {
	return &Client{base: strings.TrimSuffix(base, "/"), http: &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}}
}

// Close frees idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Answer is what a command was answered.
type Answer[T any] struct {
	Body     T
	Raw      []byte // Body as it came
	Status   int    // HTTP
	Location string
	Position int64 // of the last event that the command wrote, or of what it is about; 0: not told
	Replayed bool  // the stored answer to an earlier request with the same key
}

// Option changes how one command is sent.
type Option func(http.Header)

// Key sends an Idempotency-Key: the same key and body again get the same answer.
func Key(key string) Option {
	return func(h http.Header) {
		h.Set("Idempotency-Key", `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key)+`"`)
	}
}

// Wait asks the server to answer once the checkout has settled and the read models show it, or after so many seconds.
func Wait(seconds int) Option {
	return func(h http.Header) { h.Set("Prefer", fmt.Sprintf("wait=%d", seconds)) }
}

// Send sends one letter, as it is.
func (c *Client) Send(ctx context.Context, letter []byte, options ...Option) (Answer[v1.MessageAccepted], error) {
	return post[v1.MessageAccepted](ctx, c, "/v1/messages", letter, options)
}

// SendLines sends many letters, one a line. A line that is refused does not stop the others: look at each item's Problem.
func (c *Client) SendLines(ctx context.Context, lines []byte, options ...Option) (Answer[v1.MessagesAccepted], error) {
	asLines := func(h http.Header) { h.Set("Content-Type", "application/x-ndjson") }
	return post[v1.MessagesAccepted](ctx, c, "/v1/messages", lines, append(options, asLines))
}

// RegisterProduct adds a product to the catalogue.
func (c *Client) RegisterProduct(ctx context.Context, body v1.RegisterProduct, options ...Option) (Answer[v1.ProductRegistered], error) {
	return postJSON[v1.ProductRegistered](ctx, c, "/v1/products", body, options)
}

// ReceiveStock books stock that arrived. It needs a Key.
func (c *Client) ReceiveStock(ctx context.Context, sku string, body v1.ReceiveStock, options ...Option) (Answer[v1.StockReceived], error) {
	return postJSON[v1.StockReceived](ctx, c, "/v1/inventory/"+url.PathEscape(sku)+"/receipts", body, options)
}

// PlaceOrder places an order.
func (c *Client) PlaceOrder(ctx context.Context, body v1.PlaceOrder, options ...Option) (Answer[v1.Order], error) {
	return postJSON[v1.Order](ctx, c, "/v1/orders", body, options)
}

// RecordPayment tells of money that arrived.
func (c *Client) RecordPayment(ctx context.Context, orderID string, body v1.RecordPayment, options ...Option) (Answer[v1.PaymentRecorded], error) {
	return postJSON[v1.PaymentRecorded](ctx, c, "/v1/orders/"+url.PathEscape(orderID)+"/payments", body, options)
}

// Order returns one order as the read model shows it.
func (c *Client) Order(ctx context.Context, id string) (v1.Order, error) {
	return get[v1.Order](ctx, c, "/v1/orders/"+url.PathEscape(id), nil)
}

// OrderAt returns one order once the read model holds a position, such as a command's Answer.Position: read your own write.
func (c *Client) OrderAt(ctx context.Context, id string, position int64) (v1.Order, error) {
	return get[v1.Order](ctx, c, "/v1/orders/"+url.PathEscape(id), url.Values{"min_position": {strconv.FormatInt(position, 10)}})
}

// Account returns an order's payment account.
func (c *Client) Account(ctx context.Context, orderID string) (v1.Account, error) {
	return get[v1.Account](ctx, c, "/v1/orders/"+url.PathEscape(orderID)+"/payment", nil)
}

// Item returns the stock of one SKU.
func (c *Client) Item(ctx context.Context, sku string) (v1.Item, error) {
	return get[v1.Item](ctx, c, "/v1/inventory/"+url.PathEscape(sku), nil)
}

// Product returns one entry of the catalogue.
func (c *Client) Product(ctx context.Context, sku string) (v1.Product, error) {
	return get[v1.Product](ctx, c, "/v1/products/"+url.PathEscape(sku), nil)
}

// Message returns a letter and what became of it.
func (c *Client) Message(ctx context.Context, id string) (v1.Message, error) {
	return get[v1.Message](ctx, c, "/v1/messages/"+url.PathEscape(id), nil)
}

// Orders, Accounts, Items, Products, Messages and Mails return a page of a list: up to limit items (0: the server's
// default) from a cursor ("": the start).
func (c *Client) Orders(ctx context.Context, limit int, cursor string) (v1.List[v1.Order], error) {
	return list[v1.Order](ctx, c, "/v1/orders", limit, cursor)
}

// Accounts returns a page of the payment accounts.
func (c *Client) Accounts(ctx context.Context, limit int, cursor string) (v1.List[v1.Account], error) {
	return list[v1.Account](ctx, c, "/v1/payments", limit, cursor)
}

// Items returns a page of the stock.
func (c *Client) Items(ctx context.Context, limit int, cursor string) (v1.List[v1.Item], error) {
	return list[v1.Item](ctx, c, "/v1/inventory", limit, cursor)
}

// Products returns a page of the catalogue.
func (c *Client) Products(ctx context.Context, limit int, cursor string) (v1.List[v1.Product], error) {
	return list[v1.Product](ctx, c, "/v1/products", limit, cursor)
}

// Messages returns a page of the letters, newest first.
func (c *Client) Messages(ctx context.Context, limit int, cursor string) (v1.List[v1.Message], error) {
	return list[v1.Message](ctx, c, "/v1/messages", limit, cursor)
}

// Mails returns a page of the mails that dev has kept.
func (c *Client) Mails(ctx context.Context, limit int, cursor string) (v1.List[v1.Mail], error) {
	return list[v1.Mail](ctx, c, "/v1/mailbox", limit, cursor)
}

// OrdersBy returns a page of the orders that filters let through, by the names that GET /v1/orders knows: status, sku ...
func (c *Client) OrdersBy(ctx context.Context, filters map[string]string, limit int, cursor string) (v1.List[v1.Order], error) {
	return list[v1.Order](ctx, c, "/v1/orders", limit, cursor, filters)
}

// Unmatched returns a page of the money that waits for an order.
func (c *Client) Unmatched(ctx context.Context, limit int, cursor string) (v1.List[v1.UnmatchedMoney], error) {
	return list[v1.UnmatchedMoney](ctx, c, "/v1/payments/unmatched", limit, cursor)
}

// Refunds returns a page of the refunds of a status: requested, refunded, failed, kept; "" is all.
func (c *Client) Refunds(ctx context.Context, status string, limit int, cursor string) (v1.List[v1.RefundCase], error) {
	return list[v1.RefundCase](ctx, c, "/v1/refunds", limit, cursor, map[string]string{"status": status})
}

// Reviews returns a page of the reviews of a status: open, resolved; "" is open.
func (c *Client) Reviews(ctx context.Context, status string, limit int, cursor string) (v1.List[v1.Review], error) {
	return list[v1.Review](ctx, c, "/v1/reviews", limit, cursor, map[string]string{"status": status})
}

// Movements returns a page of what moved a SKU's stock, oldest first.
func (c *Client) Movements(ctx context.Context, sku string, limit int, cursor string) (v1.List[v1.Movement], error) {
	return list[v1.Movement](ctx, c, "/v1/inventory/"+url.PathEscape(sku)+"/movements", limit, cursor)
}

// Reservations returns a page of the orders that hold units of a SKU.
func (c *Client) Reservations(ctx context.Context, sku string, limit int, cursor string) (v1.List[v1.Reservation], error) {
	return list[v1.Reservation](ctx, c, "/v1/inventory/"+url.PathEscape(sku)+"/reservations", limit, cursor)
}

// Timeline returns everything that happened around an order.
func (c *Client) Timeline(ctx context.Context, orderID string) (v1.Timeline, error) {
	return get[v1.Timeline](ctx, c, "/v1/orders/"+url.PathEscape(orderID)+"/timeline", nil)
}

// Stream returns a page of one stream, oldest first.
func (c *Client) Stream(ctx context.Context, stream string, limit int, cursor string) (v1.List[v1.Event], error) {
	return list[v1.Event](ctx, c, "/v1/streams/"+url.PathEscape(stream), limit, cursor)
}

// Events returns a page of the log.
func (c *Client) Events(ctx context.Context, f Filter, limit int) (v1.Events, error) {
	return get[v1.Events](ctx, c, "/v1/events", f.query(limit))
}

// Projections lists the read models.
func (c *Client) Projections(ctx context.Context) ([]v1.Projection, error) {
	found, err := get[v1.List[v1.Projection]](ctx, c, "/v1/projections", nil)
	return found.Items, err
}

// Consumers lists the readers of the log.
func (c *Client) Consumers(ctx context.Context) ([]v1.Consumer, error) {
	found, err := get[v1.List[v1.Consumer]](ctx, c, "/v1/consumers", nil)
	return found.Items, err
}

// Relays lists what publishes the log, by transport.
func (c *Client) Relays(ctx context.Context) ([]v1.Relay, error) {
	found, err := get[v1.List[v1.Relay]](ctx, c, "/v1/relays", nil)
	return found.Items, err
}

// Parked returns a page of the keys that consumers could not handle.
func (c *Client) Parked(ctx context.Context, limit int, cursor string) (v1.List[v1.ParkedKey], error) {
	return list[v1.ParkedKey](ctx, c, "/v1/parked", limit, cursor)
}

// RetryParked asks for a parked key's skipped events to be replayed; Parked shows what came of it, soon.
func (c *Client) RetryParked(ctx context.Context, consumer, key string) (v1.ParkedAsked, error) {
	answer, err := post[v1.ParkedAsked](ctx, c, "/v1/parked/"+url.PathEscape(consumer)+"/"+url.PathEscape(key)+"/retry", nil, nil)
	return answer.Body, err
}

// DiscardParked asks for a parked key's skipped events to be given up.
func (c *Client) DiscardParked(ctx context.Context, consumer, key string, body v1.DiscardParked) (v1.ParkedAsked, error) {
	answer, err := postJSON[v1.ParkedAsked](ctx, c, "/v1/parked/"+url.PathEscape(consumer)+"/"+url.PathEscape(key)+"/discard", body, nil)
	return answer.Body, err
}

// StartRebuild asks for a read model to be built anew.
func (c *Client) StartRebuild(ctx context.Context, projection string) (v1.Rebuild, error) {
	answer, err := post[v1.Rebuild](ctx, c, "/v1/projections/"+url.PathEscape(projection)+"/rebuild", nil, nil)
	return answer.Body, err
}

// Rebuild tells how far the last rebuild or rollback is.
func (c *Client) Rebuild(ctx context.Context, projection string) (v1.Rebuild, error) {
	return get[v1.Rebuild](ctx, c, "/v1/projections/"+url.PathEscape(projection)+"/rebuild", nil)
}

// CancelRebuild ends the rebuild or rollback that runs, and tells how far it was.
func (c *Client) CancelRebuild(ctx context.Context, projection string) (v1.Rebuild, error) {
	answer, err := post[v1.Rebuild](ctx, c, "/v1/projections/"+url.PathEscape(projection)+"/rebuild/cancel", nil, nil)
	return answer.Body, err
}

// Rollback asks for a read model to go back to the generation that was live before; Rebuild tells how far it is.
func (c *Client) Rollback(ctx context.Context, projection string) (v1.Rebuild, error) {
	answer, err := post[v1.Rebuild](ctx, c, "/v1/projections/"+url.PathEscape(projection)+"/rollback", nil, nil)
	return answer.Body, err
}

// Verify compares a read model with a fold of the log, which takes as long as the log is.
func (c *Client) Verify(ctx context.Context, projection string) (v1.Verification, error) {
	answer, err := post[v1.Verification](ctx, c, "/v1/projections/"+url.PathEscape(projection)+"/verify", nil, nil)
	return answer.Body, err
}

// Ready returns nil if the server is ready, else a problem that says what it waits for.
func (c *Client) Ready(ctx context.Context) error {
	_, err := get[v1.Health](ctx, c, "/readyz", nil)
	return err
}

func list[T any](ctx context.Context, c *Client, path string, limit int, cursor string, filters ...map[string]string) (v1.List[T], error) {
	query := url.Values{}
	for _, filter := range filters {
		for name, value := range filter {
			if value != "" {
				query.Set(name, value)
			}
		}
	}
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	return get[v1.List[T]](ctx, c, path, query)
}

func get[T any](ctx context.Context, c *Client, path string, query url.Values) (body T, err error) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return body, err
	}
	_, raw, err := c.do(request)
	if err != nil {
		return body, err
	}
	return body, decode(raw, &body)
}

func postJSON[T any](ctx context.Context, c *Client, path string, body any, options []Option) (Answer[T], error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return Answer[T]{}, err
	}
	return post[T](ctx, c, path, raw, options)
}

func post[T any](ctx context.Context, c *Client, path string, body []byte, options []Option) (answer Answer[T], err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(body))
	if err != nil {
		return answer, err
	}
	if len(body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	for _, option := range options {
		option(request.Header)
	}
	response, raw, err := c.do(request)
	if err != nil {
		return answer, err
	}
	answer.Raw, answer.Status, answer.Location = raw, response.StatusCode, response.Header.Get("Location")
	answer.Position, _ = strconv.ParseInt(response.Header.Get("X-Position"), 10, 64) // absent: 0
	answer.Replayed = response.Header.Get("Idempotency-Replayed") == "true"
	return answer, decode(raw, &answer.Body)
}

// do sends a request and reads its answer whole; an error answer becomes a *v1.Problem.
func (c *Client) do(request *http.Request) (*http.Response, []byte, error) {
	response, err := c.http.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, nil, fmt.Errorf("%s %s: the answer broke off: %w", request.Method, request.URL.Path, err)
	}
	if response.StatusCode >= 300 {
		return nil, nil, problem(request, response, raw)
	}
	return response, raw, nil
}

func problem(request *http.Request, response *http.Response, raw []byte) error {
	media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	var p v1.Problem
	if media != v1.ProblemMediaType || json.Unmarshal(raw, &p) != nil {
		return fmt.Errorf("%s %s: %s, which is no answer of this service", request.Method, request.URL.Path, response.Status)
	}
	return &p
}

func decode(raw []byte, into any) error {
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("the answer is not what this client expects: %w", err)
	}
	return nil
}
