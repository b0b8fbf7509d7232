package screen

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"orac/appliance/event"
	"orac/appliance/utterance"
)

// Events shows what happens in an appliance: each event on a line, and the level of the sound on a
// moving line.
type Events struct {
	*Screen
	levels  []float32 // RMS of the last hops
	scores  map[string]float32
	quietAt time.Time // when a level was last shown on a plain line
}

// NewEvents shows events on a screen.
func NewEvents(s *Screen) *Events { return &Events{Screen: s, scores: map[string]float32{}} }

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
	default:
		if kind, text := v.line(b); kind != "" {
			fmt.Fprintf(v, "%s  %s%s%s\n", v.Faint(e.At.Local().Format("15:04:05.000")), kind, strings.Repeat(" ", max(1, 14-ansi.StringWidth(kind))), text)
		}
	}
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

// line returns the word and the text for an event; no word if people need not see the event.
func (v *Events) line(body event.Body) (kind, text string) {
	switch b := body.(type) {
	case event.DeviceOpened:
		return v.Good("open"), fmt.Sprintf("%s  %s", Clean(b.Device), v.Faint(Clean(b.Identity)))
	case event.Listening:
		return v.Good("listening"), fmt.Sprintf("%s  for %s", Clean(b.Listener), v.Strong(Clean(strings.Join(b.Models, ", "))))
	case event.DeviceLost:
		return v.Bad("deaf"), fmt.Sprintf("%s: %s; trying again %s", Clean(b.Device), Clean(b.Cause), b.Retry)
	case event.DeviceEnded:
		return "ended", fmt.Sprintf("%s: the sound has ended", Clean(b.Device))
	case event.Wake:
		class := ""
		if b.Class != "" {
			class = " " + Clean(b.Class)
		}
		return v.Mark("wake"), fmt.Sprintf("%s%s  score %.3f, threshold %.2f  %s", v.Strong(Clean(b.Model)), class, b.Score, b.Threshold, v.Faint(Clean(b.Listener)))
	case event.RecordingStarted:
		return "recording", v.Faint(b.Utterance)
	case event.RecordingEnded:
		return "recorded", fmt.Sprintf("%.1f s, %s  %s", b.Seconds, endings[b.Why], v.Faint(Clean(b.Listener)))
	case event.DeliveryStarted:
		return "delivering", fmt.Sprintf("to %s by %s", Clean(b.STT), b.Way)
	case event.Delivered:
		return v.delivered(b)
	}
	return v.trouble(body)
}

// endings says in words why a recording ended.
var endings = map[string]string{
	string(utterance.Silence):    "ended by silence",
	string(utterance.Limit):      "cut off: it reached the longest time allowed",
	string(utterance.DeviceLost): "cut off: the device was lost",
	string(utterance.SoundOver):  "ended with the sound",
	string(utterance.Stopped):    "cut off: the appliance stops",
	string(utterance.Restarted):  "cut off: the recorder was restarted",
	string(utterance.Cut):        "cut off by a restart",
	string(utterance.Part):       "cut off: the disk held only a part of it",
}

func (v *Events) delivered(b event.Delivered) (kind, text string) {
	how := "to " + Clean(b.STT)
	if b.Seconds > 0 {
		how += fmt.Sprintf(", %.1f s after the end", b.Seconds)
	}
	if b.Way == "ws" {
		how += ", streamed"
	}
	if b.Cut {
		how += ", cut off (" + Clean(b.Why) + ")"
	}
	if b.Attempts > 1 {
		how += fmt.Sprintf(", attempt %d", b.Attempts)
	}
	switch b.Outcome {
	case "delivered":
		return v.Good("transcript"), fmt.Sprintf("%s  %s", v.Strong("“"+Clean(b.Text)+"”"), v.Faint("delivered "+how))
	case "empty":
		return v.Warn("no speech"), how
	}
	return v.Bad("given up"), how + ": " + Clean(b.Cause)
}

// trouble shows what goes wrong, and what works again.
func (v *Events) trouble(body event.Body) (kind, text string) {
	switch b := body.(type) {
	case event.DeliveryFailed:
		return v.Warn("not delivered"), fmt.Sprintf("%s: %s; again %s", Clean(b.STT), Clean(b.Cause), b.Retry)
	case event.DeliveryRepeated:
		return v.Warn("sent again"), fmt.Sprintf("%s may act on it twice: %s", Clean(b.STT), Clean(b.Cause))
	case event.Spooled:
		if b.Where == "disk" {
			return v.Good("on disk"), "the disk accepts utterances again: " + b.Utterance
		}
		if b.Where == "memory" {
			return v.Warn("in memory"), fmt.Sprintf("%s: the disk refuses it: %s", b.Utterance, Clean(b.Cause))
		}
		return v.Warn("set aside"), fmt.Sprintf("%s as %s: %s", Clean(b.Utterance), Clean(b.Where), Clean(b.Cause))
	case event.Salvaged:
		what := "found in the spool"
		if b.Cut {
			what = "found unfinished in the spool"
		}
		return v.Good("salvaged"), fmt.Sprintf("%s, %.1f s, %s", b.Utterance, b.Seconds, what)
	case event.Dropped:
		return v.Bad("lost"), fmt.Sprintf("%s: %s", b.Utterance, Clean(b.Cause))
	case event.STTHealth:
		if b.OK {
			return v.Good("stt"), fmt.Sprintf("%s is %s", Clean(b.STT), Clean(b.Status))
		}
		return v.Warn("stt"), fmt.Sprintf("%s: %s", Clean(b.STT), Clean(b.Status))
	case event.Streaming:
		if b.On {
			return v.Good("stt"), Clean(b.STT) + " accepts streams again"
		}
		return v.Warn("stt"), fmt.Sprintf("%s: %s; recordings go by HTTP", Clean(b.STT), Clean(b.Why))
	case event.Heartbeat:
		if b.OK {
			return v.Good("heartbeat"), fmt.Sprintf("%s counts %d active", Clean(b.Endpoint), b.Topics)
		}
		return v.Warn("heartbeat"), fmt.Sprintf("%s: %s", Clean(b.Endpoint), Clean(b.Cause))
	case event.WebhookFailed:
		return v.Warn("webhook"), fmt.Sprintf("%s: %s", Clean(b.Webhook), Clean(b.Cause))
	case event.WebhookAside:
		return v.Warn("set aside"), fmt.Sprintf("%s event of webhook %s: %s", Clean(b.Type), Clean(b.Webhook), Clean(b.Cause))
	case event.WebhookDropped:
		return v.Bad("lost"), fmt.Sprintf("%s event of webhook %s: %s", Clean(b.Type), Clean(b.Webhook), Clean(b.Cause))
	case event.Overrun:
		return v.Warn("overrun"), fmt.Sprintf("%d hops of %s were lost: the machine is too slow", b.Hops, b.Port)
	case event.NodeFailed:
		return v.Bad("failed"), fmt.Sprintf("%s; again %s", Clean(b.Cause), b.Retry)
	case event.StoreFailed:
		return v.Warn("history"), "is not written: " + Clean(b.Cause)
	case event.StoreBack:
		return v.Good("history"), fmt.Sprintf("is written again; %d events are missing", b.Lost)
	case event.ClockJumped:
		return v.Warn("clock"), b.String() + "; nothing is deleted because of it"
	}
	return "", ""
}
