package main

import (
	"strings"
	"testing"
)

// TestAnalysersAreRead: each issue is a finding of its file; a report that did not look at the source is none.
func TestAnalysersAreRead(t *testing.T) {
	const gosec = `{"Golang errors":{},"Issues":[{"severity":"HIGH","rule_id":"G304","details":"a file by a variable","file":"/src/web/a.go","line":"7"}],"Stats":{"files":700,"lines":1}}`
	found, err := readGosec([]byte(gosec), "/src")
	if err != nil || len(found) != 1 || found[0] != (finding{"gosec", "source", "G304", "web/a.go", "a file by a variable"}) {
		t.Errorf("%v, %v", found, err)
	}
	for name, text := range map[string]string{
		"nothing": "", "too few files": strings.Replace(gosec, "700", "7", 1), "errors": strings.Replace(gosec, `{}`, `{"/src/b.go":[{"error":"x"}]}`, 1),
	} {
		if _, err := readGosec([]byte(text), "/src"); err == nil {
			t.Errorf("gosec, %s: it is taken", name)
		}
	}
	const staticcheck = `{"code":"SA1019","severity":"error","location":{"file":"/src/sim/b.go","line":1,"column":1},"message":"old"}
{"code":"U1000","location":{"file":"/elsewhere/c.go"},"message":"unused"}
`
	found, err = readStaticcheck([]byte(staticcheck), "/src")
	if err != nil || len(found) != 2 || found[0] != (finding{"staticcheck", "source", "SA1019", "sim/b.go", "old"}) || found[1].What != "U1000" {
		t.Errorf("%v, %v", found, err)
	}
	for name, text := range map[string]string{"no JSON": "x", "no build": strings.Replace(staticcheck, "SA1019", "compile", 1)} {
		if _, err := readStaticcheck([]byte(text), "/src"); err == nil {
			t.Errorf("staticcheck, %s: it is taken", name)
		}
	}
}
