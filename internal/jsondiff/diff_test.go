package jsondiff

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOf_namesTheSmallestParts(t *testing.T) {
	for _, c := range []struct {
		name, before, after string
		want                [][3]string
	}{
		{"equal", `{"a":1}`, `{"a":1}`, nil},
		{"spaces and order", `{"a":1,"b":2}`, `{ "b":2, "a":1 }`, nil},
		{"a member", `{"a":1,"b":2}`, `{"a":1,"b":3}`, [][3]string{{"/b", "2", "3"}}},
		{"inside", `{"a":{"b":[1,2],"c":0}}`, `{"a":{"b":[1,3],"c":0}}`, [][3]string{{"/a/b/1", "2", "3"}}},
		{"missing and more", `{"a":1}`, `{"b":1}`, [][3]string{{"/a", "1", ""}, {"/b", "", "1"}}},
		{"elements more", `[1]`, `[1,{"x":1},null]`, [][3]string{{"/1", "", `{"x":1}`}, {"/2", "", "null"}}},
		{"elements less", `{"a":[1,2]}`, `{"a":[]}`, [][3]string{{"/a/0", "1", ""}, {"/a/1", "2", ""}}},
		{"another kind", `{"a":{},"b":[]}`, `{"a":null,"b":{}}`, [][3]string{{"/a", "{}", "null"}, {"/b", "[]", "{}"}}},
		{"escapes", `{"a/b":{"c~d":1}}`, `{"a/b":{"c~d":2}}`, [][3]string{{"/a~1b/c~0d", "1", "2"}}},
		{"as written", `{"a":1}`, `{"a":1.0}`, [][3]string{{"/a", "1", "1.0"}}},
		{"not JSON", `{"a`, `{}`, [][3]string{{"", `{"a`, "{}"}}},
		{"nothing before", ``, `{"a":1}`, [][3]string{{"", "", `{"a":1}`}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got [][3]string
			for _, change := range Of([]byte(c.before), []byte(c.after)) {
				got = append(got, [3]string{change.Pointer(), string(change.Before), string(change.After)})
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestOf_pathsAreTheirOwn(t *testing.T) {
	changes := Of([]byte(`{"a":{"b":{"c":1,"d":1,"e":1}}}`), []byte(`{"a":{"b":{"c":2,"d":2,"e":2}}}`))
	require.Equal(t, []string{"/a/b/c", "/a/b/d", "/a/b/e"}, []string{changes[0].Pointer(), changes[1].Pointer(), changes[2].Pointer()})
}

func TestOf_nothingIsNil_nullIsNot(t *testing.T) {
	require.Nil(t, Of(nil, []byte(`{}`))[0].Before)
	require.NotNil(t, Of([]byte(`null`), []byte(`{}`))[0].Before)
	require.Len(t, Of([]byte(`{"a":null}`), []byte(`{}`)), 1)
}
