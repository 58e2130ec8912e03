package product_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/domaintest"
	"ordermill/domain/product"
)

var teddy = product.Registered{SKU: "TEDDY-BEAR", Name: " Teddy  Bear", NameKey: "teddy bear", PriceMinor: 2999, Currency: "USD"}

func given(t *testing.T, history ...product.Event) domaintest.Case[product.State, product.Command, product.Event] {
	return domaintest.Given(t, product.Decider, history...)
}

func TestRegister_newSKU(t *testing.T) {
	given(t).
		When(product.Register{SKU: "TEDDY-BEAR", Name: " Teddy  Bear", PriceMinor: 2999, Currency: "USD"}).
		Then(teddy)
}

func TestRegister_takenSKU_isRefused(t *testing.T) {
	given(t, teddy).
		When(product.Register{SKU: "TEDDY-BEAR", Name: "Other", PriceMinor: 1, Currency: "USD"}).
		ThenRefused("sku-taken")
}

func TestRegister_badMembers_areRefused(t *testing.T) {
	for name, c := range map[string]product.Register{
		"sku":      {SKU: "a b", Name: "A", Currency: "USD"},
		"blank":    {SKU: "A", Name: " \t\u3000", Currency: "USD"},
		"long":     {SKU: "A", Name: strings.Repeat("a", 201), Currency: "USD"},
		"price":    {SKU: "A", Name: "A", PriceMinor: -1, Currency: "USD"},
		"currency": {SKU: "A", Name: "A", Currency: "usd"},
	} {
		t.Run(name, func(t *testing.T) { given(t).When(c).ThenRefused("validation-failed") })
	}
}

func TestClaimName_oneProductHasAName(t *testing.T) {
	domaintest.Given(t, product.NameDecider).When(product.ClaimName{SKU: "A"}).Then(product.NameClaimed{SKU: "A"})
	domaintest.Given(t, product.NameDecider, product.NameEvent(product.NameClaimed{SKU: "A"})).When(product.ClaimName{SKU: "B"}).ThenRefused("name-taken")
}

func TestNameKey_caseSpacingAndFormDoNotMatter(t *testing.T) {
	for _, name := range []string{"Teddy Bear", "  teddy\tBEAR ", "teddy\u00a0bear", "\uff34eddy Bear"} {
		require.Equal(t, "teddy bear", product.NameKey(name), name)
	}
	require.Equal(t, product.NameKey("Straße"), product.NameKey("STRASSE"))
	require.NotEqual(t, product.NameKey("Teddy Bear"), product.NameKey("Teddybear"))
}

func FuzzNameKey_isItsOwnKey(f *testing.F) {
	f.Add(" Teddy  Bear")
	f.Fuzz(func(t *testing.T, name string) {
		if key := product.NameKey(name); product.NameKey(key) != key {
			t.Errorf("key of %q is %q, whose key is %q", name, key, product.NameKey(key))
		}
	})
}
