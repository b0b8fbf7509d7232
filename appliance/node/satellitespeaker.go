package node

import (
	"fmt"
	"maps"
	"slices"

	"orac/appliance/entity"
	"orac/appliance/play"
	"orac/appliance/rt"
)

// SatelliteSpeaker is where the sounds of a satellite are heard. What Home Assistant sends goes to the player of the satellite's speaker;
// chimes are those of its listener, and its responder plays them. Nothing waits for either.
//
// Whoever owns one selects Told and Seen, and gives what comes to Over and Look. A satellite without a speaker has one whose Speaker is "":
// each of its sounds is over at once, and was not heard.
type SatelliteSpeaker struct {
	Satellite string           // name of the block
	Speaker   *rt.Cell[string] // name of the block; "": there is none
	Plays     *rt.Out[PlayAsk]
	Cues      *rt.Out[Cue] // to the responder of the listener, if it has one
	Seen      *rt.Mailbox[PlayerShown]

	// The fields below outlive an instance.
	shown PlayerShown
	lives int // instances so far: their sounds differ

	// The fields below are those of one run.
	Told    *rt.Mailbox[play.Told]
	playing map[string]string // the sounds that are not over: by their ID at the player, those of the satellite
}

// mostTones is how many sounds of a satellite are played or wait: an announcement, an answer that it interrupts, media, and what replaces it.
const mostTones = 8

// Open begins a run.
func (s *SatelliteSpeaker) Open() {
	s.lives++
	s.Told, s.playing = rt.NewMailbox[play.Told]("played for "+s.Satellite, 4*mostTones), map[string]string{}
}

// Close ends what is still played.
func (s *SatelliteSpeaker) Close(t *rt.Task) {
	s.Silence(t, "", play.Stopped)
	s.playing = nil
}

// Update takes new readers.
func (s *SatelliteSpeaker) Update(fresh *SatelliteSpeaker) {
	s.Speaker.Take(fresh.Speaker)
	s.Plays.To(fresh.Plays)
	s.Cues.To(fresh.Cues)
}

// Speaks tells whether there is a speaker.
func (s *SatelliteSpeaker) Speaks() bool { return s.Speaker.Get() != "" }

// Play plays a sound of the satellite under its ID. of is the ID of the command that it answers; "" for none. false: nobody will hear it,
// and nothing more is told of it.
func (s *SatelliteSpeaker) Play(t *rt.Task, id string, p play.Priority, from play.Source, of string) bool {
	if !s.Speaks() || len(s.playing) >= mostTones {
		return false
	}
	at := fmt.Sprintf("%s %d %s", s.Satellite, s.lives, id)
	s.playing[at] = id
	what := "what Home Assistant plays"
	if p != play.Media {
		what = "an " + p.String() + " of Home Assistant"
	}
	s.Plays.Push(t, Play{Request: play.Request{ID: at, Of: of, Priority: p, Source: from, What: what}, Told: s.Told})
	return true
}

// Over takes what a player tells. ended: the sound of the satellite with that ID is over; heard: to its end.
func (s *SatelliteSpeaker) Over(x play.Told) (id string, ended, heard bool) {
	id, known := s.playing[x.ID]
	if !known {
		return "", false, false
	}
	if x.Ended {
		delete(s.playing, x.ID)
	}
	return id, x.Ended, x.Cause == play.Done
}

// Silence ends a sound of the satellite; without an ID, all of them.
func (s *SatelliteSpeaker) Silence(t *rt.Task, id string, why play.Cause) {
	for _, at := range slices.Sorted(maps.Keys(s.playing)) {
		if id == "" || s.playing[at] == id {
			s.Plays.Push(t, StopPlay{ID: at, Cause: why})
		}
	}
}

// Pause lets a sound of the satellite wait, or go on.
func (s *SatelliteSpeaker) Pause(t *rt.Task, id string, on bool) {
	for _, at := range slices.Sorted(maps.Keys(s.playing)) {
		if s.playing[at] == id {
			s.Plays.Push(t, PausePlay{ID: at, Paused: on})
		}
	}
}

// Cue lets people hear a chime of the listener, or has it be quiet.
func (s *SatelliteSpeaker) Cue(t *rt.Task, c Cue) { s.Cues.Push(t, c) }

// Look takes how the player is.
func (s *SatelliteSpeaker) Look(p PlayerShown) { s.shown = p }

// Player is how the speaker is, as a media player shows it.
func (s *SatelliteSpeaker) Player() entity.Player {
	p := entity.Player{Volume: s.shown.Volume, Muted: s.shown.Muted}
	for _, x := range s.shown.Playing {
		switch {
		case x.Priority == play.Media && x.Paused:
			p.Paused = true
		case x.Priority == play.Media:
			p.Playing = true
		case x.Priority >= play.Answer:
			p.Announcing = true
		}
	}
	return p
}

// same tells whether a player shows the same as before, apart from what is counted.
func (s PlayerShown) same(o PlayerShown) bool {
	return s.Speaker == o.Speaker && s.Identity == o.Identity && s.Cause == o.Cause && s.Volume == o.Volume && s.Muted == o.Muted && slices.Equal(s.Playing, o.Playing)
}
