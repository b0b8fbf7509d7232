package node

import (
	"errors"
	"maps"
	"slices"
	"strconv"

	"orac/appliance/play"
	"orac/appliance/rt"
	"orac/appliance/satellite"
)

// mostPieces is how much of the sounds of Home Assistant may wait until it is heard: it sends them faster than anybody speaks. It is 16 MiB:
// six minutes of a voice of 22 kHz.
const mostPieces = 16 << 20 / (2 * satellite.MostPiece)

// incoming are the sounds that Home Assistant sends, until they are played.
type incoming struct {
	now   *arriving            // the one that comes; nil: none does
	wait  map[string]*arriving // for their turn, by the address under which the voice knows them
	count int
}

// arriving is one of them.
type arriving struct {
	url    string
	id     string // under which it is played; "": it is not yet
	stream *play.Stream
	answer bool // the run is over with it
}

// soundBegins takes the beginning of a sound.
func (n *ESPHome) soundBegins(t *rt.Task, b satellite.SoundBegins) {
	n.soundEnds(t, satellite.SoundEnds{}) // a beginning is an end, too
	s := &n.sounds
	s.count++
	x := &arriving{
		url:    "stream:" + strconv.Itoa(s.count),
		stream: &play.Stream{Format: play.Format{Rate: b.Rate, Channels: b.Channels}, Chunks: rt.NewMailbox[play.Chunk]("sound of Home Assistant", mostPieces+1)},
	}
	if s.wait == nil {
		s.wait = map[string]*arriving{}
	}
	s.now, s.wait[x.url] = x, x
	n.step(t, satellite.Sounding{URL: x.url})
	if s.now == x {
		x.answer = n.voice.Phase() == satellite.Speaking
	}
}

// soundComes takes the next piece of it.
func (n *ESPHome) soundComes(t *rt.Task, c satellite.SoundComes) {
	s := &n.sounds
	if s.now == nil {
		return // nobody wants to hear it
	}
	waiting := s.now.stream.Chunks.Stats().Len
	for url, x := range s.wait {
		if url != s.now.url {
			waiting += x.stream.Chunks.Stats().Len
		}
	}
	if waiting >= mostPieces {
		n.soundEnds(t, satellite.SoundEnds{Why: "more sound came than is kept until it is heard"})
		return
	}
	s.now.stream.Chunks.TrySend(t, play.Chunk{PCM: c.PCM})
}

// soundEnds takes its end. The answer ends its run.
func (n *ESPHome) soundEnds(t *rt.Task, e satellite.SoundEnds) {
	x := n.sounds.now
	if x == nil {
		return
	}
	n.sounds.now = nil
	if e.Why != "" {
		x.stream.Chunks.TrySend(t, play.Chunk{Err: errors.New(e.Why)})
	}
	x.stream.Chunks.Close(t)
	if x.answer && n.voice.Phase() == satellite.Speaking { // it may be that of a run before: a sound can be over long before its end comes
		n.step(t, satellite.Event{Type: satellite.EventRunEnd})
	}
}

// source is what an address of the voice leads to.
func (n *ESPHome) source(id, url string) play.Source {
	x, ok := n.sounds.wait[url]
	if !ok {
		return play.Source{URL: url}
	}
	delete(n.sounds.wait, url)
	x.id = id
	return play.Source{Stream: x.stream}
}

// forget drops the sounds that the voice has no use for: those that it neither plays nor will play.
func (s *incoming) forget(t *rt.Task, queued func(url string) bool) {
	for _, url := range slices.Sorted(maps.Keys(s.wait)) {
		if !queued(url) {
			x := s.wait[url]
			delete(s.wait, url)
			s.drop(t, x)
		}
	}
}

// silenced: a sound is not heard any more, and the rest of it is of no use.
func (s *incoming) silenced(t *rt.Task, id string) {
	if s.now != nil && s.now.id == id && id != "" {
		s.drop(t, s.now)
	}
}

func (s *incoming) drop(t *rt.Task, x *arriving) {
	x.stream.Chunks.Close(t)
	if s.now == x {
		s.now = nil
	}
}
