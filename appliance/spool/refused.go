package spool

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"orac/appliance/audio/wav"
	"orac/appliance/rt"
	"orac/appliance/utterance"
)

// RefusedDir is the folder, below the state directory, of utterances that were set aside.
const RefusedDir = dir + "/refused"

// mostRefused is how many refused utterances are kept: 48 MB at most.
const mostRefused = 100

// Aside is an utterance that was set aside.
type Aside struct {
	utterance.Meta           // only the ID, if its .json cannot be read
	Refused        []Refusal `json:"refused"`
	At             time.Time `json:"aside"` // when it was set aside
}

// ErrUnknown is the error for an ID that names no utterance of the spool.
var ErrUnknown = errors.New("the spool has no such utterance")

// ErrNoService means that no service could accept a retry: the services that refused the utterance have left the runbook, or its
// .json is gone.
var ErrNoService = errors.New("no service is left that could accept it")

// refusers are the services that refused the utterance.
func (e *Entry) refusers() string {
	var names []string
	for _, r := range e.refused {
		names = append(names, r.STT)
	}
	return strings.Join(names, ", ")
}

// keepAside writes the sound of a refused utterance, and what is known of it, where people find it. The .json comes first, so
// that everything with a .wav can be tried again.
func (s *Spool) keepAside(t *rt.Task, e *Entry, pcm []int16) (name string, err error) {
	if err := s.fs.MkdirAll(t, RefusedDir); err != nil {
		return "", err
	}
	if err := s.pruneRefused(t); err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := wav.Encode(&b, pcm); err != nil {
		return "", err
	}
	about, err := json.Marshal(Aside{Meta: e.Meta, Refused: e.refused, At: t.Wall()})
	if err != nil {
		panic("BUG: spool: refused: " + err.Error())
	}
	if err := rt.WriteFile(t, s.fs, RefusedDir, e.Meta.ID+".json", about); err != nil {
		return "", err
	}
	name = e.Meta.ID + ".wav"
	if err := rt.WriteFile(t, s.fs, RefusedDir, name, b.Bytes()); err != nil {
		return "", err
	}
	s.countRefused(t)
	return RefusedDir + "/" + name, nil
}

// pruneRefused makes room for one more, and deletes what an interrupted removal has left.
func (s *Spool) pruneRefused(t *rt.Task) error {
	ids, strays, err := s.refusedIDs(t)
	if err != nil {
		return err
	}
	for _, name := range strays {
		if err := s.fs.Remove(t, RefusedDir+"/"+name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for ; len(ids) >= mostRefused; ids = ids[1:] { // IDs begin with the time
		if err := s.removeRefused(t, ids[0]); err != nil {
			return err
		}
		s.report(Report{Entry: &Entry{Meta: utterance.Meta{ID: ids[0]}}, Dropped: true, Cause: "only the newest hundred refused utterances are kept"})
	}
	return nil
}

// refusedIDs are the utterances in the folder, oldest first, and the .json files without an
// utterance.
func (s *Spool) refusedIDs(t *rt.Task) (ids, strays []string, err error) {
	files, err := s.fs.ReadDir(t, RefusedDir, maxFiles)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for _, f := range files {
		if id, ok := strings.CutSuffix(f.Name, ".wav"); ok && !f.Dir {
			ids = append(ids, id)
		}
	}
	for _, f := range files {
		if id, ok := strings.CutSuffix(f.Name, ".json"); ok && !slices.Contains(ids, id) {
			strays = append(strays, f.Name)
		}
	}
	return ids, strays, nil
}

func (s *Spool) countRefused(t *rt.Task) {
	if ids, _, err := s.refusedIDs(t); err == nil { // otherwise the number stays as it was
		s.aside = len(ids)
	}
}

// removeRefused deletes a refused utterance: the sound first, so that what is left after a kill does not count.
func (s *Spool) removeRefused(t *rt.Task, id string) error {
	for _, suffix := range []string{".wav", ".json"} {
		if err := s.fs.Remove(t, RefusedDir+"/"+id+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	err := s.fs.SyncDir(t, RefusedDir)
	s.countRefused(t)
	return err
}

// Asides are the utterances that were set aside, oldest first.
func (s *Spool) Asides(t *rt.Task) ([]Aside, error) {
	ids, _, err := s.refusedIDs(t)
	if err != nil {
		return nil, err
	}
	list := make([]Aside, 0, len(ids))
	for _, id := range ids {
		list = append(list, s.about(t, id))
	}
	return list, nil
}

// about reads what is known of a refused utterance.
func (s *Spool) about(t *rt.Task, id string) Aside {
	var a Aside
	b, err := s.fs.ReadFile(t, RefusedDir+"/"+id+".json", maxMeta)
	if err != nil || json.Unmarshal(b, &a) != nil || a.ID != id {
		return Aside{Meta: utterance.Meta{ID: id}}
	}
	return a
}

// asideSound is the sound of a refused utterance.
func (s *Spool) asideSound(t *rt.Task, id string) ([]int16, error) {
	if !utterance.IsID(id) { // it becomes the name of a file
		return nil, ErrUnknown
	}
	b, err := s.fs.ReadFile(t, RefusedDir+"/"+id+".wav", maxBytes+maxMeta)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	pcm, _, err := wav.Decode(b)
	return pcm, err
}

// Again puts an utterance that was set aside at the end of the queue, for those of the services that refused it. It leaves the
// folder once it is safely in the queue; a kill between the two leaves it in both.
func (s *Spool) Again(t *rt.Task, id string, services []string) error {
	pcm, err := s.asideSound(t, id)
	if err != nil {
		return err
	}
	a := s.about(t, id)
	a.Deliver = nil
	for _, r := range a.Refused {
		if slices.Contains(services, r.STT) {
			a.Deliver = append(a.Deliver, r.STT)
		}
	}
	if len(a.Deliver) == 0 {
		return ErrNoService
	}
	if slices.ContainsFunc(s.entries, func(e *Entry) bool { return e.Meta.ID == id }) { // a kill has left it in both places
		return s.removeRefused(t, id)
	}
	a.Samples = len(pcm)
	e := &Entry{Seq: s.next, Meta: a.Meta, pcm: pcm, bytes: int64(len(pcm)) * 2}
	s.next++
	if err := s.store(t, e); err != nil {
		return errors.Join(fmt.Errorf("it stays where it is: %w", err), s.remove(t, e))
	}
	e.pcm = nil
	s.entries = append(s.entries, e)
	return s.removeRefused(t, id)
}

// Drop deletes an utterance that waits, or that was set aside. One that is being recorded cannot be dropped.
func (s *Spool) Drop(t *rt.Task, id string) error {
	for _, e := range s.entries {
		if e.Meta.ID == id && !e.recording {
			s.dropped++
			s.report(Report{Entry: e, Dropped: true, Cause: "a person dropped it"})
			s.forget(t, e)
			return nil
		}
	}
	if _, err := s.asideSound(t, id); errors.Is(err, ErrUnknown) { // a damaged one can still be dropped
		return err
	}
	return s.removeRefused(t, id)
}

// Sound is the sound of an utterance that waits or was set aside.
func (s *Spool) Sound(t *rt.Task, id string) ([]int16, error) {
	for _, e := range s.entries {
		if e.Meta.ID == id && !e.recording {
			return s.Audio(t, e)
		}
	}
	return s.asideSound(t, id)
}

// Entries are the utterances that wait, or are being recorded, oldest first. The caller must not change them.
func (s *Spool) Entries() []*Entry { return s.entries }

// Pending are the services that have not answered yet.
func (e *Entry) Pending() []string { return e.pending() }
