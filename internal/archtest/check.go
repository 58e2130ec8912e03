package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

const module = "ordermill/"

// check returns one line for every import that a rule forbids, and for every folder or module without a rule. The graph
// is from folder to what it imports.
func check(graph map[string][]string) []string {
	var wrong []string
	for folder, imports := range graph {
		r, found := rowOf(folder)
		if !found {
			wrong = append(wrong, fmt.Sprintf("%s has no row: add it to rows in internal/archtest/table.go, with the reason why "+
				"it exists in ARCHITECTURE.md", folder))
			continue
		}
		for _, imported := range imports {
			if problem := judge(r, folder, imported); problem != "" {
				wrong = append(wrong, fmt.Sprintf("%s must not import %s: %s", folder, imported, problem))
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}

// judge returns why the folder must not import something, or "".
func judge(r row, folder, imported string) string {
	ours, isOurs := strings.CutPrefix(imported, module)
	first, _, _ := strings.Cut(imported, "/")
	switch {
	case isOurs && forTests(ours) && !forTests(folder):
		return "helpers of tests stay out of production binaries"
	case isOurs && !matches(r.may, ours):
		return r.reason
	case isOurs:
		return ""
	case strings.Contains(first, "."):
		return judgeThirdParty(folder, imported)
	case imported == "testing" && !forTests(folder):
		return "helpers of tests stay out of production binaries"
	case strings.HasPrefix(folder, "domain/") && !forTests(folder) && !slices.Contains(pure, imported):
		return pureReason
	default:
		return ""
	}
}

func judgeThirdParty(folder, imported string) string {
	for _, h := range homes {
		if imported != h.module && !strings.HasPrefix(imported, h.module+"/") {
			continue
		}
		if matches(h.may, folder) || forTests(folder) {
			return ""
		}
		return h.reason
	}
	return "no rule says where this module lives; add it to homes in internal/archtest/table.go"
}

func rowOf(folder string) (row, bool) {
	for _, r := range rows {
		if r.folder == folder {
			return r, true
		}
	}
	for _, r := range rows {
		if parent, isPattern := strings.CutSuffix(r.folder, "/*"); isPattern && path.Dir(folder) == parent {
			return r, true
		}
	}
	return row{}, false
}

func forTests(folder string) bool {
	return strings.HasSuffix(folder, "test") || matches(testOnly, folder)
}

func matches(patterns []string, folder string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if pattern == "..." {
			return true
		}
		below, isTree := strings.CutSuffix(pattern, "/...")
		return folder == below || isTree && strings.HasPrefix(folder, below+"/")
	})
}
