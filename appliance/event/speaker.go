package event

// speakers tell what becomes of loudspeakers, and of what they play.
var speakers = []Kind{
	kind("A speaker was opened: sounds can be heard.", Kind{Sign: Renewed, about: itself},
		func(b SpeakerOpened) Words { return fine("speaker", usual("%s  ", b.Speaker), faint("%s", b.Identity)) }),
	kind("A speaker plays nothing until the next `speaker_opened`. What it was playing goes on then, unless that takes more than 10 s.", Kind{about: itself},
		func(b SpeakerLost) Words {
			return failure("speechless", usual("%s: %s; trying again %s", b.Speaker, b.Cause, b.Retry))
		}),
	kind("A sound has ended: it was heard to its end, or somebody or something ended it before.", Kind{},
		SoundPlayed.words),
}

// SpeakerOpened: a speaker was opened.
type SpeakerOpened struct {
	Speaker  string `json:"speaker"`
	Identity string `json:"identity"`
	Opens    int    `json:"opens"` // how often it was opened since the start
}

func (SpeakerOpened) Kind() string { return "speaker_opened" }

func (b SpeakerOpened) told() Told { return opened("speaker", b.Identity, b.Opens) }

// SpeakerLost: a speaker plays nothing until the next SpeakerOpened. What it was playing goes on then, unless that takes too long.
type SpeakerLost struct {
	Speaker string `json:"speaker"`
	Cause   string `json:"cause"`
	Retry   string `json:"retry"` // when the next try is made
	// Evidence is what was known of its process before that was ended by force.
	Evidence string `json:"evidence,omitempty"`
}

func (SpeakerLost) Kind() string { return "speaker_lost" }

func (b SpeakerLost) told() Told { return lost(b.Cause, b.Retry, b.Evidence) }

// SoundPlayed: a sound has ended.
type SoundPlayed struct {
	Speaker  string  `json:"speaker"`
	ID       string  `json:"id"`
	Command  string  `json:"command,omitempty"` // the ID of the wake word or the utterance that it answers
	Priority string  `json:"priority"`          // media, chime, answer or announcement
	What     string  `json:"what,omitempty"`
	Waited   float64 `json:"waited"`  // seconds from when it was asked for until it began to be heard, or ended unheard
	Seconds  float64 `json:"seconds"` // of it, that were heard
	Cause    string  `json:"cause"`   // done, stopped, barge-in, replaced, late or failed
	Error    string  `json:"error,omitempty"`
}

func (SoundPlayed) Kind() string { return "sound_played" }

func (b SoundPlayed) words() Words {
	what := b.What
	if what == "" {
		what = b.ID
	}
	switch b.Cause {
	case "failed":
		return warning("not played", usual("%s at %s: %s", what, b.Speaker, b.Error))
	case "late":
		return warning("not played", usual("%s at %s: its turn did not come in time", what, b.Speaker))
	case "done":
		return detail("played", usual("%s at %s, %.1f s", what, b.Speaker, b.Seconds))
	}
	return plain("played", usual("%s at %s, %.1f s: %s", what, b.Speaker, b.Seconds, b.Cause))
}
