package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
)

const compared = `"comparison":{"name":"orders","ok":false,"rows":3,"position":9,"generation":1,"count":2,"differences":[
	{"key":"1","column":"body.status","live":"a","folded":"b"},{"key":"2","column":"","live":"","folded":"{}"}]}`

func TestRebuild_dryRun_tellsDifferences_andExitsAsVerifyDoes(t *testing.T) {
	server := fake(t, map[string]string{"POST /v1/projections/orders/rebuild": begunOrders,
		"GET /v1/projections/orders/rebuild": `{"name":"orders","generation":2,"status":"done","dry_run":true,` + compared + `}`})
	r := ordermill(t, server, "", "rebuild", "orders", "--dry-run")
	require.Equal(t, exitDiffers, r.code, r.err)
	require.Contains(t, r.out, "orders: 2 differences from the live generation 1 (3 rows at position 9)\n  1 body.status: a, rebuilt b\n  2 (whole row): nothing, rebuilt {}\n")
	require.Contains(t, ordermill(t, server, "", "rebuild", "orders", "--dry-run", "--json").out, `"folded":"b"`)
	same := fake(t, map[string]string{"POST /v1/projections/orders/rebuild": begunOrders,
		"GET /v1/projections/orders/rebuild": `{"name":"orders","generation":2,"status":"done","dry_run":true,"comparison":{"name":"orders","ok":true,"rows":3}}`})
	require.Equal(t, exitOK, ordermill(t, same, "", "rebuild", "orders", "--dry-run").code)
	parked := fake(t, map[string]string{"POST /v1/projections/orders/rebuild": begunOrders,
		"GET /v1/projections/orders/rebuild": `{"name":"orders","generation":2,"status":"done","dry_run":true,"refused":true,"error":"it parks a key","comparison":{"name":"orders","ok":true,"rows":3}}`})
	r = ordermill(t, parked, "", "rebuild", "orders", "--dry-run")
	require.Equal(t, exitDiffers, r.code)
	require.Contains(t, r.err, "it parks a key")
}

func TestRebuild_refused_saysWhy(t *testing.T) {
	server := fake(t, map[string]string{"POST /v1/projections/orders/rebuild": begunOrders,
		"GET /v1/projections/orders/rebuild": `{"name":"orders","generation":2,"status":"failed","refused":true,"error":"refused: too many",` + compared + `}`})
	r := ordermill(t, server, "", "rebuild", "orders", "--max-changes", "1")
	require.Equal(t, exitRefused, r.code)
	require.Contains(t, r.err, "rebuild of orders: refused: too many\n")
	require.Contains(t, r.out, "2 differences")
}

func TestRebuild_conditionsReachTheServer(t *testing.T) {
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			asked = r.URL.RequestURI()
		}
		fmt.Fprint(w, `{"name":"orders","key":"1","outcome":"unchanged","generation":2,"status":"done"}`)
	}))
	t.Cleanup(server.Close)
	for line, want := range map[string]string{
		"rebuild orders": "/v1/projections/orders/rebuild",
		"rebuild orders --dry-run --max-changes 0": "/v1/projections/orders/rebuild?dry_run=true&max_changes=0",
		"rebuild orders --key 12:3":                "/v1/projections/orders/rows/12:3/rebuild",
		"verify orders --repair":                   "/v1/projections/orders/verify?repair=true",
		"verify orders":                            "/v1/projections/orders/verify",
	} {
		ordermill(t, server.URL, "", strings.Fields(line)...)
		require.Equal(t, want, asked, line)
	}
}

func TestRebuild_whatCannotBeAskedTogether_isWrongUsage(t *testing.T) {
	for _, line := range []string{"orders --cancel --dry-run", "orders --cancel --key 1", "orders --key 1 --max-changes 3", "all --key 1", "orders --max-changes -1"} {
		require.Equal(t, exitUsage, ordermill(t, "http://127.0.0.1:1", "", append([]string{"rebuild"}, strings.Fields(line)...)...).code, line)
	}
}

func TestRebuild_key_tellsWhatWasWrong(t *testing.T) {
	server := fake(t, map[string]string{
		"POST /v1/projections/orders/rows/1/rebuild": `{"name":"orders","key":"1","outcome":"written","position":9,"generation":1,"count":1,"differences":[{"key":"1","column":"body.status","live":"a","folded":"b"}]}`,
		"POST /v1/projections/cases/rows/1/rebuild":  problem(409, v1.RowNotMendable, false)})
	r := ordermill(t, server, "", "rebuild", "orders", "--key", "1")
	require.Equal(t, exitOK, r.code, r.err)
	require.Regexp(t, `^orders 1: written, 1 difference \(position 9, generation 1, [^)]+\)\n  1 body.status: a, the log says b\n$`, r.out)
	require.Equal(t, exitRefused, ordermill(t, server, "", "rebuild", "cases", "--key", "1").code)
	require.Equal(t, exitNotFound, ordermill(t, server, "", "rebuild", "orders", "--key", "2").code)
}

func TestVerify_repair_isDoneWhenNothingIsLeft(t *testing.T) {
	answer := func(left int, rows string) string {
		return fmt.Sprintf(`{"name":"orders","ok":false,"rows":3,"position":9,"generation":1,"count":2,"parked":1,
			"differences":[{"key":"1","column":"body.status","live":"a","folded":"b"}],"repair":{"mended":1,"left_count":%d,"left":[%s]}}`, left, rows)
	}
	r := ordermill(t, fake(t, map[string]string{"POST /v1/projections/orders/verify": answer(0, "")}), "", "verify", "orders", "--repair")
	require.Equal(t, exitOK, r.code, r.err)
	require.Contains(t, r.out, "  1 key: parked, so neither compared nor touched\n  1 row mended, 0 left as they are\n")
	r = ordermill(t, fake(t, map[string]string{"POST /v1/projections/orders/verify": answer(1, `{"key":"2","why":"no streams"}`)}), "", "verify", "orders", "--repair")
	require.Equal(t, exitDiffers, r.code)
	require.Contains(t, r.out, "  2 left: no streams\n")
	require.Contains(t, r.err, "rebuild them")
}

func TestProjections_tellHowTheyWereVerified(t *testing.T) {
	server := fake(t, map[string]string{"GET /v1/projections": `{"items":[{"name":"orders"},
		{"name":"payments","verified":{"at":"2026-01-02T03:04:05Z","differences":2,"mended":1}},
		{"name":"products","verified":{"at":"2026-01-02T03:04:05Z","error":"away"}}]}`})
	r := ordermill(t, server, "", "projections")
	for _, want := range []string{"never\n", "2 differences, 1 row mended 2026-01-02 03:04\n", "failed: away 2026-01-02 03:04\n"} {
		require.Contains(t, r.out, want)
	}
}

func TestServe_verifyEvery_isChecked(t *testing.T) {
	require.Equal(t, exitUsage, ordermill(t, "", "", "serve", "--insecure", "--store", "sqlite:///nowhere", "--verify-every", "1ms").code)
}
