package console

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"orac/appliance/event"
	"orac/appliance/health"
	"orac/appliance/status"
	"orac/web/api"
	"orac/web/auth"
)

// TestPagesKnowOnlyEventsOfTheTable: whatever scripts and templates wait for is a kind or a group, and the fields that they read are
// fields of these kinds.
func TestPagesKnowOnlyEventsOfTheTable(t *testing.T) {
	groups := map[string]bool{"open": true} // the stream has opened
	for _, g := range []group{meters, kept, judged, muting} {
		if groups[g.name] = true; len(event.Names(g.fits)) == 0 {
			t.Errorf("no kind belongs to %s", g.name)
		}
	}
	files, err := filepath.Glob("templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob("static/*.js")
	if err != nil {
		t.Fatal(err)
	}
	waits, reads := regexp.MustCompile(`orac:([a-z_]+)`), regexp.MustCompile(`e\.detail\.([a-z_]+)`)
	found := 0
	for _, name := range append(files, scripts...) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fields := map[string]bool{"at": true, "node": true, "kind": true}
		for _, m := range waits.FindAllStringSubmatch(string(text), -1) {
			found++
			k, ok := event.Named(m[1])
			if !ok && !groups[m[1]] {
				t.Errorf("%s waits for orac:%s, which is neither a kind in event.Kinds nor a group", name, m[1])
			}
			if ok {
				zero := reflect.TypeOf(k.Zero)
				for i := range zero.NumField() {
					field, _, _ := strings.Cut(zero.Field(i).Tag.Get("json"), ",")
					fields[field] = true
				}
			}
		}
		for _, m := range reads.FindAllStringSubmatch(string(text), -1) {
			if strings.HasSuffix(name, "listen.js") && !fields[m[1]] {
				t.Errorf("%s reads %s of an event, which none of its kinds has", name, m[1])
			}
		}
	}
	if found < 6 {
		t.Errorf("only %d are found", found)
	}
}

// TestAPageIsToldItsKinds: the block that its scripts read names every kind of its groups.
func TestAPageIsToldItsKinds(t *testing.T) {
	r := newRig(t, Options{})
	page := r.get(auth.Viewer, "/").Body.String()
	block := regexp.MustCompile(`data-events="([^"]*)"`).FindStringSubmatch(page)
	var kinds map[string][]string
	if block == nil || json.Unmarshal([]byte(strings.ReplaceAll(block[1], "&#34;", `"`)), &kinds) != nil {
		t.Fatal(block)
	}
	for _, k := range event.Kinds {
		want := k.Flow == event.Meter || k.Kept || k.Judges() || muting.fits(&k) || k.Name == event.Partial{}.Kind()
		if groups, ok := kinds[k.Name]; ok != want || slices.Contains(groups, "kept") != k.Kept || slices.Contains(groups, "judged") != k.Judges() {
			t.Errorf("%s: the page is told %v", k.Name, groups)
		}
	}
}

// TestAListenerSaysHowItsSoundIs, from the status: so a page says the same when it is opened and after an event.
func TestAListenerSaysHowItsSoundIs(t *testing.T) {
	s := status.Status{Nodes: []status.Node{{Address: "source.usb", State: "running"}, {Address: "source.file", State: "finished"}, {Address: "source.gone", State: "running"}}}
	s.Health.Components = []health.Component{{Name: "source.gone", Level: health.Unhealthy, Why: "no hop for 2 s"}}
	for _, l := range listeners([]api.Listener{{Name: "a", Device: "usb"}, {Name: "b", Device: "file"}, {Name: "c", Device: "gone"}}, s) {
		want := map[string]string{"a": "listening", "b": "the sound has ended", "c": "no hop for 2 s"}[l.Name]
		if l.State != want || l.OK != (l.Name != "c") {
			t.Errorf("%s: %q, well: %v; want %q", l.Name, l.State, l.OK, want)
		}
	}
}
