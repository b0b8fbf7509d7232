package node

import (
	"orac/appliance/play"
	"orac/appliance/rt"
)

// PlayAsk is what may be asked of a Player: a Play, a StopPlay, a PausePlay, a SetVolume or a SetMuted.
type PlayAsk interface{ playAsk() }

// Play asks for a sound. Told, if there is one, gets that it begins to be heard (unless it never is) and that it has ended, always: it needs
// room for both.
type Play struct {
	play.Request
	Told *rt.Mailbox[play.Told]
}

// StopPlay ends the sound of an ID, or if there is none those of a priority, or if there is none all.
type StopPlay struct {
	ID       string
	Priority play.Priority
	Cause    play.Cause // "": play.Stopped
}

// PausePlay lets the media of an ID wait where it is, or go on.
type PausePlay struct {
	ID     string
	Paused bool
}

// SetVolume sets the volume of the speaker, 0 to 1. It lasts over restarts, until the runbook names another one.
type SetVolume struct{ Volume float64 }

// SetMuted has the speaker play everything without a sound, and lasts over restarts, too.
type SetMuted struct{ Muted bool }

func (Play) playAsk()      {}
func (StopPlay) playAsk()  {}
func (PausePlay) playAsk() {}
func (SetVolume) playAsk() {}
func (SetMuted) playAsk()  {}

// PlayerShown is the state of a Player for people, and for whoever shows a media player.
type PlayerShown struct {
	Speaker  string
	Identity string // of the open device; "" while there is none
	Cause    string // why there is none
	Volume   float64
	Muted    bool
	Playing  []PlayingShown // that are heard or wait, in the order in which they were asked for
	Played   uint64         // sounds that were heard to their end, since the start
	Failed   uint64
	Opens    int
}

// PlayingShown is a sound of a Player.
type PlayingShown struct {
	ID, What string
	Priority play.Priority
	Begun    bool
	Paused   bool
}
