package spool

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"time"

	"orac/appliance/audio/wav"
	"orac/appliance/rt"
)

// KeptDir is the folder, below the state directory, of the sounds that are kept after their delivery: ID.wav.
const KeptDir = "audio"

// keep keeps the sound of an utterance that all have answered, if that is wanted. It is a copy for people: a disk that does not
// take it is told of, and nothing else.
func (s *Spool) keep(t *rt.Task, e *Entry) {
	if s.limits.Audio <= 0 {
		return
	}
	err := s.writeKept(t, e)
	if err != nil {
		s.report(Report{Entry: e, Where: "nowhere", Cause: "it was delivered, and its sound could not be kept: " + err.Error()})
	}
}

func (s *Spool) writeKept(t *rt.Task, e *Entry) error {
	pcm, err := s.Audio(t, e)
	if err != nil {
		return err
	}
	if err := s.fs.MkdirAll(t, KeptDir); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := wav.Encode(&b, pcm); err != nil {
		return err
	}
	if free, err := s.fs.Free(t); err != nil || free-int64(b.Len()) < s.limits.KeepFree {
		return errors.Join(errNoRoom, err)
	}
	if err := s.pruneKept(t, int64(b.Len())); err != nil {
		return err
	}
	return rt.WriteFile(t, s.fs, KeptDir, e.Meta.ID+".wav", b.Bytes())
}

// Keeps tells whether sounds are kept after their delivery.
func (s *Spool) Keeps() bool { return s.limits.Audio > 0 }

// Prune removes kept sounds that are too old or, the oldest first, too many; all, if none are to be kept.
func (s *Spool) Prune(t *rt.Task) error { return s.pruneKept(t, 0) }

// pruneKept makes room for so many bytes more.
func (s *Spool) pruneKept(t *rt.Task, room int64) error {
	files, err := s.fs.ReadDir(t, KeptDir, maxFiles)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	total, before := room, t.Wall().Add(-s.limits.Retention)
	for _, f := range files {
		total += f.Size
	}
	for _, f := range files { // in order of name, which begins with the time
		at, dated := recorded(f.Name)
		if total <= s.limits.Audio && !(dated && at.Before(before)) {
			continue
		}
		if err := s.fs.Remove(t, KeptDir+"/"+f.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		total -= f.Size
	}
	return nil
}

// recorded is when an utterance was recorded, by the name of its file.
func recorded(name string) (time.Time, bool) {
	stamp, _, _ := strings.Cut(name, "-")
	at, err := time.Parse("20060102T150405.000", stamp)
	return at, err == nil
}
