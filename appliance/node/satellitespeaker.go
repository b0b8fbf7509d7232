package node

import (
	"fmt"
	"maps"
	"slices"

	"orac/appliance/entity"
	"orac/appliance/play"
	"orac/appliance/rt"
)

// satelliteSpeaker is where the sounds of a satellite are heard. What Home Assistant sends goes to the player of the satellite's speaker;
// chimes are those of its listener, and its responder plays them. Nothing waits for either.
//
// It belongs to the node of the satellite, which opens it at the beginning of a run, selects told and the mailbox of the player's state, and
// gives what comes to over and look. Without a speaker each sound of the satellite is over at once, and was not heard. Its zero value is
// closed.
type satelliteSpeaker struct {
	satellite string // name of the block
	speaker   string // name of the block; "": there is none
	plays     *rt.Out[PlayAsk]
	cues      *rt.Out[Cue] // to the responder of the listener, if it has one

	// The fields below outlive an instance.
	shown PlayerShown
	lives int // instances so far: their sounds differ

	// The fields below are those of one run.
	told    *rt.Mailbox[play.Told]
	playing map[string]tone // the sounds that are not over, by their ID at the player
}

// tone is a sound of a satellite.
type tone struct {
	id string           // of the satellite
	to *rt.Out[PlayAsk] // the player that has it: an apply may lead plays to another
}

// mostTones is how many sounds of a satellite are played or wait: an announcement, an answer that it interrupts, media, and what replaces it.
const mostTones = 8

// open begins a run.
func (s *satelliteSpeaker) open(satellite string, plays *rt.Out[PlayAsk], cues *rt.Out[Cue]) {
	s.lives++
	s.satellite, s.plays, s.cues = satellite, plays, cues
	s.told, s.playing = rt.NewMailbox[play.Told]("played for "+satellite, 4*mostTones), map[string]tone{}
}

// close ends what is still played.
func (s *satelliteSpeaker) close(t *rt.Task) {
	s.silence(t, "", play.Stopped)
	s.playing = nil
}

// speaks tells whether there is a speaker.
func (s *satelliteSpeaker) speaks() bool { return s.speaker != "" }

// play plays a sound of the satellite under its ID. of is the ID of the command that it answers; "" for none. false: nobody will hear it,
// and nothing more is told of it.
func (s *satelliteSpeaker) play(t *rt.Task, id string, p play.Priority, from play.Source, of string) bool {
	if !s.speaks() || len(s.playing) >= mostTones {
		return false
	}
	at := fmt.Sprintf("%s %d %s", s.satellite, s.lives, id)
	x := tone{id, rt.NewOut(s.plays.Boxes()...)}
	s.playing[at] = x
	what := "what Home Assistant plays"
	if p != play.Media {
		what = "an " + p.String() + " of Home Assistant"
	}
	x.to.Push(t, Play{Request: play.Request{ID: at, Of: of, Priority: p, Source: from, What: what}, Told: s.told})
	return true
}

// over takes what a player tells. ended: the sound of the satellite with that ID is over; heard: to its end.
func (s *satelliteSpeaker) over(x play.Told) (id string, ended, heard bool) {
	of, known := s.playing[x.ID]
	if !known {
		return "", false, false
	}
	if x.Ended {
		delete(s.playing, x.ID)
	}
	return of.id, x.Ended, x.Cause == play.Done
}

// move takes the name of the speaker. If it is another than before, it ends the sounds there, and returns them.
func (s *satelliteSpeaker) move(t *rt.Task, speaker string) (over []string) {
	if speaker != s.speaker {
		for _, at := range slices.Sorted(maps.Keys(s.playing)) {
			over = append(over, s.playing[at].id)
		}
		s.silence(t, "", play.Stopped)
		s.speaker, s.shown = speaker, PlayerShown{}
	}
	return over
}

// silence ends a sound of the satellite; without an ID, all of them. Nothing more is told of it.
func (s *satelliteSpeaker) silence(t *rt.Task, id string, why play.Cause) {
	for _, at := range slices.Sorted(maps.Keys(s.playing)) {
		if x := s.playing[at]; id == "" || x.id == id {
			x.to.Push(t, StopPlay{ID: at, Cause: why})
			delete(s.playing, at)
		}
	}
}

// pause lets a sound of the satellite wait, or go on.
func (s *satelliteSpeaker) pause(t *rt.Task, id string, on bool) {
	for _, at := range slices.Sorted(maps.Keys(s.playing)) {
		if x := s.playing[at]; x.id == id {
			x.to.Push(t, PausePlay{ID: at, Paused: on})
		}
	}
}

// cue lets people hear a chime of the listener, or has it be quiet.
func (s *satelliteSpeaker) cue(t *rt.Task, c Cue) { s.cues.Push(t, c) }

// look takes how the player is.
func (s *satelliteSpeaker) look(p PlayerShown) { s.shown = p }

// player is how the speaker is, as a media player shows it.
func (s *satelliteSpeaker) player() entity.Player {
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
