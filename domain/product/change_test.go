package product_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/domain/domaintest"
	"ordermill/domain/money"
	"ordermill/domain/product"
)

func TestChangePrice(t *testing.T) {
	s := given(t, teddy).When(product.ChangePrice{PriceMinor: 0}).Then(product.PriceChanged{OldMinor: 2999})
	require.Zero(t, s.PriceMinor, "a product may be free")
	given(t, teddy).When(product.ChangePrice{PriceMinor: 2999}).Then()
	given(t, teddy, product.PriceChanged{OldMinor: 2999, NewMinor: 5}).When(product.ChangePrice{PriceMinor: 2999}).
		Then(product.PriceChanged{OldMinor: 5, NewMinor: 2999})
	for _, wrong := range []int64{-1, money.Max + 1} {
		given(t, teddy).When(product.ChangePrice{PriceMinor: wrong}).ThenRefused("validation-failed")
	}
}

func TestRename(t *testing.T) {
	s := given(t, teddy).When(product.Rename{Name: "Polar Bear"}).
		Then(product.Renamed{OldName: " Teddy  Bear", Name: "Polar Bear", NameKey: "polar bear"})
	require.Equal(t, "polar bear", s.NameKey)
	given(t, teddy).When(product.Rename{Name: " Teddy  Bear"}).Then()
	given(t, teddy).When(product.Rename{Name: " \t"}).ThenRefused("validation-failed")
	given(t, teddy).When(product.Rename{Name: strings.Repeat("a", product.MaxName+1)}).ThenRefused("validation-failed")
}

// Its key stays, so it claims and releases nothing.
func TestRename_otherWritingOfTheSameName(t *testing.T) {
	given(t, teddy).When(product.Rename{Name: "TEDDY BEAR"}).
		Then(product.Renamed{OldName: " Teddy  Bear", Name: "TEDDY BEAR", NameKey: teddy.NameKey})
}

func TestDiscontinue_isSaidOnce_andKeepsSKUAndName(t *testing.T) {
	s := given(t, teddy).When(product.Discontinue{}).Then(product.Discontinued{})
	require.True(t, s.Discontinued)
	require.Equal(t, teddy.NameKey, s.NameKey)
	given(t, teddy, product.Discontinued{}).When(product.Discontinue{}).Then()
	given(t, teddy, product.Discontinued{}).When(product.Register{SKU: "TEDDY-BEAR", Name: "A", Currency: "USD"}).ThenRefused("sku-taken")
}

func TestChanges_ofAProductThatNobodyRegistered_areRefused(t *testing.T) {
	for _, c := range []product.Command{product.ChangePrice{}, product.Rename{Name: "A"}, product.Discontinue{}} {
		given(t).When(c).ThenRefused("unknown-sku")
	}
}

func TestClaimName_ofItsOwn_isNothingNew(t *testing.T) {
	givenName(t, product.NameClaimed{SKU: "A"}).When(product.ClaimName{SKU: "A"}).Then()
}

func TestReleaseName_givesItToWhoeverComesNext(t *testing.T) {
	givenName(t, product.NameClaimed{SKU: "A"}).When(product.ReleaseName{SKU: "A"}).Then(product.NameReleased{SKU: "A"})
	givenName(t, product.NameClaimed{SKU: "A"}, product.NameReleased{SKU: "A"}).When(product.ClaimName{SKU: "B"}).
		Then(product.NameClaimed{SKU: "B"})
}

func TestReleaseName_ofAnother_isNothing(t *testing.T) {
	givenName(t, product.NameClaimed{SKU: "A"}).When(product.ReleaseName{SKU: "B"}).Then()
	givenName(t).When(product.ReleaseName{SKU: "B"}).Then()
}

func givenName(t *testing.T, history ...product.NameEvent) domaintest.Case[product.NameState, product.NameCommand, product.NameEvent] {
	return domaintest.Given(t, product.NameDecider, history...)
}
