package wyoming

import (
	"errors"
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
		s.names = d.Names
		if s.stream != nil {
			s.stream.push(item{kind: itemNames, names: d.Names})
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
		s.stream.push(item{kind: itemStop})
	}
	return nil
}

// end implements talk.
func (s *spotting) end() {
	if s.stream != nil {
		s.stream.push(item{kind: itemEnd})
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
	s.stream.push(item{kind: itemStart})
	return nil
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
		code := codeWake
		if errors.Is(err, errBroken) {
			code = codeProtocol
		}
		s.fail(code, err)
		return err
	}
	s.pcm = pcm
	stamp := s.samples * 1000 / resample.Rate
	if at != nil {
		stamp = int64(*at)
	}
	s.samples += int64(len(pcm) - had)
	for len(s.pcm) >= audio.HopSamples {
		i := item{kind: itemHop, stamp: stamp}
		copy(i.pcm[:], s.pcm)
		s.stream.push(i)
		s.pcm = slices.Delete(s.pcm, 0, audio.HopSamples)
	}
	return nil
}
