package screen

import (
	"fmt"
	"strings"
	"time"

	"orac/appliance/amount"
	"orac/appliance/health"
	"orac/appliance/status"
	"orac/runbook/cells"
)

// Status shows an appliance as a whole. It remembers the values it was given, to draw the trend of
// memory.
type Status struct {
	*Screen
	memory []float64 // bytes
}

// NewStatus shows the status on a screen.
func NewStatus(s *Screen) *Status { return &Status{Screen: s} }

const (
	trendShown = 40
	barCells   = 20
	// trendSpan is the least difference, in bytes, that the trend of memory shows at full height.
	trendSpan = 8 << 20
)

// Lines draws the current status, for the width of the screen.
func (v *Status) Lines(s status.Status, now time.Time) []string {
	if v.memory = append(v.memory, float64(s.Memory.Resident)); len(v.memory) > trendShown {
		v.memory = v.memory[1:]
	}
	lines := append(v.head(s, now), "")
	for _, m := range s.Muted {
		lines = append(lines, v.labels("MUTED", v.Warn(Clean(m.Words(now))))...)
	}
	lines = append(lines, v.health(s, now)...)
	lines = append(lines, v.labels("spool", v.spool(s.Spool))...)
	for _, h := range s.Hooks {
		lines = append(lines, v.labels("webhook", v.hook(h))...)
	}
	for _, x := range s.STTServers {
		lines = append(lines, v.labels("server", v.server(x))...)
	}
	for _, x := range s.Voices {
		lines = append(lines, v.labels("wyoming", v.voice(x))...)
	}
	for _, x := range s.Satellites {
		lines = append(lines, v.labels("satellite", v.satellite(x))...)
	}
	for _, x := range s.Speakers {
		lines = append(lines, v.labels("speaker", v.speaker(x))...)
	}
	for _, h := range s.Forwards {
		lines = append(lines, v.labels("core", v.hook(h))...)
	}
	for _, e := range s.Engines {
		lines = append(lines, v.labels("engine", v.engine(e))...)
	}
	lines = append(lines, v.acting(s, now)...)
	for _, l := range s.Logins {
		lines = append(lines, v.labels("login", v.login(l, now))...)
	}
	for _, x := range s.MQTT {
		lines = append(lines, v.labels("mqtt", v.broker(x))...)
	}
	if s.Traces != nil {
		lines = append(lines, v.labels("traces", v.traces(*s.Traces))...)
	}
	lines = append(lines, v.label("memory", v.memoryLine(s.Memory)))
	lines = append(lines, v.incident(s.Incident, now)...)
	if len(s.Nodes) == 0 {
		return lines
	}
	return append(append(lines, ""), v.tree(s, now)...) // last, because it may be longer than the terminal
}

// label returns a line with a word in front.
func (v *Status) label(word, text string) string { return v.Faint(cells.Pad(word, 10)) + text }

// labels returns a text with a word in front, on as many lines as it needs.
func (v *Status) labels(word, text string) (lines []string) {
	for _, part := range cells.Wrap(text, v.room(10)) {
		lines = append(lines, v.label(word, part))
		word = ""
	}
	return lines
}

func (v *Status) head(s status.Status, now time.Time) []string {
	line := fmt.Sprintf("%s %s  %s  %s", v.mark(s.Health.Level), v.Strong(Clean(s.Appliance)), v.level(s.Health.Level), v.Faint("up "+amount.Span(now.Sub(s.Started))))
	generation := "no generation yet"
	if s.Generation > 0 {
		generation = fmt.Sprint("generation ", s.Generation)
	}
	about := []string{generation, Clean(s.Runbook)}
	if s.Version != "" {
		about = append(about, Clean(s.Version))
	}
	lines := []string{line, "  " + v.Faint(strings.Join(append(about, fmt.Sprint("pid ", s.PID)), " · "))}
	if s.LastGood {
		for _, text := range cells.Wrap("It runs the last good generation, because the runbook could not be used when it started; orac validate says why.", v.room(4)) {
			lines = append(lines, "  "+v.Warn(text))
		}
	}
	return lines
}

func (v *Status) level(level health.Level) string {
	if m, ok := marks[level]; ok {
		return m.paint(v.Screen, string(level))
	}
	return v.Faint(Clean(string(level)))
}

// health lists what is not healthy: the causes, and below each the components that it affects.
func (v *Status) health(s status.Status, now time.Time) []string {
	var causes []health.Component
	behind := map[string][]string{}
	for _, c := range s.Health.Components {
		switch {
		case c.Level == health.Healthy:
		case c.Behind != "":
			behind[c.Behind] = append(behind[c.Behind], c.Name)
		default:
			causes = append(causes, c)
		}
	}
	if len(causes) == 0 {
		return []string{v.label("health", fmt.Sprintf("%s, %s", v.level(s.Health.Level), amount.Count(len(s.Health.Components), "component")))}
	}
	var lines []string
	for i, c := range causes {
		word := ""
		if i == 0 {
			word = "health"
		}
		text := Clean(c.Name)
		if c.Why != "" {
			text += ": " + Clean(c.Why)
		}
		if !c.Since.IsZero() {
			text += fmt.Sprintf(" (since %s, %s)", When(c.Since, now), amount.Span(now.Sub(c.Since)))
		}
		if list := behind[c.Name]; len(list) > 0 {
			text += "; with it " + Clean(strings.Join(list, ", "))
		}
		for n, part := range cells.Wrap(text, v.room(12)) {
			if n == 0 {
				lines = append(lines, v.label(word, v.mark(c.Level)+" "+part))
			} else {
				lines = append(lines, v.label("", "  "+part))
			}
		}
	}
	return lines
}

func (v *Status) spool(s status.Spool) string {
	text := "empty"
	if s.Waiting > 0 {
		text = v.Warn(amount.Count(s.Waiting, "utterance") + " waiting")
	}
	if s.DiskBytes > 0 {
		text += ", " + amount.Bytes(s.DiskBytes) + " on disk"
	}
	if s.MemoryBytes > 0 {
		text += v.Warn(", " + amount.Bytes(s.MemoryBytes) + " in memory")
	}
	return text + v.losses(s.Refused, "list", s.Dropped, s.Error)
}

// losses says what was set aside, which a command lists, and what was lost.
func (v *Status) losses(aside int, list string, lost int, problem string) (text string) {
	if aside > 0 {
		text += v.Warn(fmt.Sprintf(", %d set aside (orac spool %s)", aside, list))
	}
	if lost > 0 {
		text += v.Bad(fmt.Sprintf(", %d lost", lost))
	}
	if problem != "" {
		text += v.Warn(": " + Clean(problem))
	}
	return text
}

// hook says what waits for a webhook.
func (v *Status) hook(h status.Hook) string {
	text := Clean(h.Name) + ": nothing waits"
	if h.Waiting > 0 {
		text = Clean(h.Name) + ": " + v.Warn(amount.Count(h.Waiting, "event")+" waiting")
	}
	if h.Gone {
		text += v.Bad(", its receiver says that it is gone")
	}
	return text + v.losses(h.Aside, "events", h.Dropped, h.Error)
}

// engine says what an engine is doing, and how much memory its process has.
func (v *Status) engine(e status.Engine) string {
	text := fmt.Sprintf("%s (%s): ", Clean(e.Name), Clean(e.Model))
	switch e.State {
	case "ready", "busy":
		text += v.Good(e.State)
	case "failed":
		text += v.Bad("failed: " + Clean(e.Error))
	default:
		text += e.State
	}
	if e.Waiting > 0 {
		text += v.Warn(", " + amount.Count(e.Waiting, "recording") + " waiting")
	}
	if e.Resident > 0 {
		text += fmt.Sprintf(", %s of %s", amount.Bytes(e.Resident), amount.Bytes(e.Most))
	}
	return text
}

// login says for whom there are tokens, and for how long.
func (v *Status) login(l status.Login, now time.Time) string {
	text := fmt.Sprintf("%s, %s at %s: ", Clean(l.Name), Clean(l.Account), Clean(l.Issuer))
	for i, t := range l.Tokens {
		if i > 0 {
			text += ", "
		}
		if left := t.Until.Sub(now); left > 0 {
			text += Clean(t.Audience) + " " + amount.Span(left)
		} else {
			text += v.Bad("no token for " + Clean(t.Audience))
		}
	}
	if l.Error != "" {
		text += v.Warn(": " + Clean(l.Error))
	}
	return text
}

// broker says whether a broker is there, and where Home Assistant is told of the appliance: who looks for it in vain compares the topic.
func (v *Status) broker(x status.MQTT) string {
	text := fmt.Sprintf("%s: ", Clean(x.Name))
	if x.Connected {
		text += fmt.Sprintf("at %s as %s, %d messages sent", Clean(x.Broker), Clean(x.Device), x.Published)
	} else {
		text += v.Warn("no broker at " + Clean(x.Broker))
	}
	if x.Discovery != "" {
		text += ", told on " + Clean(x.Discovery)
	}
	if x.Dropped > 0 {
		text += v.Warn(fmt.Sprintf(", %d dropped", x.Dropped))
	}
	if x.Denied > 0 {
		text += v.Warn(fmt.Sprintf(", %d orders refused", x.Denied))
	}
	if x.Error != "" {
		text += v.Warn(": " + Clean(x.Error))
	}
	return text
}

func (v *Status) traces(x status.Traces) string {
	text := fmt.Sprintf("%d spans sent, %d wait", x.Sent, x.Waiting)
	if x.Dropped > 0 {
		text += v.Warn(fmt.Sprintf(", %d dropped", x.Dropped))
	}
	if x.Refused > 0 {
		text += v.Warn(fmt.Sprintf(", %d refused", x.Refused))
	}
	if x.Error != "" {
		text += v.Warn(": " + Clean(x.Error))
	}
	return text
}

func (v *Status) memoryLine(m status.Memory) string {
	paint := v.Good
	switch {
	case m.Restart > 0 && m.Resident >= m.Restart:
		paint = v.Bad
	case m.Warn > 0 && m.Resident >= m.Warn:
		paint = v.Warn
	}
	text := amount.Bytes(m.Resident)
	if m.Restart > 0 {
		cells := barCells
		if v.width > 0 && v.width < 80 {
			cells /= 2
		}
		full, empty := Bar(float64(m.Resident)/float64(m.Restart), cells)
		text = fmt.Sprintf("%s%s %s of %s", paint(full), v.Faint(empty), text, amount.Bytes(m.Restart))
	}
	if m.Slope != 0 {
		text += fmt.Sprintf("  %s/h", signed(int64(m.Slope)))
	}
	if len(v.memory) > 1 {
		text += "  " + paint(Trend(v.memory, trendSpan))
	}
	return text
}

func signed(n int64) string {
	if n >= 0 {
		return "+" + amount.Bytes(n)
	}
	return amount.Bytes(n)
}

// incident shows the last one.
func (v *Status) incident(i *status.Incident, now time.Time) []string {
	if i == nil {
		return []string{v.label("incident", "none")}
	}
	text := fmt.Sprintf("%s %s: %s", When(i.Detected, now), Clean(i.Component), Clean(i.Cause))
	paint := func(s string) string { return s }
	if i.Recovered.IsZero() {
		text, paint = text+"; ongoing for "+amount.Span(now.Sub(i.Detected)), v.Bad
	} else {
		text += "; recovered after " + amount.Span(i.Duration)
	}
	lines := cells.Wrap(text, v.room(10))
	for n, part := range lines {
		lines[n] = v.label([]string{"incident", ""}[min(n, 1)], paint(part))
	}
	return lines
}
