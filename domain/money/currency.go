package money

import "strings"

// byDecimals lists the currencies of ISO 4217 (list one, 2024-06-25) by their number of decimals.
var byDecimals = map[int]string{
	0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
	2: `AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
		CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR
		IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN
		NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB
		TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD YER ZAR ZMW ZWG`,
	3: "BHD IQD JOD KWD LYD OMR TND",
	4: "CLF UYW",
}

var decimals = func() map[string]int {
	table := map[string]int{}
	for n, codes := range byDecimals {
		for _, code := range strings.Fields(codes) {
			table[code] = n
		}
	}
	return table
}()

// Decimals is the number of decimals of a currency: 2 for USD, 0 for JPY, 3 for KWD.
func Decimals(currency string) (int, bool) {
	n, ok := decimals[currency]
	return n, ok
}

// Known reports whether a code is a currency of ISO 4217.
func Known(currency string) bool { _, ok := decimals[currency]; return ok }
