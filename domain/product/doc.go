// Package product holds the rules of the catalogue: what is sold, under which name, at which price.
//
// A product's name is unique by its key, which is a stream of its own: a claim and the product are one append, so two products
// of one name cannot both win. Stock is not known here (see inventory).
package product
