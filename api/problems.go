package api

import (
	"net/http"

	"ordermill/api/v1"
)

// kind is what all problems of one code have in common.
type kind struct {
	status    int
	title     string
	retryable bool
	doc       string // one paragraph for /problems/{code}: what happened, what to do
}

// kinds is the one table by which errors become HTTP answers.
var kinds = map[string]kind{
	v1.InvalidJSON: {http.StatusBadRequest, "The body is not the JSON that is due", false,
		"The body must be one JSON object in UTF-8: no byte order mark, no text after it, no key twice, no unknown or wrong-case key, no NUL, no half of a surrogate pair, at most 32 levels deep, and every value of its own type. errors names the place and what is wrong with it."},
	v1.InvalidParameter: {http.StatusBadRequest, "A path or query value breaks its form", false,
		"A value in the path or the query is not of the form that the documentation gives, is unknown, or stands twice. A cursor must come from the answer before."},
	v1.InvalidHeader: {http.StatusBadRequest, "A header breaks its form", false,
		"Idempotency-Key is 1 to 255 printable ASCII characters, quoted or bare, and stands once. Last-Event-ID is a position."},
	v1.UnreadableBody: {http.StatusBadRequest, "The body could not be read", false,
		"The connection ended, or its framing broke, before the whole body was here. Nothing was done."},
	v1.IdempotencyKeyMissing: {http.StatusBadRequest, "This command needs an Idempotency-Key", false,
		"Doing this twice would do it twice, and nothing in its body tells two of them apart. Send a header Idempotency-Key with a value of your own for each intention, and the same value when you try again."},
	v1.IdempotencyKeyReused: {http.StatusUnprocessableEntity, "The Idempotency-Key was used for something else", false,
		"A request with this key on this path has succeeded before, with another body. Use a new key for a new intention."},
	v1.IdempotencyKeyInFlight: {http.StatusConflict, "The same request is still under way", true,
		"A request with this Idempotency-Key has not been answered yet. Try again with the same key: you will get its answer."},
	v1.NotFound: {http.StatusNotFound, "There is nothing here", false,
		"The path is unknown, or nothing with this id has been seen. What was just written may take a moment to appear in the read models."},
	v1.MethodNotAllowed: {http.StatusMethodNotAllowed, "The path does not know this method", false,
		"The header Allow names the methods that it knows."},
	v1.RequestTimeout: {http.StatusRequestTimeout, "The body did not arrive in time", true,
		"A request has 15 seconds to arrive. Nothing was done."},
	v1.BodyTooLarge: {http.StatusRequestEntityTooLarge, "The body is too large", false,
		"A body may have 1 MiB."},
	v1.UnsupportedMediaType: {http.StatusUnsupportedMediaType, "The body's media type is not understood", false,
		"Send Content-Type: application/json, in UTF-8 and without Content-Encoding. A POST without a body needs none."},
	v1.ValidationFailed: {http.StatusUnprocessableEntity, "A member is missing or out of range", false,
		"The body is well-formed, but a required member is missing, or a value is not one of those that are allowed. errors names each."},
	v1.UnsupportedEventType: {http.StatusUnprocessableEntity, "This event type is not accepted as a letter", false,
		"Letters are order.created and payment.completed. What the log itself records (order.placed, payment.captured ...) cannot be sent in."},
	v1.AmountPrecision: {http.StatusUnprocessableEntity, "The amount is finer than its currency", false,
		"An amount may have as many decimals as its currency: 29.99 USD, 30 JPY, 1.234 KWD. Trailing zeros do not count."},
	v1.UnknownProduct: {http.StatusUnprocessableEntity, "A product is not in the catalogue", false,
		"An item names a sku or a name that nobody has registered, or that is sold no more. errors names the item."},
	v1.UnknownSKU: {http.StatusNotFound, "The SKU is not known", false,
		"No product with this SKU was ever registered. SKUs are case-sensitive."},
	v1.PriceChanged: {http.StatusUnprocessableEntity, "A price is not the expected one", false,
		"The catalogue's price differs from expected_unit_price_minor. Show the new price, and order again with it."},
	v1.MixedCurrency: {http.StatusUnprocessableEntity, "The items have different currencies", false,
		"All lines of an order have one currency. Place one order for each."},
	v1.CurrencyMismatch: {http.StatusUnprocessableEntity, "The currency is not the catalogue's", false,
		"The order names a currency in which its items have no price. Amounts are never converted."},
	v1.TotalTooLarge: {http.StatusUnprocessableEntity, "The total is too large", false,
		"An amount is at most 9007199254740991 minor units."},
	v1.SKUTaken: {http.StatusConflict, "The SKU is taken", false,
		"Another product has this SKU."},
	v1.NameTaken: {http.StatusConflict, "The name is taken", false,
		"Another product has this name; case, spacing and compatible characters make no difference."},
	v1.OrderIDConflict: {http.StatusConflict, "The order id is taken by another order", false,
		"An order with this id and other contents is there already. The same id with the same contents would be a duplicate, and fine."},
	v1.StockReceiptConflict: {http.StatusConflict, "The stock receipt is known with another quantity", false,
		"A stock receipt with this id was booked for this SKU before, with another quantity."},
	v1.OutOfStock: {http.StatusConflict, "There is not enough in stock", false,
		"shortages names each SKU with what was asked for and what is available."},
	v1.StockTooLarge: {http.StatusUnprocessableEntity, "There would be too many units", false,
		"A SKU holds at most 4503599627370496 units."},
	v1.PaymentIDConflict: {http.StatusConflict, "The payment id stands for other money", false,
		"Money with this id arrived before, for another order, amount or currency. Money that really arrived twice is never refused: it is reviewed."},
	v1.UnknownCapture: {http.StatusNotFound, "The capture is not known", false,
		"No money with this capture_id arrived on this account."},
	v1.RefundExceedsCaptured: {http.StatusUnprocessableEntity, "The refund is more than is left", false,
		"What is refunded or about to be, together, never exceeds what was captured."},
	v1.ConcurrentChange: {http.StatusConflict, "Others kept changing the same things", true,
		"Nothing was done. Try again in a moment; this says nothing about whether there is stock."},
	v1.RebuildRunning: {http.StatusConflict, "This read model is being rebuilt already", true,
		"GET the same path to see how far it is."},
	v1.Refused: {http.StatusUnprocessableEntity, "The command was refused", false,
		"A rule of the shop stands against it; detail says which."},
	v1.StoreUnavailable: {http.StatusServiceUnavailable, "The database cannot be used at the moment", true,
		"It is away, full or read-only. Nothing was acknowledged that was not kept. Try again after Retry-After."},
	v1.OutcomeUnknown: {http.StatusServiceUnavailable, "It is not known whether the command was done", true,
		"The database went away while it was committing. Send the same request again with the same Idempotency-Key, or look whether it is there."},
	v1.ProjectionParked: {http.StatusServiceUnavailable, "The read model could not follow for this id", true,
		"An event of this id could not be folded, so what the read model says may be old; everything else goes on. An operator has to look at it. The log itself is whole."},
	v1.ProjectionBehind: {http.StatusServiceUnavailable, "The read model is behind", true,
		"It did not reach min_position within 5 seconds. Try again after Retry-After, or without min_position if older rows will do."},
	v1.NotReady: {http.StatusServiceUnavailable, "This process is not ready yet", true,
		"It is starting (migrations, catalogue, read models catching up with the log) or stopping."},
	v1.InternalError: {http.StatusInternalServerError, "Something is wrong on our side", false,
		"This is a mistake in the program. instance names the occurrence; the log of the process has the rest."},
}
