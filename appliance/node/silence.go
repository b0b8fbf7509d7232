package node

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/stt"
)

// nothing judges an answer without words. It may be true, or the engine may have failed behind a good status. The utterance is
// done with if something proves that nobody spoke: the voice gate, or the service where the gate is not sure. For speech in which
// the service hears nothing, the service is asked in a different way, and the utterance is set aside if that answer is empty,
// too. Otherwise over is false, and the error says why it is tried again.
func (n *Delivery) nothing(t *rt.Task, c *course, way string, r stt.Result) (over bool, _ error) {
	if r.Nothing != "" { // an engine that judges by itself says the same every time
		return true, n.done(t, c, way, r)
	}
	h := n.listen(t, c)
	if h.verdict == quiet || r.Text != "" && !claimsSilence(r.Text) { // to describe music it must have heard it
		return true, n.done(t, c, way, r)
	}
	proven := r.Silence || r.Text != ""
	if checker, ok := n.Client.(stt.Checker); ok && !proven && way != n.streamWay() {
		say(t, n.Events, n.Name, event.DeliveryStarted{Utterance: c.Meta.ID, STT: n.STT, Way: "check", Attempt: c.attempts})
		checked, err := checker.Check(t, n.utterance(c), c.pcm)
		switch {
		case err != nil:
			return errors.Is(err, rt.ErrStopped), err
		case n.said(c, checked).text != "":
			return false, n.hidden("it returned no text, but understood the same sound when asked another way")
		}
		proven = checked.Silence || checked.Text != ""
		c.silences++ // the answer before counts as well
	}
	if !proven {
		return false, n.hidden("it returned no text, and nothing proves that nobody spoke")
	}
	c.silences++
	switch {
	case h.verdict == unsure && way != n.streamWay(): // ask again about the result of a stream
		return true, n.done(t, c, way, r)
	case h.verdict == spoke && c.silences > 1:
		return true, n.givenUp(t, c, fmt.Errorf("the service was asked twice and heard nobody, but the recording holds %.1f s of speech", h.voice.Seconds()))
	}
	return false, errNothingHeard
}

// hidden is the failure of an engine that its service does not report.
func (n *Delivery) hidden(cause string) error {
	return &stt.Error{Op: "transcribe", Address: cmp.Or(n.Service, n.STT), Kind: stt.Engine, Cause: errors.New(cause)}
}

// claimsSilence tells whether markers say that there was nothing to hear, as "[BLANK_AUDIO]" does and "[Music]" does not.
func claimsSilence(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc([]string{"blank", "silen", "no audio", "no speech", "inaudible"}, func(s string) bool { return strings.Contains(text, s) })
}

// verdict is the voice gate's judgement of a recording.
type verdict int

const (
	unsure verdict = iota // also when there is no gate
	quiet                 // nobody spoke after the wake word
	spoke
)

// heard is what the voice gate heard in a command.
type heard struct {
	verdict verdict
	voice   time.Duration
}

// For each hop the gate returns the highest score of three hops that are four to six hops older. Measured on noise it reaches 0.3
// for two hops at the beginning of a sound. White noise of some levels reaches 0.8 all the time, but its level does not change as
// that of speech does.
const (
	gateDelay = 6   // hops
	surely    = 0.5 // score of speech at a usual level
	perhaps   = 0.3 // score of speech from far away
	fewVoiced = 5   // hops with such a score, two of them because the gate looks back: 0.24 s
	afterWake = 2   // hops in which the wake word itself may still sound
	syllables = 1.5 // the loud parts of speech are louder than its soft parts by at least this factor
)

// listen makes the voice gate listen to the command, once. It starts at the beginning of the recording, so that the
// gate knows the room.
func (n *Delivery) listen(t *rt.Task, c *course) *heard {
	if c.heard != nil {
		return c.heard
	}
	c.heard = &heard{}
	if n.Gate == nil {
		return c.heard
	}
	g, err := n.Gate()
	if err != nil {
		t.Trace("no voice gate")
		return c.heard
	}
	defer g.Close()
	from := c.Meta.PreRoll/audio.HopSamples + afterWake
	sure, maybe := 0, 0
	var levels []float32
	for i := 0; i*audio.HopSamples < len(c.pcm)+gateDelay*audio.HopSamples; i++ {
		var hop [audio.HopSamples]int16
		if at := i * audio.HopSamples; at < len(c.pcm) {
			copy(hop[:], c.pcm[at:])
		}
		score, err := g.Push(&hop)
		if err != nil {
			t.Trace("no voice gate")
			return c.heard
		}
		if i < from+gateDelay {
			continue
		}
		if score >= perhaps {
			maybe++
			levels = append(levels, c.level(i-gateDelay+1)...)
		}
		if score >= surely {
			sure++
		}
	}
	c.heard.voice = time.Duration(max(0, sure-2)) * audio.HopTime
	switch {
	case maybe < fewVoiced:
		c.heard.verdict = quiet
	case sure >= fewVoiced && varied(levels):
		c.heard.verdict = spoke
	}
	t.Trace("heard", int64(c.heard.verdict), int64(sure), int64(maybe))
	return c.heard
}

// level is the loudness of each 20 ms piece of a hop.
func (c *course) level(hop int) (list []float32) {
	const piece = audio.HopSamples / 4
	for at := hop * audio.HopSamples; at < (hop+1)*audio.HopSamples && at+piece <= len(c.pcm); at += piece {
		list = append(list, audio.RMS(c.pcm[at:at+piece]))
	}
	return list
}

// varied tells speech from noise, whose level stays the same.
func varied(levels []float32) bool {
	if len(levels) == 0 {
		return false
	}
	slices.Sort(levels)
	soft, loud := levels[len(levels)/10], levels[len(levels)*9/10]
	return loud >= syllables*soft
}
