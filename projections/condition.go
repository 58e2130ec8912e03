package projections

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
)

// Condition keeps the rows of a list whose column is as it says.
type Condition struct {
	Column string // of the projection's Columns, or Key; one of text is of type keytext, which both databases compare bytewise
	Is     Relation
	Value  any // string or int64; none for Past
}

// Key is the column of every read model that holds its rows' key.
const Key = "key"

// Relation is how a column compares with a condition's value.
type Relation string

// Values of Relation.
const (
	Equal   Relation = "="
	AtLeast Relation = ">="
	Below   Relation = "<"
	// Past: a time, ms since 1970, that the database's clock has reached.
	Past Relation = "past"
	// Holds: a column made by Listed has the value in its list. No index serves it: the rows are looked at in the order of the
	// list until a page is full.
	Holds Relation = "holds"
)

// listedBy parts the values of a Listed column. No id holds it.
const listedBy = "|"

// Listed is the value of a text column that holds several ids, for conditions with Holds.
func Listed(ids []string) string {
	text := listedBy
	for _, id := range ids {
		text += id + listedBy
	}
	return text
}

// sql is the condition as SQL, its value bound.
func (c Condition) sql(args *[]any) string {
	switch c.Is {
	case Past:
		return c.Column + " <= now_ms()"
	case Holds: // LIKE folds case on one database, and takes the _ that ids hold for any letter
		return fmt.Sprintf("replace(%s, %s, '') <> %s", c.Column, bind(args, listedBy+fmt.Sprint(c.Value)+listedBy), c.Column)
	}
	return fmt.Sprintf("%s %s %s", c.Column, c.Is, bind(args, c.Value))
}

// bind adds an argument and returns its placeholder.
func bind(args *[]any, value any) string {
	*args = append(*args, value)
	return "$" + strconv.Itoa(len(*args))
}

// allows refuses conditions that name no column or relation of the projection: they would become SQL as they are.
func (p *Projection[R]) allows(conditions []Condition) error {
	for _, c := range conditions {
		named := func(column Column[R]) bool { return column.Name == c.Column }
		if c.Column != Key && !slices.ContainsFunc(p.Columns, named) || !slices.Contains([]Relation{Equal, AtLeast, Below, Past, Holds}, c.Is) {
			return fmt.Errorf("list %s: it has no condition %q %q", p.Name, c.Column, c.Is)
		}
	}
	return nil
}

// fingerprint tells conditions apart, so that a cursor belongs to the list that it came from.
func fingerprint(conditions []Condition) string {
	if len(conditions) == 0 {
		return ""
	}
	hash := sha256.New()
	for _, c := range conditions {
		fmt.Fprintf(hash, "%q %q %q\n", c.Column, c.Is, fmt.Sprint(c.Value))
	}
	return base64.RawURLEncoding.EncodeToString(hash.Sum(nil)[:12])
}
