package screen

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"orac/appliance/event"
	"orac/appliance/status"
)

// Events shows what happens in an appliance: each event on a line, and the level of the sound on a
// moving line.
type Events struct {
	*Screen
	levels  []float32 // RMS of the last hops
	scores  map[string]float32
	quietAt time.Time // when a level was last shown on a plain line
	partial string    // what was understood so far of what is being said
	muted   map[string]status.Mute
}

// NewEvents shows events on a screen.
func NewEvents(s *Screen) *Events {
	return &Events{Screen: s, scores: map[string]float32{}, muted: map[string]status.Mute{}}
}

const (
	levelsShown = 24
	// quietEvery is how often a level is shown where lines cannot move.
	quietEvery = 5 * time.Second
)

// Show shows an event.
func (v *Events) Show(e event.Event) {
	switch b := e.Body.(type) {
	case event.Level:
		v.level(e.At, b)
	case event.Score:
		v.scores[b.Model] = b.Score
	case event.Partial:
		if v.Moves() { // it is replaced by the next
			v.partial = b.Text
			return
		}
		v.line(e)
	default:
		switch b := b.(type) {
		case event.Delivered:
			v.partial = ""
		case event.Muted:
			v.muted[b.Listener] = status.Mute{Listener: b.Listener, By: b.By, Since: b.Since, Until: b.Until}
		case event.Unmuted:
			if delete(v.muted, b.Listener); b.By != "" { // one that is unmuted while all are muted listens alone: the others follow
				delete(v.muted, "")
			}
			if b.By != "" && b.Listener == "" {
				clear(v.muted)
			}
		}
		v.line(e)
	}
}

// line shows an event on a line of its own.
func (v *Events) line(e event.Event) {
	w := e.Words()
	if w.Severity == event.Detail {
		return
	}
	label := v.severity(e, w)
	fmt.Fprintf(v, "%s  %s%s%s\n", v.Faint(e.At.Local().Format("15:04:05.000")), label, strings.Repeat(" ", max(1, 14-ansi.StringWidth(label))), v.sentence(w))
}

func (v *Events) level(at time.Time, b event.Level) {
	v.levels = append(v.levels, b.RMS)
	if len(v.levels) > levelsShown {
		v.levels = v.levels[1:]
	}
	if v.Moves() {
		var scores strings.Builder
		for _, m := range sortedKeys(v.scores) {
			fmt.Fprintf(&scores, "  %s %.2f", Clean(m), v.scores[m])
		}
		if len(v.muted) > 0 { // it never looks like listening
			list := make([]status.Mute, 0, len(v.muted))
			for _, name := range sortedKeys(v.muted) {
				list = append(list, v.muted[name])
			}
			v.Move(fmt.Sprintf("%s  %s        %s%s", v.Faint(at.Local().Format("15:04:05.000")), v.Warn("muted"), Clean(status.MuteWords(list, at)), v.Faint(scores.String())))
			return
		}
		if v.partial != "" {
			v.Move(fmt.Sprintf("%s  …             %s", v.Faint(at.Local().Format("15:04:05.000")), v.Strong("“"+Clean(v.partial)+"”")))
			return
		}
		v.Move(fmt.Sprintf("%s  %s  %s %s%s", v.Faint(at.Local().Format("15:04:05.000")), "level ", v.Good(Spark(v.levels[max(0, len(v.levels)-max(6, v.width-56)):])), level(b.RMS), v.Faint(scores.String())))
		return
	}
	if at.Sub(v.quietAt) >= quietEvery {
		v.quietAt = at
		fmt.Fprintf(v, "%s  level         %s %s\n", at.Local().Format("15:04:05.000"), Clean(b.Device), level(b.RMS))
	}
}

// level says how loud a hop is: RMS on the int16 scale, as for rms_filter, and relative to full scale.
func level(rms float32) string {
	if rms < 1 {
		return "RMS     0   silence "
	}
	return fmt.Sprintf("RMS %5.0f %5.1f dBFS", rms, 20*math.Log10(float64(rms)/32768))
}

// Spark draws levels (RMS, int16 scale) as a row of bars, from -60 dBFS to 0.
func Spark(levels []float32) string {
	bars := []rune(" ▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, l := range levels {
		db := 20 * math.Log10(max(1, float64(l))/32768)
		i := int(math.Round((db + 60) / 60 * float64(len(bars)-1)))
		b.WriteRune(bars[max(0, min(len(bars)-1, i))])
	}
	return b.String()
}

// severity colours the label of an event.
func (v *Events) severity(e event.Event, w event.Words) string {
	switch {
	case event.Of(e.Body).Sign == event.Heard:
		return v.Mark(w.Label)
	case w.Severity == event.Fine:
		return v.Good(w.Label)
	case w.Severity == event.Warning:
		return v.Warn(w.Label)
	case w.Severity == event.Failure:
		return v.Bad(w.Label)
	}
	return w.Label
}

// sentence colours the sentence of an event.
func (v *Events) sentence(w event.Words) string {
	var b strings.Builder
	for _, p := range w.Parts {
		switch text := Clean(p.Text); p.Role {
		case event.Strong, event.Speech:
			b.WriteString(v.Strong(text))
		case event.Faint:
			b.WriteString(v.Faint(text))
		default:
			b.WriteString(text)
		}
	}
	return b.String()
}
