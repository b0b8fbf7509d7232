package sim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"orac/appliance/audio"
	voice "orac/appliance/play"
	"orac/appliance/rt"
	"orac/appliance/satellite"
	"orac/runbook"
	"orac/runbook/scenario"
)

const (
	homeAnswers = 20 * time.Millisecond  // from a message to its answer
	homeHears   = 400 * time.Millisecond // from the end of a command to its text
	homeThinks  = 300 * time.Millisecond // from there to the answer
	homeSpeaks  = 200 * time.Millisecond // until that can be fetched
	homeGoesOn  = 7                      // of so many answers one is a question
	announces   = 9                      // after so many runs it announces something
)

// begins begins a run.
func (h *satelliteHome) begins(do satellite.Start) {
	if h.runs++; h.oneWay { // it does not wait for the end of what it has sent before
		h.owed = 0
	}
	r := &homeRun{n: h.runs, wake: do.Phrase != "", more: rt.NewMailbox[struct{}]("no more sound", 1)}
	h.run = r
	h.later(homeAnswers, func(t *rt.Task) { h.serves(t, r) })
}

// pause lets time pass in a run, and tells whether it goes on.
func (h *satelliteHome) pause(t *rt.Task, r *homeRun, long time.Duration) bool {
	return t.Sleep(long) == nil && h.run == r
}

// serves is a run, as Home Assistant tells it.
func (h *satelliteHome) serves(t *rt.Task, r *homeRun) {
	if h.run != r || h.stops(scenario.Asked) {
		return
	}
	url := h.url("answer", r.n)
	if h.oneWay {
		h.event(t, satellite.EventRunStart)
	} else {
		h.say(t, satellite.Accepted{})
		h.event(t, satellite.EventRunStart, "url", url)
		h.event(t, satellite.EventSTTStart)
	}
	if !h.listens(t, r) {
		return
	}
	h.event(t, satellite.EventVADEnd)
	if !h.pause(t, r, homeHears) {
		return
	}
	if !r.spoke {
		h.event(t, satellite.EventError, "code", "stt-no-text-recognized", "message", "No text recognized")
		if h.run = nil; !h.oneWay {
			h.event(t, satellite.EventRunEnd)
		}
		return
	}
	h.heard(r)
	text := fmt.Sprintf("command %d of %s", r.n, h.name)
	h.event(t, satellite.EventSTTEnd, "text", text)
	h.m.account.HomeActs(h.m.now(), text) // from now on it may, whatever comes
	if h.stops(scenario.Thinking) {
		return
	}
	if !h.oneWay {
		h.event(t, satellite.EventIntentStart)
	}
	if !h.pause(t, r, homeThinks) {
		return
	}
	if h.oneWay {
		h.event(t, satellite.EventTTSStart, "text", "done: "+text)
		if h.pause(t, r, homeSpeaks) && h.sends(t, "answer") {
			h.done(t, r)
		}
		return
	}
	goesOn := "0"
	if r.n%homeGoesOn == 0 {
		goesOn = "1"
	}
	h.event(t, satellite.EventIntentEnd, "conversation_id", "c"+h.name, "continue_conversation", goesOn)
	h.event(t, satellite.EventTTSStart, "text", "done: "+text)
	if !h.pause(t, r, homeSpeaks) {
		return
	}
	h.owed, h.gave = h.owed+1, h.m.now()
	h.event(t, satellite.EventTTSEnd, "url", url)
	if !h.pause(t, r, homeSpeaks) || h.stops(scenario.Answering) {
		return
	}
	h.event(t, satellite.EventRunEnd)
	h.done(t, r)
}

// done ends a run that went well.
func (h *satelliteHome) done(t *rt.Task, r *homeRun) {
	if h.run = nil; r.n%announces == 0 {
		h.announces(t, r.n)
	}
}

// sends sends a sound over the connection, faster than it is heard, and tells whether that was all of it.
func (h *satelliteHome) sends(t *rt.Task, what string) bool {
	mark, a := h.m.loud.begins(what)
	h.owed, h.gave = h.owed+1, h.m.now()
	calls := h.calls
	tell := func(x satellite.Told) bool {
		return !h.cut() && h.calls == calls && h.door != nil && h.door.said.Send(t, x) == nil
	}
	if !tell(satellite.SoundBegins{Rate: voice.Rate, Channels: 1}) {
		return false
	}
	for n := range a.frames {
		if n == a.frames/2 {
			if h.stops(scenario.Answering) || h.m.stalls() {
				return false
			}
		}
		f := markedFrame(mark, n)
		if !tell(satellite.SoundComes{PCM: f[:]}) {
			return false
		}
	}
	return tell(satellite.SoundEnds{})
}

// listens listens to a command, and tells whether the run goes on.
func (h *satelliteHome) listens(t *rt.Task, r *homeRun) bool {
	for !r.closed {
		if _, err := r.more.Recv(t, t.Now().Add(100*time.Millisecond)); err != nil && !errors.Is(err, rt.ErrTimeout) {
			return false
		}
		if h.run != r || r.spoke && h.stops(scenario.Listening) {
			return false
		}
	}
	return true
}

// announces announces something later, if nothing else is under way.
func (h *satelliteHome) announces(t *rt.Task, n int) {
	if t.Sleep(8*time.Second) != nil || !h.here || h.run != nil {
		return
	}
	if h.oneWay {
		h.sends(t, "announcement")
		return
	}
	h.owed, h.gave = h.owed+1, h.m.now()
	h.say(t, satellite.Announce{Text: "the washing machine is done", Before: h.url("gong", n), Media: h.url("announcement", n)})
}

// url is where a sound is served.
func (h *satelliteHome) url(what string, n int) string {
	return fmt.Sprintf("http://%s.local:8123/api/tts_proxy/%s_%d.wav", h.name, what, n)
}

// never is where a sound is served that nobody may play.
const never = "/never.wav"

// fetched notes that a sound is fetched.
func (h *satelliteHome) fetched(url string) {
	if h.urls[url]++; h.urls[url] > 1 {
		h.m.judge.Break(h.m.now(), "aloud", fmt.Sprintf("%s is fetched for the %d. time", url, h.urls[url]))
	}
	if strings.HasSuffix(url, never) {
		h.m.judge.Break(h.m.now(), "aloud", "a sound is played that belongs to nothing that was asked")
	}
}

// heard checks that the sound of a command is what the microphone gave after the wake word.
func (h *satelliteHome) heard(r *homeRun) {
	a := h.m.account
	i := slices.IndexFunc(h.m.Runbook().Listeners, func(l runbook.Listener) bool { return l.Home().Name() == h.name })
	if i < 0 || !r.wake {
		return
	}
	listener, preRoll := h.m.Runbook().Listeners[i].Name, h.preRoll()
	for _, id := range slices.Backward(a.Order()) {
		c := a.claims[a.Of(id)]
		if c == nil || c.word.Listener != listener || c.wake < 0 {
			continue
		}
		n := int64(len(r.pcm) / audio.HopSamples)
		from := c.wake + 1 - int64(preRoll/audio.HopTime)
		want := c.device.heard.sound(c.device.heard.part(from, from+n))
		if _, broken := c.device.heard.breaks(from, from+n); broken || h.m.starved(c.device.heard.at(max(from, c.device.heard.first)), h.m.now()) {
			return
		}
		if !slices.Equal(r.pcm, want) {
			h.m.judge.Break(h.m.now(), "sound", fmt.Sprintf("Home Assistant has %d hops of the command of %s, and they are not those that followed the wake word", n, id))
		}
		return
	}
}

// preRoll is how much of the sound before the end of a wake word it gets.
func (h *satelliteHome) preRoll() time.Duration {
	rb := h.m.Runbook()
	for _, e := range rb.ESPHomes {
		if e.Name == h.name {
			return e.PreRoll
		}
	}
	for _, s := range rb.WyomingSatellites {
		if s.Name == h.name {
			return s.PreRoll
		}
	}
	return 0
}

// finish checks that it was told of the end of whatever it had sent.
func (h *satelliteHome) finish() {
	if h.here && h.owed > 0 && h.m.clock-h.gave > time.Minute {
		h.m.judge.Break(h.gave, "finished", fmt.Sprintf("Home Assistant waits for the end of %d sounds that it has sent", h.owed))
	}
}

// goneHome and the others make the faults of a Home Assistant.
func goneHome(m *machine, o *occurrence) func() {
	h := m.satelliteHomeOf(o.Target)
	if h.leave = o.Way; o.Way == "idle" || o.Way == "" {
		h.goes()
	}
	return h.returns
}

// crowdedHome has a second Home Assistant come and go: the newest serves, and when it leaves the first does again. Each has to begin anew.
func crowdedHome(m *machine, o *occurrence) func() {
	h, over := m.satelliteHomeOf(o.Target), false
	var comes func()
	comes = func() {
		if over {
			return
		}
		h.renews(false)
		m.todo.add(m.now()+1500*time.Millisecond, func() { h.renews(true) })
		m.todo.add(m.now()+5*time.Second, comes)
	}
	m.todo.add(m.now(), comes)
	return func() { over = true }
}

// renews lets the satellite know of another connection, and left: that the one before has ended.
func (h *satelliteHome) renews(left bool) {
	if h.door == nil || !h.here {
		return
	}
	h.calls++
	h.run, h.owed = nil, 0
	h.soon(func(t *rt.Task) {
		h.breaksOff(t)
		if left {
			h.door.said.TrySend(t, satellite.FromHome{In: satellite.Left{}})
		}
		h.say(t, satellite.Arrived{})
	})
}

// madHome says what fits nothing.
func madHome(m *machine, o *occurrence) func() {
	h, over, n := m.satelliteHomeOf(o.Target), false, 0
	var says func()
	says = func() {
		if over {
			return
		}
		n++
		h.soon(func(t *rt.Task) { h.raves(t, n) })
		m.todo.add(m.now()+300*time.Millisecond, says)
	}
	m.todo.add(m.now(), says)
	return func() { over = true }
}

// raves says one thing that fits nothing. While a run is under way, or an answer is heard, it says nothing that would be a part of it.
func (h *satelliteHome) raves(t *rt.Task, n int) {
	if !h.here {
		return
	}
	switch busy := h.run != nil || h.owed > 0; {
	case n%9 == 0:
		h.event(t, satellite.EventType(77), "code", strings.Repeat("x", 5000))
	case n%9 == 1:
		h.say(t, satellite.Timer{Type: satellite.TimerCancelled, ID: "nobody's"})
	case busy:
		h.event(t, satellite.EventRunStart)
	case h.oneWay && n%2 == 0:
		h.door.said.TrySend(t, satellite.SoundComes{PCM: make([]int16, voice.FrameSamples)}) // of no sound that has begun
	case h.oneWay:
		h.event(t, satellite.EventSTTEnd, "text", "nobody said this")
		h.event(t, satellite.EventError, "code", "", "message", "")
		h.door.said.TrySend(t, satellite.SoundEnds{})
	case n%9 == 2:
		h.event(t, satellite.EventTTSEnd, "url", "http://"+h.name+".local"+never)
	case n%9 == 3:
		h.event(t, satellite.EventSTTEnd, "text", "nobody said this")
	case n%9 == 4:
		h.say(t, satellite.Accepted{Failed: true})
	case n%9 == 5:
		h.event(t, satellite.EventIntentProgress, "tts_start_streaming", "1")
	case n%9 == 6:
		h.event(t, satellite.EventRunEnd)
	case n%9 == 7:
		h.event(t, satellite.EventError, "code", "", "message", "")
	default:
		h.say(t, satellite.Accepted{})
	}
}
