package wyomingsatellite

import (
	"fmt"

	"orac/appliance/satellite"
	wire "orac/appliance/wyoming"
)

// said is what an event of Home Assistant's says of the conversation; nothing if it says nothing of it. speaks: an answer is heard here.
func said(e wire.Event, speaks bool) ([]satellite.In, error) {
	event := func(kind satellite.EventType, pairs ...string) []satellite.In {
		data := map[string]string{}
		for i := 0; i+1 < len(pairs); i += 2 {
			data[pairs[i]] = pairs[i+1]
		}
		return []satellite.In{satellite.Event{Type: kind, Data: data}}
	}
	switch e.Kind {
	case wire.KindTranscribe: // it has begun the run, and awaits the sound
		return event(satellite.EventRunStart), nil
	case wire.KindVoiceStopped:
		return event(satellite.EventVADEnd), nil
	case wire.KindTranscript:
		var t wire.Transcript
		err := e.Decode(&t)
		list := event(satellite.EventSTTEnd, "text", t.Text)
		if !speaks { // nothing else is told of a run without an answer
			list = append(list, event(satellite.EventRunEnd)...)
		}
		return list, err
	case wire.KindSynthesize:
		var s wire.Synthesize
		err := e.Decode(&s)
		return event(satellite.EventTTSStart, "text", s.Text), err
	case wire.KindError:
		var f wire.Failure
		err := e.Decode(&f)
		return event(satellite.EventError, "code", f.Code, "message", f.Text), err
	}
	if happened, ok := timers[e.Kind]; ok {
		var t wire.Timer
		err := e.Decode(&t)
		return []satellite.In{satellite.Timer{Type: happened, ID: t.ID, Name: t.Name, Seconds: t.Seconds, Active: t.Active}}, err
	}
	return nil, nil
}

var timers = map[string]satellite.TimerType{
	wire.KindTimerStarted: satellite.TimerStarted, wire.KindTimerUpdated: satellite.TimerUpdated,
	wire.KindTimerCancelled: satellite.TimerCancelled, wire.KindTimerFinished: satellite.TimerFinished,
}

// sound is sound on its way from the wire.
type sound struct {
	format wire.Format
	on     bool    // it has begun, and can be read
	part   []byte  // the beginning of a sample whose end has not come yet
	pcm    []int16 // what has come, and was not told
}

// take takes an audio event, and returns what is to be told of it.
func (s *sound) take(e wire.Event) ([]satellite.Told, error) {
	var a wire.Audio
	if e.Kind != wire.KindAudioStop {
		if err := e.Decode(&a); err != nil {
			return nil, err
		}
	}
	switch {
	case e.Kind == wire.KindAudioStart:
		return s.start(a.Format), nil
	case e.Kind == wire.KindAudioStop:
		list := append(s.rest(), satellite.SoundEnds{})
		*s = sound{}
		return list, nil
	case !s.on:
		return nil, nil
	case a.Format != (wire.Format{}) && a.Format != s.format:
		*s = sound{}
		return []satellite.Told{satellite.SoundEnds{Why: "the format of the sound has changed within it"}}, nil
	case e.Size%s.format.Frame() != 0:
		return nil, fmt.Errorf("%w: the sound is cut in the middle of a sample: a chunk has %d bytes; %d make a sample", wire.ErrFormat, e.Size, s.format.Frame())
	}
	raw := e.Payload
	if len(s.part) > 0 {
		raw = append(s.part, raw...)
	}
	whole := len(raw) / s.format.Frame() * s.format.Frame()
	s.pcm = wire.Samples(s.pcm, s.format, raw[:whole])
	s.part = append([]byte(nil), raw[whole:]...)
	return s.pieces(), nil
}

// start begins a sound. One that cannot be read ends at once: what it is told for is then over, too.
func (s *sound) start(f wire.Format) []satellite.Told {
	*s = sound{format: f}
	if err := f.Check(); err != nil {
		return []satellite.Told{satellite.SoundBegins{Rate: wire.Speech.Rate, Channels: 1}, satellite.SoundEnds{Why: err.Error()}}
	}
	s.on = true
	return []satellite.Told{satellite.SoundBegins{Rate: f.Rate, Channels: f.Channels}}
}

// pieces returns whole pieces of what has come: small ones would take many places in queues.
func (s *sound) pieces() (list []satellite.Told) {
	most := satellite.MostPiece / s.format.Channels * s.format.Channels
	for len(s.pcm) >= most {
		list = append(list, satellite.SoundComes{PCM: append([]int16(nil), s.pcm[:most]...)})
		s.pcm = append(s.pcm[:0], s.pcm[most:]...)
	}
	return list
}

// rest returns the last piece.
func (s *sound) rest() []satellite.Told {
	if len(s.pcm) == 0 {
		return nil
	}
	return []satellite.Told{satellite.SoundComes{PCM: s.pcm}}
}
