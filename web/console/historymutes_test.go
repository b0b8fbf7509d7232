package console

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"orac/appliance/record"
	"orac/web/auth"
)

// TestMutesStandInTheHistory: each once and among the wakes of its time, whatever page that is on, with whoever wanted it so; a filter
// of wakes shows none.
func TestMutesStandInTheHistory(t *testing.T) {
	r := newRig(t, Options{})
	start := time.Now().Add(-24 * time.Hour).Truncate(time.Second)
	const wakes = 2*historyRows + 5
	for n := range wakes {
		r.must(r.app.Store.AddDetection(record.Detection{ID: fmt.Sprint("d", n), At: start.Add(time.Duration(n) * time.Minute), Model: "hey_jarvis", Listener: "kitchen", WakeWord: "hey jarvis", Score: 0.9, Threshold: 0.5}))
	}
	at := func(minutes float64) time.Time { return start.Add(time.Duration(minutes * float64(time.Minute))) }
	r.mute(record.Mute{At: at(-3), Listener: "oldest", Muted: true, By: "unix:root"})
	r.mute(record.Mute{At: at(40.5), Muted: true, By: "user:anna", Until: at(41)})
	r.mute(record.Mute{At: at(41.5)})
	r.mute(record.Mute{At: at(wakes), Listener: "kitchen", Muted: true, By: "esphome.kitchen"})
	r.mute(record.Mute{At: at(wakes + 1), Listener: "kitchen", By: "core:ben"})

	var lines []string // the mutes, and how many wakes stand between them
	between := 0
	line := regexp.MustCompile(`(?s)<li class="row">.*?</li>`)
	tag := regexp.MustCompile(`<[^>]*>`)
	next := regexp.MustCompile(`href="([^"]+)" rel="next"`)
	pages := 0
	for path := "/history"; path != ""; pages++ {
		page := r.get(auth.Viewer, path).Body.String()
		for _, l := range line.FindAllString(page, -1) {
			_, what, _ := strings.Cut(l, `<span class="what">`)
			text := strings.Join(strings.Fields(tag.ReplaceAllString(what, " ")), " ")
			if !strings.Contains(text, "muted") && !strings.Contains(text, "listens again") {
				between++
				continue
			}
			lines, between = append(lines, fmt.Sprint(between, " ", text)), 0
		}
		if path = ""; len(next.FindStringSubmatch(page)) == 2 {
			path = strings.ReplaceAll(next.FindStringSubmatch(page)[1], "&amp;", "&")
		}
	}
	for i, want := range []string{
		"^0 listens again kitchen by ben, of the issuer$",
		"^0 muted kitchen by esphome.kitchen until somebody unmutes it$",
		"^63 listens again all listeners the time of the mute was over$",
		"^1 muted all listeners by anna until .*[0-9]$",
		"^41 muted oldest by root, with a command until somebody unmutes it$",
	} {
		if len(lines) != 5 || !regexp.MustCompile(want).MatchString(lines[i]) {
			t.Fatalf("on %d pages, %s is not line %d of:\n%s", pages, want, i, strings.Join(lines, "\n"))
		}
	}
	if pages < 3 {
		t.Errorf("there are only %d pages", pages)
	}
	if page := r.get(auth.Viewer, "/history?model=hey_jarvis").Body.String(); strings.Contains(page, "by anna") || !strings.Contains(page, "hey jarvis") {
		t.Error("a filter of wakes shows mutes")
	}
}
