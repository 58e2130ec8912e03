// Package asyncapi describes to outsiders what a shop says and hears over its brokers, as an AsyncAPI 3.0 document.
//
// Channels and servers follow the shop's configuration; the events come from the codec's table, and their schemas from the
// structs that the codec writes down. What each event means is in meanings.json, which `make generate` makes of the structs'
// comments. The letters are described by hand in letters.go: app reads them leniently, and its tests hold the two together.
//
// It sends and reads nothing, and knows no broker. The HTTP surface describes itself, as OpenAPI (see api).
package asyncapi
