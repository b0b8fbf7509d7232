package spool

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"math"
	"slices"
	"time"

	"orac/appliance/audio/wav"
	"orac/appliance/provenclock"
	"orac/appliance/rt"
)

// KeptDir is the folder, below the state directory, of the sounds that are kept after their delivery: ID.wav.
const KeptDir = "audio"

// keep keeps the sound of an utterance that all services have answered, if that is wanted. It is a copy for people, so a disk
// that does not accept it is only reported.
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

// Prune removes kept sounds that are too old or, the oldest first, too many; all, if none are to be kept. p is how old the state
// directory is (package provenclock), and known tells whether that is known: if not, none is too old. A sound is as old as the
// first Prune that has seen it; the time in its name is one of the wall clock, and decides nothing.
func (s *Spool) Prune(t *rt.Task, p provenclock.Point, known bool) error {
	files, err := s.keptFiles(t)
	if err != nil || len(files) == 0 && len(s.ages) == 0 {
		return err
	}
	if known = known && s.readAges(t); known {
		var names []string
		for _, f := range files {
			names = append(names, f.Name)
		}
		if s.ages.See(p, names) {
			s.agesChanged = true
		}
	}
	files = slices.DeleteFunc(files, func(f rt.FileInfo) bool {
		if !known || !s.ages.Due(f.Name, p.Age, s.limits.Retention) {
			return false
		}
		removed := s.removeKept(t, f)
		err = errors.Join(err, removed)
		return removed == nil
	})
	if err == nil {
		err = s.fit(t, files, 0)
	}
	if s.agesChanged && err == nil {
		err = s.writeAges(t)
	}
	return err
}

// pruneKept makes room for that many more bytes.
func (s *Spool) pruneKept(t *rt.Task, room int64) error {
	files, err := s.keptFiles(t)
	if err != nil {
		return err
	}
	return s.fit(t, files, room)
}

func (s *Spool) keptFiles(t *rt.Task) ([]rt.FileInfo, error) {
	files, err := s.fs.ReadDir(t, KeptDir, maxFiles)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return files, err
}

// fit removes the oldest sounds until there is room for that many more bytes.
func (s *Spool) fit(t *rt.Task, files []rt.FileInfo, room int64) error {
	total := room
	for _, f := range files {
		total += f.Size
	}
	age := func(f rt.FileInfo) time.Duration {
		if at, seen := s.ages[f.Name]; seen {
			return at
		}
		return math.MaxInt64 // it came after the last look
	}
	slices.SortStableFunc(files, func(a, b rt.FileInfo) int { return cmp.Compare(age(a), age(b)) }) // at the same age: in order of name
	for _, f := range files {
		if total <= s.limits.Audio {
			return nil
		}
		if err := s.removeKept(t, f); err != nil {
			return err
		}
		total -= f.Size
	}
	return nil
}

func (s *Spool) removeKept(t *rt.Task, f rt.FileInfo) error {
	err := s.fs.Remove(t, KeptDir+"/"+f.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// agesFile holds the ages of kept sounds, in the folder of the clock.
const agesFile = "audio"

// readAges reads the ages of kept sounds, once, and tells whether they are known. If the file is missing or damaged, the sounds
// are seen anew.
func (s *Spool) readAges(t *rt.Task) bool {
	if s.ages != nil {
		return true
	}
	text, err := s.fs.ReadFile(t, provenclock.Dir+"/"+agesFile, provenclock.MaxAges)
	if err != nil && rt.Transient(err) {
		return false
	}
	s.ages = provenclock.ParseAges(text)
	return true
}

func (s *Spool) writeAges(t *rt.Task) error {
	if err := s.fs.MkdirAll(t, provenclock.Dir); err != nil {
		return err
	}
	if err := rt.WriteFile(t, s.fs, provenclock.Dir, agesFile, s.ages.Encode()); err != nil {
		return err
	}
	s.agesChanged = false
	return nil
}
