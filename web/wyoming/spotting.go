package wyoming

import (
	"errors"
	"fmt"
	"slices"

	"orac/appliance/audio"
	"orac/appliance/audio/resample"
	wire "orac/appliance/wyoming"
)

// spotting is the request for wake words of a connection. It lasts until the connection ends.
type spotting struct {
	*conn
	sound
	names   []string // of models; none: all
	pcm     []int16  // not yet a whole hop
	samples int64    // since audio-start
	going   bool     // sound comes
	stream  *stream  // nil until sound comes
}

// handle implements talk.
func (s *spotting) handle(e wire.Event) error {
	switch e.Kind {
	case wire.KindDetect:
		var d wire.Detect
		if err := e.Decode(&d); err != nil {
			return err
		}
		if len(d.Names) > maxNames {
			return s.told(fmt.Errorf("%d names are asked for; at most %d are accepted", len(d.Names), maxNames))
		}
		s.names = s.served(d.Names)
		if s.stream != nil {
			return s.push(item{kind: itemNames, names: s.names})
		}
	case wire.KindAudioStart:
		if err := s.sound.start(e); err != nil {
			return err
		}
		return s.begin()
	case wire.KindAudioChunk:
		return s.take(e)
	case wire.KindAudioStop:
		s.setLive(false)
		if err := s.open(); err != nil {
			return err
		}
		s.conv, s.going = nil, false
		return s.push(item{kind: itemStop})
	}
	return nil
}

// maxNames is how many names of models a client may ask for: more than any appliance has.
const maxNames = 1000

// served returns the names that are those of models here: no others are kept. If none is, the client asks for something unknown, or for
// everything: all models are meant.
func (s *spotting) served(names []string) (known []string) {
	for _, w := range s.settings().Words {
		if slices.Contains(names, w.Model.Name) {
			known = append(known, w.Model.Name)
		}
	}
	return known
}

// told tells the client what is wrong, unless it is a wire.ErrFormat, of which it is told anyway.
func (s *spotting) told(err error) error {
	if !errors.Is(err, wire.ErrFormat) {
		s.fail(codeWake, err)
	}
	return err
}

// push gives the ear something to do.
func (s *spotting) push(i item) error {
	if err := s.stream.push(i); err != nil {
		return s.told(err)
	}
	return nil
}

// end implements talk.
func (s *spotting) end() {
	if s.stream != nil {
		_ = s.stream.push(item{kind: itemEnd}) // always taken
	}
}

// open takes one of the places for sound. If there is none, the connection ends: it could do nothing else.
func (s *spotting) open() error {
	if s.stream != nil {
		return nil
	}
	if err := s.enter(); err != nil {
		s.fail(codeWake, err)
		return err
	}
	s.stream = s.ear.stream(s.conn, s.names)
	return nil
}

// begin begins a sound.
func (s *spotting) begin() error {
	if err := s.open(); err != nil {
		return err
	}
	s.pcm, s.samples, s.going = s.pcm[:0], 0, true
	s.setLive(true)
	return s.push(item{kind: itemStart})
}

// take takes a chunk of sound, and passes on the whole hops.
func (s *spotting) take(e wire.Event) error {
	if !s.going { // audio-start is not needed: each chunk says its format
		if err := s.begin(); err != nil {
			return err
		}
	}
	had := len(s.pcm)
	pcm, at, err := s.chunk(s.pcm, e)
	if err != nil {
		return s.told(err)
	}
	s.pcm = pcm
	stamp := s.samples * 1000 / resample.Rate
	if at != nil {
		stamp = int64(*at)
	}
	s.samples += int64(len(pcm) - had)
	for len(s.pcm) >= audio.HopSamples {
		i := item{kind: itemHop, stamp: stamp, pcm: new([audio.HopSamples]int16)}
		copy(i.pcm[:], s.pcm)
		if err := s.push(i); err != nil {
			return err
		}
		s.pcm = slices.Delete(s.pcm, 0, audio.HopSamples)
	}
	return nil
}
