package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"orac/appliance/rt"
	"orac/appliance/utterance"
)

// room makes sure that n bytes can be written: it drops the oldest complete utterances until they fit into the budget. It
// does not empty a file system that is nearly full for other reasons: then the disk counts as refusing.
func (s *Spool) room(t *rt.Task, n int64) error {
	if s.unread { // the number may already be in use there
		return s.diskErr
	}
	for s.Stats().DiskBytes+n > s.limits.Disk {
		if !s.dropOldest(t, func(e *Entry) bool { return e.onDisk }, "the spool is full: disk.spool is reached") {
			break
		}
	}
	free, err := s.fs.Free(t)
	if err != nil {
		return err
	}
	if free-n < s.limits.KeepFree {
		return fmt.Errorf("%w: %d KiB are free, and disk.keep_free asks for %d KiB; make room", errNoRoom, free>>10, s.limits.KeepFree>>10)
	}
	return nil
}

// shrink keeps what waits in memory within its bound.
func (s *Spool) shrink(t *rt.Task) {
	for s.Stats().MemoryBytes > s.limits.Memory {
		inMemory := func(e *Entry) bool { return !e.onDisk && !e.recording }
		if !s.dropOldest(t, inMemory, "the disk refuses writes and memory is full: disk.memory_spool is reached") {
			return
		}
	}
}

func (s *Spool) dropOldest(t *rt.Task, which func(*Entry) bool, cause string) bool {
	for _, e := range s.entries {
		if !e.recording && which(e) {
			s.dropped++
			s.report(Report{Entry: e, Dropped: true, Cause: cause})
			s.forget(t, e)
			return true
		}
	}
	return false
}

// leave removes an utterance that all services have answered. A refused one is set aside first. While the disk does not accept
// that, it stays in its place, within the bounds of all that waits, and Retry tries again: the error says why.
func (s *Spool) leave(t *rt.Task, e *Entry) error {
	if len(e.refused) == 0 {
		s.keep(t, e)
		s.forget(t, e)
		return nil
	}
	pcm, err := s.Audio(t, e)
	if err != nil { // what cannot be read now is kept for people, too
		e.damaged = true
		s.report(Report{Entry: e, Where: "damaged", Cause: fmt.Sprintf("%s refused it, and it could not be set aside: %v", e.refusers(), err)})
		s.forget(t, e)
		return nil
	}
	name, err := s.keepAside(t, e, pcm)
	if err != nil {
		s.stays(t, e, err)
		return err
	}
	s.report(Report{Entry: e, Where: name, Cause: fmt.Sprintf("%s refused it; its sound is kept", e.refusers())})
	s.forget(t, e)
	return nil
}

// stays keeps a refused utterance that cannot be set aside now. That is reported once.
func (s *Spool) stays(t *rt.Task, e *Entry, err error) {
	s.diskErr = err
	if e.onDisk { // after a kill, nobody is given it again
		s.noteAnswers(t, e)
	}
	if e.stays {
		return
	}
	e.stays = true
	where := "memory"
	if e.onDisk {
		where = "disk"
	}
	s.report(Report{Entry: e, Where: where, Cause: fmt.Sprintf("%s refused it, and it is set aside as soon as the disk accepts it: %v", e.refusers(), err)})
}

// forget removes an utterance from the spool. Files that the disk does not delete now are remembered: left there, they would
// become an utterance again after the next start, and be delivered once more.
func (s *Spool) forget(t *rt.Task, e *Entry) {
	if err := s.remove(t, e); err != nil {
		s.remains = append(s.remains, e)
		s.diskErr = err
	}
	for i, x := range s.entries {
		if x == e {
			s.entries = append(s.entries[:i:i], s.entries[i+1:]...)
			break
		}
	}
	e.pcm = nil
}

// remove deletes an utterance's files: the sound first, so that after a kill the rest no longer counts as an utterance. Sound
// that could not be read is moved to spool/damaged.
func (s *Spool) remove(t *rt.Task, e *Entry) error {
	if e.damaged {
		if err := s.fs.MkdirAll(t, damaged); err != nil {
			return err
		}
		if err := s.fs.Rename(t, e.path(".pcm"), damaged+"/"+path.Base(e.path(".pcm"))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	names := []string{e.path(".pcm"), e.path(".part"), e.path(".json")}
	for _, stt := range e.answered {
		names = append(names, e.donePath(stt))
	}
	for _, name := range names { // in this order: an answer stays for as long as the sound does
		if err := s.fs.Remove(t, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return s.fs.SyncDir(t, dir)
}

// sweep deletes the files of utterances that left while the disk did not delete them.
func (s *Spool) sweep(t *rt.Task) error {
	for len(s.remains) > 0 {
		if err := s.remove(t, s.remains[0]); err != nil {
			return err
		}
		s.remains = s.remains[1:]
	}
	return nil
}

// path is the name of one of an utterance's files.
func (e *Entry) path(suffix string) string { return fileName(e.Seq) + suffix }

func (e *Entry) donePath(stt string) string { return e.path("." + stt + doneSuffix) }

func fileName(seq utterance.Seq) string { return fmt.Sprintf("%s/%016d", dir, seq) }
