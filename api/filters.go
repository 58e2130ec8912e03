package api

import (
	"net/url"
	"strconv"
	"time"

	"ordermill/projections"
)

// filters are the query values by which a list was narrowed, and what they ask of its rows.
type filters struct {
	given      url.Values
	conditions []projections.Condition
}

// add narrows the list, unless the query value was not given.
func (f *filters) add(name, value string, column string, is projections.Relation) {
	if value != "" {
		f.keep(name, value, projections.Condition{Column: column, Is: is, Value: value})
	}
}

// addTime does the same with a time; value has been checked to be one.
func (f *filters) addTime(name, value string, column string, is projections.Relation) {
	if at, err := time.Parse(time.RFC3339, value); err == nil {
		f.keep(name, value, projections.Condition{Column: column, Is: is, Value: at.UnixMilli()})
	}
}

// always narrows the list by what its path says.
func (f *filters) always(column, value string) {
	f.conditions = append(f.conditions, projections.Condition{Column: column, Is: projections.Equal, Value: value})
}

func (f *filters) keep(name, value string, c projections.Condition) {
	f.keepGiven(name, value)
	f.conditions = append(f.conditions, c)
}

// keepGiven keeps a query value for the next page that is no condition on rows.
func (f *filters) keepGiven(name, value string) {
	if f.given == nil {
		f.given = url.Values{}
	}
	f.given.Set(name, value)
}

// link is the header that leads to the next page, with the same filters: a cursor belongs to them.
func (f filters) link(path string, limit int, next string) string {
	query := url.Values{"limit": {strconv.Itoa(limit)}, "cursor": {next}}
	for name, values := range f.given {
		query[name] = values
	}
	return "<" + path + "?" + query.Encode() + `>; rel="next"`
}
