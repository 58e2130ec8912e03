package v1_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
)

func TestProblem_furtherMembers_roundTrip(t *testing.T) {
	p := v1.Problem{Type: "/problems/x", Title: "T", Status: 409, Detail: "d", Instance: "i", Code: "x", Retryable: true,
		Errors: []v1.FieldError{{Pointer: "/a", Code: "c", Detail: "e"}}, Extra: map[string]any{"current_status": "placed"}}
	doc, err := json.Marshal(p)
	require.NoError(t, err)
	require.Contains(t, string(doc), `"current_status":"placed"`)
	var back v1.Problem
	require.NoError(t, json.Unmarshal(doc, &back))
	require.Equal(t, p, back)
}

func TestProblem_furtherMembers_neverHideTheKnown(t *testing.T) {
	doc, err := json.Marshal(v1.Problem{Code: "x", Extra: map[string]any{"code": "y"}})
	require.NoError(t, err)
	require.Contains(t, string(doc), `"code":"x"`)
}

func TestProblem_errors_areNeverNull(t *testing.T) {
	doc, err := json.Marshal(v1.Problem{})
	require.NoError(t, err)
	require.Contains(t, string(doc), `"errors":[]`)
}
