// Package spool keeps utterances until every service that should receive them has answered.
//
// It guarantees, on any file system that keeps what it has synced:
//
//   - An utterance whose recording has ended survives a kill or a power loss at any moment until all its answers are in.
//   - What had been recorded of an unfinished one survives a kill, and becomes a complete utterance at the next Open.
//   - Before a service can have a whole utterance, the disk notes that it may, until it has answered (Sent).
//   - A service that has answered is never given the utterance again, from the moment the answer is on disk.
//   - Utterances are handed out in the order in which they were recorded.
//   - While the disk refuses, utterances stay in memory up to a bound, and move to the disk when it accepts them again. So do those
//     that are to be set aside.
//   - When there is no room, the oldest utterance is dropped, and every drop is reported.
//
// On disk an utterance is a few files in one folder, named by its number:
//
//	0000000000000007.json       what is known of it (written first, and again when its recording ends)
//	0000000000000007.part       16 kHz mono int16 little-endian, being recorded
//	0000000000000007.pcm        the same, complete
//	0000000000000007.whisper.done   the service whisper has answered
//	refused/ID.wav              a service would not take it, and it is kept for people; the newest hundred
//	refused/ID.json             what is known of it, by whom it was refused, and why
//	../audio/ID.wav             it was delivered, and its sound is kept as the runbook says
//
// The file system is that of the runtime seam; a Spool is used by one task.
package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"orac/appliance/audio"
	"orac/appliance/provenclock"
	"orac/appliance/rt"
	"orac/appliance/utterance"
)

// Limits bound what a spool may hold.
type Limits struct {
	Disk     int64 // bytes of sound on disk
	KeepFree int64 // bytes that stay free on the file system
	Memory   int64 // bytes of complete utterances in memory while the disk refuses

	Audio     int64         // bytes of sound that is kept after its delivery; 0: no sound is kept
	Retention time.Duration // for how long
}

// dir is the spool's folder below the state directory.
const dir = "spool"

// damaged is the folder for files that could not be read, for people.
const damaged = dir + "/damaged"

// Entry is an utterance in the spool.
type Entry struct {
	Seq  utterance.Seq
	Meta utterance.Meta

	recording bool
	pcm       []int16 // the sound, while it is recorded or the disk refuses it
	file      rt.File // open while it is recorded on disk
	onDisk    bool    // the complete sound is on disk
	bytes     int64   // size of the sound
	answered  []string
	unwritten []string   // answers that are not on disk yet
	refused   []Refusal  // by services that reject it: its sound is kept as a file
	ended     rt.Instant // when its recording ended; 0 if that was before this process began
	unsaid    bool       // what is known of it has changed and is not on disk yet
	stays     bool       // it was refused, and the disk does not let it be set aside
	damaged   bool       // its sound could not be read when it was to leave: it is set aside as it is
}

// Refusal is why a service rejects an utterance.
type Refusal struct {
	STT   string `json:"stt"`
	Cause string `json:"cause,omitempty"`
}

// Recording tells whether the utterance is still being recorded.
func (e *Entry) Recording() bool { return e.recording }

// Ended is when the recording ended, by a clock that does not jump; 0 if it continues, or ended before this process
// began.
func (e *Entry) Ended() rt.Instant { return e.ended }

// Awaits tells whether the service has not answered yet.
func (e *Entry) Awaits(stt string) bool {
	return slices.Contains(e.Meta.Deliver, stt) && !slices.Contains(e.answered, stt)
}

// Report is something that happened to an utterance and that should be reported.
type Report struct {
	Entry     *Entry
	Dropped   bool   // it is lost …
	Cancelled bool   // … because somebody wanted it so …
	Cut       bool   // … or was found unfinished …
	Where     string // … or is now kept here: disk, memory, damaged, the name of a file
	Cause     string
}

// Spool is the set of utterances that are still needed.
type Spool struct {
	fs      rt.FS
	limits  Limits
	entries []*Entry // in order of Seq
	next    utterance.Seq
	unread  bool  // what is on disk is not known yet
	reads   int   // how often that was tried
	diskErr error // why the disk last refused; nil while it accepts writes
	reports []Report
	dropped int
	aside   int      // utterances in refused/, as last seen
	remains []*Entry // utterances that have left, and whose files the disk did not delete

	ages        provenclock.Ages // of kept sounds; nil until they were read
	agesChanged bool             // they have changed and are not on disk yet

	bytes []byte  // for encoding a hop
	sound []int16 // empty buffer for the next utterance
}

// Limit changes what the spool may hold, from now on.
func (s *Spool) Limit(l Limits) { s.limits = l }

// Begin adds an utterance whose recording starts.
func (s *Spool) Begin(t *rt.Task, m utterance.Meta) *Entry {
	e := &Entry{Seq: s.next, Meta: m, recording: true, pcm: s.sound}
	s.next, s.sound = s.next+1, nil
	s.entries = append(s.entries, e)
	if err := s.create(t, e); err != nil {
		s.refused(t, e, err)
	}
	return e
}

func (s *Spool) create(t *rt.Task, e *Entry) error {
	if err := s.room(t, audio.Rate*2*15); err != nil {
		return err
	}
	if err := s.writeMeta(t, e); err != nil {
		return err
	}
	f, err := s.fs.Create(t, e.path(".part"))
	if err != nil {
		return err
	}
	e.file = f
	return nil
}

// Append adds sound to an utterance that is being recorded.
func (s *Spool) Append(t *rt.Task, e *Entry, pcm []int16) {
	e.pcm = append(e.pcm, pcm...)
	e.bytes = int64(len(e.pcm)) * 2
	f := e.file
	if f == nil {
		return
	}
	e.file = nil // a panic in the write leaves a file without this sound: the end then writes everything from memory
	var err error
	s.bytes, err = write(f, pcm, s.bytes)
	e.file = f
	if err != nil {
		s.refused(t, e, err)
	}
}

// End completes an utterance: when it returns, the sound is safely on disk, or in memory because the disk refuses.
func (s *Spool) End(t *rt.Task, e *Entry, m utterance.Meta) {
	m.Samples = len(e.pcm)
	e.Meta, e.recording, e.ended = m, false, t.Now()
	if len(e.pending()) == 0 {
		if e.file != nil {
			_ = e.file.Close() // it is about to be removed
			e.file = nil
		}
		_ = s.leave(t, e) // if it cannot be set aside now, Retry does that
		s.shrink(t)
		return
	}
	var err error
	if e.file != nil {
		err = s.seal(t, e)
	} else { // the disk refused it while it was recorded, and may accept it now
		err = s.store(t, e)
	}
	if err != nil {
		s.refused(t, e, err)
	}
	if e.onDisk {
		if cap(e.pcm)*2 <= maxBytes {
			s.sound = e.pcm[:0]
		}
		e.pcm = nil
		s.noteAnswers(t, e) // of services that answered before the end
	}
	s.shrink(t)
}

// seal makes a recorded file the complete utterance.
func (s *Spool) seal(t *rt.Task, e *Entry) error {
	err := e.file.Sync()
	if cerr := e.file.Close(); err == nil {
		err = cerr
	}
	e.file = nil
	if err == nil {
		err = s.writeMeta(t, e)
	}
	if err == nil {
		err = s.fs.Rename(t, e.path(".part"), e.path(".pcm"))
	}
	if err == nil {
		err = s.fs.SyncDir(t, dir)
	}
	e.onDisk = err == nil
	return err
}

// refused keeps an utterance in memory after the disk has refused it.
func (s *Spool) refused(t *rt.Task, e *Entry, err error) {
	if e.file != nil {
		_ = e.file.Close() // what it holds is also in memory; after a kill it is better than nothing
		e.file = nil
	}
	e.onDisk = false
	s.diskErr = err
	s.report(Report{Entry: e, Where: "memory", Cause: err.Error()})
}

// Retry moves what waits in memory to the disk, oldest first, until the disk refuses again, and completes what a panic has
// interrupted. The caller decides when.
func (s *Spool) Retry(t *rt.Task) {
	if s.unread {
		if err := s.read(t); err != nil {
			s.diskErr = err
			return
		}
	}
	if err := s.sweep(t); err != nil {
		s.diskErr = err
		return
	}
	var stays error
	for _, e := range slices.Clone(s.entries) {
		if e.recording {
			continue // its end tries the disk again
		}
		if len(e.pending()) == 0 { // all services have answered, and it could not leave
			stays = errors.Join(stays, s.leave(t, e))
			continue
		}
		if !e.onDisk {
			if err := s.store(t, e); err != nil {
				s.diskErr = err
				return
			}
			e.pcm = nil
			s.report(Report{Entry: e, Where: "disk"})
		}
		if err := s.writeAnswers(t, e); err != nil {
			s.diskErr = err
			return
		}
		if err := s.writeSent(t, e); err != nil {
			s.diskErr = err
			return
		}
	}
	if len(s.remains) == 0 {
		s.diskErr = stays
	}
}

// store writes a whole utterance from memory.
func (s *Spool) store(t *rt.Task, e *Entry) error {
	if err := s.room(t, e.bytes); err != nil {
		return err
	}
	if err := s.writeMeta(t, e); err != nil {
		return err
	}
	if err := s.fs.Remove(t, e.path(".part")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := s.fs.Create(t, e.path(".part"))
	if err != nil {
		return err
	}
	e.file = f
	if _, err := write(f, e.pcm, nil); err != nil {
		_ = f.Close()
		e.file = nil
		return err
	}
	return s.seal(t, e)
}

// Audio is the complete sound of an utterance.
func (s *Spool) Audio(t *rt.Task, e *Entry) ([]int16, error) {
	if !e.onDisk {
		return slices.Clone(e.pcm), nil
	}
	b, err := s.fs.ReadFile(t, e.path(".pcm"), maxBytes)
	if err != nil {
		return nil, fmt.Errorf("spool: read %s: %w", e.Meta.ID, err)
	}
	return decode(b), nil
}

// Cancel removes an utterance while it is recorded: nobody gets it. The cause is reported.
func (s *Spool) Cancel(t *rt.Task, e *Entry, cause string) {
	if e.file != nil {
		_ = e.file.Close() // it is about to be removed
		e.file = nil
	}
	e.recording = false
	s.report(Report{Entry: e, Dropped: true, Cancelled: true, Cause: cause})
	s.forget(t, e)
}

// errNoRoom is the spool's own refusal.
var errNoRoom = errors.New("the disk is nearly full")
