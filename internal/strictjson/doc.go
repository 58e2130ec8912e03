// Package strictjson reads JSON from outside as strictly as the REST contract and the inbox demand.
//
// encoding/json lets much through that two parties may read differently: duplicate and wrong-case keys, unknown keys,
// text after the document, and it turns broken UTF-8 and lone surrogates into U+FFFD without a word. Scan refuses all that
// a document can do wrong by itself, Decode all that it can do wrong against a struct, and DecodeKnown the same but for keys
// that we do not know: letters may carry some, and REST bodies may not.
//
// It does not know which values are allowed (see package api), and it does not write JSON.
package strictjson
