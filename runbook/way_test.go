package runbook

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"orac/runbook/language"
)

// TestTheWayThatIsCheckedIsTheWayThatRuns writes an stt block with every set of settings. Whatever validates carries all that it
// says: a stream only what a stream carries. What does not validate says streaming = true, or names a setting that the
// protocol does not have.
func TestTheWayThatIsCheckedIsTheWayThatRuns(t *testing.T) {
	values := map[string]string{"language": `"en"`, "task": `"translate"`, "forward_to_core": "false"}
	if len(values) != len(onlyInQuery) {
		t.Fatalf("this test knows %d settings, the language %d", len(values), len(onlyInQuery))
	}
	needed := map[string]string{"url": `"http://host"`, "command": `["cat"]`, "model": `"m"`}
	tcp := map[string]string{"url": `"tcp://host:10300"`}
	ways := map[Way]int{}
	for _, protocol := range protocols {
		for _, streaming := range []string{"", "true", "false"} {
			for set := range 1 << len(onlyInQuery) {
				var b strings.Builder
				fmt.Fprintf(&b, "appliance \"a\" {}\nstt \"s\" {\n  protocol = %q\n", protocol.name)
				for _, n := range protocol.needs {
					value := needed[n.attribute]
					if protocol.way == ByWyoming {
						value = tcp[n.attribute]
					}
					fmt.Fprintf(&b, "  %s = %s\n", n.attribute, value)
				}
				if streaming != "" {
					fmt.Fprintf(&b, "  streaming = %s\n", streaming)
				}
				for i, name := range onlyInQuery {
					if set>>i&1 == 1 {
						fmt.Fprintf(&b, "  %s = %s\n", name, values[name])
					}
				}
				b.WriteString("}\n")
				rb, found := Parse([]byte(b.String()), "orac.hcl", language.Options{})
				refused := streaming == "true" && (set != 0 || protocol.way != ByStream)
				for i, name := range onlyInQuery {
					refused = refused || set>>i&1 == 1 && !protocol.has(name)
				}
				if found.HasErrors() != refused {
					t.Errorf("%s\n%v", b.String(), found)
				}
				if found.HasErrors() {
					continue
				}
				way, why := rb.STTs[0].Way()
				ways[way]++
				if way == ByStream && (set != 0 || streaming == "false" || why != "") || way != protocol.way && (protocol.way != ByStream || way != ByHTTP) {
					t.Errorf("%s: goes by %s, because %q", b.String(), way, why)
				}
				if way == ByHTTP && why == "" {
					t.Errorf("%s: it does not say why it goes by HTTP", b.String())
				}
				for i, name := range onlyInQuery {
					if way == ByHTTP && protocol.way == ByStream && streaming == "" && strings.Contains(why, name) != (set>>i&1 == 1) {
						t.Errorf("%s: it goes by HTTP because %q", b.String(), why)
					}
				}
			}
		}
	}
	if ways[ByStream] != 2 || ways[ByHTTP] == 0 || ways[ByCommand] != 2 {
		t.Errorf("ways %v", ways)
	}
}

// has tells whether a block of the protocol may write an attribute that only some protocols have.
func (p protocol) has(attribute string) bool {
	return slices.Contains(p.takes, attribute) || slices.ContainsFunc(p.needs, func(n need) bool { return n.attribute == attribute })
}
