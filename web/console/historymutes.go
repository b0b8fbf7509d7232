package console

import (
	"slices"
	"strings"
	"time"

	"orac/web/api"
	"orac/web/auth"
)

// historyLine is a line of the history: a wake, or a mute.
type historyLine struct {
	At   time.Time
	Wake *historyRow
	Mute *historyMute
}

// historyMute is a mute as a line of the history.
type historyMute struct{ api.Mute }

// Whom is who is muted.
func (m historyMute) Whom() string { return firstOf(m.Listener, "all listeners") }

// Whose is who wanted it so, and by which way; "" if nobody did.
func (m historyMute) Whose() string {
	if !strings.Contains(m.By, ":") {
		return m.By // a block, such as esphome.kitchen
	}
	switch kind, name := auth.ParseSubject(m.By); kind {
	case auth.User:
		return name
	case auth.Key:
		return "the API key " + name
	case auth.Service:
		return "the service " + name
	case auth.CoreUser, auth.CoreService:
		return name + ", of the issuer"
	case "unix":
		return name + ", with a command"
	}
	return m.By
}

// withMutes puts the mutes of the same time among the wakes of a page, newest first. until is when the page before it ends, in
// microseconds since 1970, or 0; last tells that no page follows.
func withMutes(call *api.Call, lines []historyLine, until int64, last bool) ([]historyLine, error) {
	var from time.Time // of what the page shows
	if len(lines) > 0 && !last {
		from = lines[len(lines)-1].At
	}
	for before, looked := int64(0), 0; looked < scanned; {
		page, err := api.OpMutes.Call(call, api.PageInput{Before: before, Limit: 200})
		if err != nil {
			return nil, err
		}
		for _, m := range page.Mutes {
			if !m.At.Before(from) && (until == 0 || m.At.UnixMicro() < until) {
				lines = append(lines, historyLine{At: m.At, Mute: &historyMute{m}})
			}
		}
		looked += len(page.Mutes)
		if before = page.Next; before == 0 || len(page.Mutes) == 0 || page.Mutes[len(page.Mutes)-1].At.Before(from) {
			break
		}
	}
	slices.SortStableFunc(lines, func(a, b historyLine) int { return b.At.Compare(a.At) })
	return lines, nil
}
