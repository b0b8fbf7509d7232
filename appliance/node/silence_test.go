package node_test

import (
	"strings"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/stt"
	"orac/appliance/utterance"
	"orac/models/wake"
)

// loudness is a gate that takes for a voice what is loud, as late as the real one.
type loudness struct{ late wake.Gate }

func (l *loudness) Push(pcm *[audio.HopSamples]int16) (float32, error) {
	voice := min(1, audio.RMS(pcm[:])/1000)
	return l.late.Push([2]float32{voice, voice}), nil
}
func (l *loudness) Reset()       { l.late.Reset() }
func (l *loudness) Close() error { return nil }

// heardAs is what is heard in the hops of a recording, 240 ms of wake word first.
func heardAs(level func(i int) int16) (hops []*audio.Hop) {
	for n := range 25 {
		h := &audio.Hop{Seq: int64(n)}
		for i := range h.PCM {
			at := n*audio.HopSamples + i
			loud := int16(4000)
			if n >= 3 {
				loud = level(at)
			}
			h.PCM[i] = loud - 2*loud*int16(i%2)
		}
		hops = append(hops, h)
	}
	return hops
}

var (
	nobody  = func(int) int16 { return 20 }
	mumble  = func(int) int16 { return 400 }
	noise   = func(int) int16 { return 3000 }
	speaker = func(at int) int16 { return int16(600 + 4000*(at%3200)/3200) } // syllables of 200 ms
)

// unhearing is a service that hears nothing, in one way or another.
type unhearing struct {
	whole, check func(try int) (stt.Result, error)
	asked        string // the ways in which it was asked: h, c
}

func (d *unhearing) Transcribe(*rt.Task, stt.Utterance, []int16) (stt.Result, error) {
	d.asked += "h"
	return d.whole(strings.Count(d.asked, "h"))
}

func (d *unhearing) Health(*rt.Task) (stt.Health, error) { return stt.Health{Status: "healthy"}, nil }

// checked is a unhearing service whose failures can be told from silence.
type checked struct{ *unhearing }

func (c checked) Check(*rt.Task, stt.Utterance, []int16) (stt.Result, error) {
	c.asked += "c"
	return c.check(strings.Count(c.asked, "c"))
}

func TestAnAnswerWithoutWords(t *testing.T) {
	says := func(r stt.Result, err error) func(int) (stt.Result, error) {
		return func(int) (stt.Result, error) { return r, err }
	}
	failed := &stt.Error{Op: "transcribe", Kind: stt.Engine}
	until := func(n int, first, then func(int) (stt.Result, error)) func(int) (stt.Result, error) {
		return func(try int) (stt.Result, error) {
			if try < n {
				return first(try)
			}
			return then(try)
		}
	}
	empty, silent, text := says(stt.Result{}, nil), says(stt.Result{Silence: true}, nil), says(stt.Result{Text: "lights on"}, nil)
	for name, c := range map[string]struct {
		level   func(int) int16
		gate    bool
		whole   func(int) (stt.Result, error)
		check   func(int) (stt.Result, error) // nil: it cannot be checked
		outcome string                        // "": it still waits after five minutes
		asked   string                        // prefix of the ways
	}{
		"nobody spoke":                        {nobody, true, empty, silent, "empty", "h"},
		"a failure over a silent room":        {nobody, true, empty, says(stt.Result{}, failed), "empty", "h"},
		"noise, and the service is sure":      {noise, true, empty, silent, "empty", "hc"},
		"noise, and nobody is sure":           {noise, true, empty, empty, "", "hchc"},
		"far away, and the service is sure":   {mumble, true, empty, silent, "empty", "hc"},
		"no gate, and the service is sure":    {speaker, false, empty, silent, "empty", "hc"},
		"no gate, and silence at once":        {speaker, false, silent, nil, "empty", "h"},
		"the engine fails":                    {speaker, true, empty, says(stt.Result{}, failed), "", "hchc"},
		"the engine fails for a while":        {speaker, true, until(5, empty, text), says(stt.Result{}, failed), "delivered", "hchchchch"},
		"speech, and it insists":              {speaker, true, empty, silent, "failed", "hc"},
		"speech, and it insists by itself":    {speaker, true, silent, nil, "failed", "hh"},
		"speech, and it understands the next": {speaker, true, until(2, silent, text), nil, "delivered", "hh"},
		"speech, and the check understands":   {speaker, true, until(2, empty, text), text, "delivered", "hch"},
		"speech, and a blank":                 {speaker, true, says(stt.Result{Text: "[BLANK_AUDIO]"}, nil), nil, "failed", "hh"},
		"a song":                              {speaker, true, says(stt.Result{Text: "[Music]"}, nil), nil, "empty", "h"},
	} {
		world(t, time.Hour, func(k *rt.Task) {
			d := &unhearing{whole: c.whole, check: c.check}
			var client stt.Client = d
			if c.check != nil {
				client = checked{d}
			}
			disk := virtual.NewDisk(1 << 30)
			sp, pieces, requests := spoolOn(disk)
			m := utterance.Meta{ID: "a", Deliver: []string{"w"}, PreRoll: 3 * audio.HopSamples}
			k.Go("spool", sp.Run)
			_ = pieces.Send(k, node.Piece{Utterance: "a", Begin: &m})
			for _, h := range heardAs(c.level) {
				_ = pieces.Send(k, node.Piece{Utterance: "a", Hop: h})
			}
			m.EndAt = k.Wall()
			_ = pieces.Send(k, node.Piece{Utterance: "a", End: &m})
			events := mailbox()
			n := &node.Delivery{
				Name: "delivery.w", STT: "w", Spool: requests, Healthy: rt.NewMailbox[node.Seen]("healthy", 1), Events: rt.NewOut(events),
				Config: rt.NewCell(node.DeliveryConfig{Client: client, Whole: "http", Longest: stt.MaxSpeech, MaxDelay: 8 * time.Second}),
			}
			if c.gate {
				n.Gate = func() (node.Gate, error) { return &loudness{}, nil }
			}
			k.Go("delivery", n.Run)
			_ = k.Sleep(5 * time.Minute)
			outcome := ""
			for e, ok := events.TryRecv(k); ok; e, ok = events.TryRecv(k) {
				if b, ok := e.Body.(event.Delivered); ok {
					outcome = b.Outcome
				}
			}
			if outcome != c.outcome || !strings.HasPrefix(d.asked, c.asked) || outcome != "" && d.asked != c.asked {
				t.Errorf("%s: %q, asked %q; want %q, asked %q", name, outcome, d.asked, c.outcome, c.asked)
			}
		})
	}
}
