package node

import (
	"errors"
	"fmt"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/rt"
)

// Source keeps a device open and turns its sound into hops. Its health is only the age of the last hop: a stream
// that delivers none for Stall is closed, whatever it reports, and reopened, without end.
type Source struct {
	Name   string // address of the node
	Device string
	Input  audio.Source
	Out    *rt.Out[*audio.Hop]
	Events Events
	Meters Events // a Level for each hop
	Config *rt.Cell[SourceConfig]
	Mutes  *rt.Cell[Mutes]

	seq   int64 // of the next hop
	opens int
	cause string       // of the loss that was last reported; empty if there was none since the device was last opened
	told  rt.Instant   // when that was
	heard []*audio.Hop // the last ones
	lost  overruns
	gone  overruns // hops that the capture process or its reader has lost
}

const (
	// steady is how long a stream must live before the failures before it are forgotten: a stream that dies at once is no
	// better than one that does not open.
	steady = 10 * time.Second
	// tellEvery is how often a continuing loss with the same cause is reported.
	tellEvery = 5 * time.Minute
)

// SourceConfig are the settings of a source.
type SourceConfig struct {
	Stall time.Duration // age of the last hop at which the stream is closed
	Stuck time.Duration // a fault if non-zero hops are bit-identical for this long
	Retry Retry
	// Listeners are those that hear the device. While all of them are muted it sends silence.
	Listeners []string
}

// Update implements Updater.
func (s *Source) Update(fresh Node) {
	f := fresh.(*Source)
	s.Config.Take(f.Config)
	s.Out.To(f.Out)
}

// Retry says how a device is tried again: at once, then Tries times Delay apart, then every Slow.
type Retry struct {
	Delay time.Duration
	Tries int
	Slow  time.Duration
}

// wait is the pause before the try after n failed ones.
func (r Retry) wait(n int) time.Duration {
	switch {
	case n == 0:
		return 0
	case n <= r.Tries:
		return r.Delay
	}
	return r.Slow
}

// Run implements Node. It returns nil when the sound is over.
func (s *Source) Run(t *rt.Task) error {
	// Readers need the hop count to continue when the source is restarted or replaced. No source has sent more hops
	// than time has passed.
	s.seq = max(s.seq, int64(t.Now()/rt.Instant(audio.HopTime)))
	failed := 0
	for {
		began, evidence := t.Now(), ""
		stream, err := s.Input.Open(t)
		if err == nil {
			s.opens++
			s.cause = ""
			t.Trace("opened", int64(s.opens))
			say(t, s.Events, s.Name, event.DeviceOpened{Device: s.Device, Identity: stream.Identity(), Opens: s.opens, Hop: s.seq})
			err = s.listen(t, stream)
			evidence = s.evidence(t, stream, err)
			stream.Close(t)
			if t.Now().Sub(began) >= steady {
				failed = 0
			}
		}
		switch {
		case errors.Is(err, audio.ErrEnded):
			say(t, s.Events, s.Name, event.DeviceEnded{Device: s.Device})
			return nil
		case errors.Is(err, rt.ErrStopped):
			return err
		}
		// The pause counts from one opening to the next: time in which a stream hung counts as
		// pause.
		wait := max(0, s.Config.Get().Retry.wait(failed)-t.Now().Sub(began))
		failed++
		t.Trace("lost", int64(failed))
		if cause := err.Error(); cause != s.cause || t.Now().Sub(s.told) >= tellEvery {
			s.cause, s.told = cause, t.Now()
			say(t, s.Events, s.Name, event.DeviceLost{Device: s.Device, Cause: cause, Retry: in(wait), Evidence: evidence})
		}
		if err := t.Sleep(wait); err != nil {
			return err
		}
	}
}

// evident is a stream that can report the state of its device.
type evident interface{ Evidence() string }

// errStuck is wrapped by errors that end a stream by force.
var errStuck = errors.New("the device is stuck")

// evidence is what is known before a stream is closed by force.
func (s *Source) evidence(t *rt.Task, stream audio.Stream, err error) string {
	if !errors.Is(err, errStuck) {
		return ""
	}
	text := "last hops (number, age, RMS, peak):\n"
	for _, h := range s.heard {
		text += fmt.Sprintf("%d  %v  %.0f  %d\n", h.Seq, t.Now().Sub(h.At).Round(time.Millisecond), h.RMS, audio.Peak(h.PCM[:]))
	}
	if e, ok := stream.(evident); ok {
		text += "\n" + e.Evidence()
	}
	return text
}

// hopsTold is how many of the last hops are part of the evidence.
const hopsTold = 8

// listen passes hops on until the stream fails. While it is muted it reads on and passes silence on: a device that dies is noticed, and
// the first hop after the mute is heard. The break before the silence empties the ring, and what nodes remember of the sound.
func (s *Source) listen(t *rt.Task, stream audio.Stream) error {
	var last [audio.HopSamples]int16
	var same time.Duration // for how long hops have been identical
	var gaps uint64        // in the stream so far
	var muted bool
	for first := true; ; first = false {
		hop := &audio.Hop{Reset: first}
		config := s.Config.Get()
		if err := stream.Read(t, &hop.PCM, t.Now().Add(config.Stall)); err != nil {
			if errors.Is(err, rt.ErrTimeout) {
				return fmt.Errorf("no sound for %v: %w", config.Stall, errStuck)
			}
			return err
		}
		if g, ok := stream.(gapped); ok && g.Lost() > gaps {
			s.gone.say(t, s.Events, s.Name, "sound of "+s.Device, int(g.Lost()-gaps))
			gaps, hop.Gap = g.Lost(), true
		}
		hop.Seq, hop.At = s.seq, t.Now()
		s.seq++
		// A muted microphone sends digital silence, which is fine. The same non-zero hop again and again
		// is a fault.
		if hop.PCM == last && hop.PCM != ([audio.HopSamples]int16{}) {
			same += audio.HopTime
		} else {
			same = 0
		}
		last = hop.PCM
		was := muted
		if muted = s.Mutes.Get().AllDeaf(config.Listeners, hop.At); muted {
			clear(hop.PCM[:])
			if !was {
				hop.Reset, s.heard = true, nil
			}
		}
		hop.RMS = audio.RMS(hop.PCM[:])
		if n := s.Out.Push(t, hop); n > 0 {
			s.lost.say(t, s.Events, s.Name, "hops of "+s.Name, n)
		}
		if len(s.Meters.Boxes()) > 0 {
			say(t, s.Meters, s.Name, event.Level{Device: s.Device, RMS: hop.RMS, Peak: audio.Peak(hop.PCM[:])})
		}
		if same > 0 && same >= config.Stuck {
			return fmt.Errorf("the same %v of sound has come for %v: %w", audio.HopTime, same, errStuck)
		}
		if s.heard = append(s.heard, hop); len(s.heard) > hopsTold {
			s.heard = append(s.heard[:0], s.heard[1:]...)
		}
	}
}

// gapped is a stream that reports how many hops it has lost so far.
type gapped interface{ Lost() uint64 }

// in says when something is tried again.
func in(wait time.Duration) string {
	if wait == 0 {
		return "now"
	}
	return "in " + wait.Round(100*time.Millisecond).String()
}
