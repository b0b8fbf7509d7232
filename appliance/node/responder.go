package node

import (
	"errors"
	"fmt"
	"time"

	"orac/appliance/act"
	"orac/appliance/event"
	"orac/appliance/play"
	"orac/appliance/rt"
)

// Chime is a sound that tells people what ORAC does.
type Chime string

// The chimes.
const (
	WakeChime  Chime = "wake"  // a wake word was heard: speak
	DoneChime  Chime = "done"  // the command was heard to its end
	ErrorChime Chime = "error" // nothing comes of it
	TimerChime Chime = "timer" // a timer has ended
	MuteChime  Chime = "mute"  // the listener is muted, or listens again
)

const (
	ringEvery   = 2 * time.Second  // how often a timer rings
	ringFor     = 60 * time.Second // unless somebody says the wake word
	ringPatient = 5 * time.Second  // how long a ring waits for its turn
)

// Responder lets whoever speaks to a listener hear what becomes of it: chimes, spoken answers, timers. A wake word ends what is being said
// to its listener. It asks a Player, and nothing waits for it.
type Responder struct {
	Name     string // address of the node
	Listener string
	Config   *rt.Cell[ResponderConfig]
	Wakes    *rt.Mailbox[Wake]
	News     *rt.Mailbox[event.Event]
	Out      *rt.Out[PlayAsk]

	asked uint64     // sounds so far
	rings rt.Instant // when the timer rings next; rt.Never: none does
	until rt.Instant // when it has rung long enough
}

// ResponderConfig are the settings of a Responder.
type ResponderConfig struct {
	Chimes map[Chime][]play.Frame // those that are declared
	Voice  string                 // the tts block that speaks; "" for none
	Topic  string                 // that acts on what is said; "" for none
}

// Update implements Updater.
func (n *Responder) Update(fresh Node) {
	f := fresh.(*Responder)
	n.Config.Take(f.Config)
	n.Out.To(f.Out)
}

// Run implements Node.
func (n *Responder) Run(t *rt.Task) error {
	n.rings = rt.Never
	for {
		which, err := rt.Select(t, n.rings, n.Wakes, n.News)
		switch {
		case errors.Is(err, rt.ErrTimeout):
			n.ring(t)
		case err != nil:
			return err
		case which == 0:
			w, ok := n.Wakes.TryRecv(t)
			if !ok {
				return nil
			}
			n.wake(t, w)
		default:
			e, ok := n.News.TryRecv(t)
			if !ok {
				return nil
			}
			n.happened(t, e.Body)
		}
	}
}

// wake ends what is being said, and says that it listens.
func (n *Responder) wake(t *rt.Task, w Wake) {
	n.rings = rt.Never
	n.Out.Push(t, StopPlay{Priority: play.Answer, Cause: play.Barged})
	n.chime(t, WakeChime, w.ID, 0)
}

// happened lets people hear what concerns them.
func (n *Responder) happened(t *rt.Task, body event.Body) {
	c := n.Config.Get()
	switch b := body.(type) {
	case event.RecordingEnded:
		if b.Listener == n.Listener {
			n.chime(t, DoneChime, b.Utterance, 0)
		}
	case event.Delivered:
		if b.Of.Listener == n.Listener && b.Outcome == "failed" {
			n.chime(t, ErrorChime, b.Utterance, 0)
		}
	case event.Dropped:
		if b.Of.Listener == n.Listener && !b.Muted {
			n.chime(t, ErrorChime, b.Utterance, 0)
		}
	case event.Acted:
		if b.From == event.ListenerPrefix+n.Listener {
			n.answer(t, c, b)
		}
	case event.TimerEnded:
		if c.Topic == "" || b.Topic != c.Topic {
			return
		}
		n.until = t.Now().Add(ringFor)
		what := "The timer"
		if b.Name != "" {
			what += " for " + b.Name
		}
		if b.Late > 0 {
			what += " ended " + act.DurationInWords(time.Duration(b.Late*float64(time.Second))) + " ago."
		} else {
			what += " has ended."
		}
		n.ring(t)
		n.speak(t, c, play.Announcement, "timer", what)
	case event.Muted:
		if !b.Start && (b.Listener == "" || b.Listener == n.Listener) {
			n.chime(t, MuteChime, "mute", 0)
		}
	case event.Unmuted:
		if b.Listener == "" || b.Listener == n.Listener {
			n.chime(t, MuteChime, "unmute", 0)
		}
	}
}

// answer says what came of a command; without a voice, that nothing did.
func (n *Responder) answer(t *rt.Task, c ResponderConfig, b event.Acted) {
	if b.Speech != "" && c.Voice != "" {
		n.speak(t, c, play.Answer, b.Request, b.Speech)
		return
	}
	if b.Result != "done" && b.Result != "unproven" {
		n.chime(t, ErrorChime, b.Request, 0)
	}
}

// ring rings once, and again later.
func (n *Responder) ring(t *rt.Task) {
	if t.Now() >= n.until {
		n.rings = rt.Never
		return
	}
	n.rings = t.Now().Add(ringEvery)
	n.chime(t, TimerChime, "timer", ringPatient)
}

// chime plays a chime, if it is declared.
func (n *Responder) chime(t *rt.Task, which Chime, about string, patience time.Duration) {
	frames := n.Config.Get().Chimes[which]
	if len(frames) == 0 {
		return
	}
	n.play(t, play.Request{
		ID: n.id(string(which), about), Priority: play.Chime, Source: play.Source{Frames: frames}, What: "the " + string(which) + " chime", Patience: patience,
	})
}

// speak says a text, if there is a voice.
func (n *Responder) speak(t *rt.Task, c ResponderConfig, p play.Priority, about, text string) {
	if c.Voice == "" {
		return
	}
	if len(text) > play.MostText {
		text = text[:play.MostText]
	}
	n.play(t, play.Request{ID: n.id("say", about), Priority: p, Source: play.Source{Say: &play.Say{Voice: c.Voice, Text: text}}, What: "an " + p.String()})
}

// id tells sounds apart, also those of two listeners with one speaker.
func (n *Responder) id(what, about string) string {
	n.asked++
	return fmt.Sprintf("%s %s %s %d", n.Listener, what, about, n.asked)
}

func (n *Responder) play(t *rt.Task, r play.Request) { n.Out.Push(t, Play{Request: r}) }
