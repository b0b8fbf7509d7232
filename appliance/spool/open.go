package spool

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"orac/appliance/audio"
	"orac/appliance/rt"
	"orac/appliance/utterance"
)

const (
	doneSuffix = ".done"
	// maxBytes is more than the longest utterance: 60 s.
	maxBytes = 60 * audio.Rate * 2
	// maxMeta is more than any meta file.
	maxMeta = 64 << 10
	// maxFiles bounds what Open looks at; the budget makes a spool far smaller.
	maxFiles = 200_000
	// maxReads is how often the spool is read before a file that the disk does not return is set aside: two minutes, at the
	// rate at which Retry is called.
	maxReads = 60
)

// Open reads the spool below the state directory, completes unfinished utterances, and deletes what an interrupted removal has
// left. A file that makes no sense is set aside in spool/damaged and reported, never deleted. A file that the disk does not
// return counts as such only after some minutes of asking. The error is that of the file system; the spool still works, in
// memory, and Retry tries the disk again.
func Open(t *rt.Task, fsys rt.FS, limits Limits) (*Spool, error) {
	s := &Spool{fs: fsys, limits: limits, next: 1, unread: true}
	if err := s.read(t); err != nil {
		s.diskErr = err
		// What is there is older than what comes now, and was counted from 1: milliseconds are higher.
		s.next = max(s.next, utterance.Seq(max(1, t.Wall().UnixMilli())))
		return s, err
	}
	return s, nil
}

// read reads what is on disk: all of it or, when the disk does not return a file, nothing, because younger utterances must
// wait.
func (s *Spool) read(t *rt.Task) error {
	if err := s.fs.MkdirAll(t, dir); err != nil {
		return fmt.Errorf("spool: make the folder: %w", err)
	}
	files, err := s.fs.ReadDir(t, dir, maxFiles)
	if err != nil {
		return fmt.Errorf("spool: read the folder: %w", err)
	}
	s.reads++
	found := map[utterance.Seq][]rt.FileInfo{}
	var order []utterance.Seq
	for _, f := range files {
		if f.Dir {
			continue
		}
		number, _, _ := strings.Cut(f.Name, ".")
		n, err := strconv.ParseUint(number, 10, 64)
		if err != nil || len(number) != 16 {
			s.setAside(t, f.Name, "its name is not that of an utterance")
			continue
		}
		seq := utterance.Seq(n)
		if found[seq] == nil {
			order = append(order, seq)
		}
		found[seq] = append(found[seq], f)
		s.next = max(s.next, seq+1)
	}
	slices.Sort(order)
	before := len(s.entries)
	for _, seq := range order {
		if err := s.adopt(t, seq, found[seq]); err != nil {
			s.entries = s.entries[:before]
			return fmt.Errorf("spool: read what waits: %w", err)
		}
	}
	s.unread = false
	s.countRefused(t)
	for _, e := range slices.Clone(s.entries[before:]) {
		if len(e.pending()) == 0 { // it was refused, and could not be set aside before the process ended
			_ = s.leave(t, e)
			continue
		}
		s.report(Report{Entry: e, Where: "disk", Cut: e.Meta.Why == utterance.Cut})
	}
	slices.SortFunc(s.entries, func(a, b *Entry) int { return cmp.Compare(a.Seq, b.Seq) }) // some may have come meanwhile
	return nil
}

// adopt adds one utterance's files to the spool. Its error is that of a disk that may return them later.
func (s *Spool) adopt(t *rt.Task, seq utterance.Seq, files []rt.FileInfo) error {
	later := func(err error) bool { return rt.Transient(err) && s.reads < maxReads }
	e := &Entry{Seq: seq}
	var part, meta bool
	for _, f := range files {
		_, suffix, _ := strings.Cut(f.Name, ".")
		switch {
		case suffix == "pcm":
			e.onDisk, e.bytes = true, f.Size
		case suffix == "part":
			part = true
			if !e.onDisk {
				e.bytes = f.Size
			}
		case suffix == "json":
			meta = true
		case strings.HasSuffix(suffix, doneSuffix):
			stt := strings.TrimSuffix(suffix, doneSuffix)
			e.answered = append(e.answered, stt)
			b, err := s.fs.ReadFile(t, dir+"/"+f.Name, maxMeta)
			if later(err) {
				return err
			}
			var said answer
			if err == nil && json.Unmarshal(b, &said) == nil && said.Refused {
				e.refused = append(e.refused, Refusal{STT: stt, Cause: said.Cause})
			}
		case strings.HasSuffix(suffix, rt.TempSuffix):
			_ = s.fs.Remove(t, dir+"/"+f.Name) // a write that a kill interrupted
		default:
			s.setAside(t, f.Name, "it is not a file of an utterance")
		}
	}
	if !e.onDisk && !part { // left by a kill in the middle of a removal, or before the recording began
		s.remove(t, e)
		return nil
	}
	if err := s.readMeta(t, e, meta); err != nil {
		if later(err) {
			return err
		}
		for _, f := range files {
			s.setAside(t, f.Name, err.Error())
		}
		return nil
	}
	if e.onDisk && len(e.pending()) == 0 && len(e.refused) == 0 {
		s.remove(t, e)
		return nil
	}
	if n := int(e.bytes / 2); !e.Meta.EndAt.IsZero() && n < e.Meta.Samples { // the rest was in memory only
		e.Meta.Samples, e.Meta.Why = n, utterance.Part
	}
	if !e.onDisk {
		if err := s.salvage(t, e); err != nil {
			if later(err) {
				return err
			}
			for _, f := range files {
				s.setAside(t, f.Name, "it cannot be read: "+err.Error())
			}
			return nil
		}
		if e.bytes == 0 { // nothing had been recorded
			s.remove(t, e)
			return nil
		}
	}
	s.entries = append(s.entries, e)
	return nil
}

func (e *Entry) pending() []string {
	return slices.DeleteFunc(slices.Clone(e.Meta.Deliver), func(stt string) bool { return slices.Contains(e.answered, stt) })
}

// salvage completes an utterance whose recording was cut, or whose completion was interrupted by a kill. The error is that
// of reading it.
func (s *Spool) salvage(t *rt.Task, e *Entry) error {
	b, err := s.fs.ReadFile(t, e.path(".part"), maxBytes)
	if err != nil {
		return err
	}
	e.bytes = int64(len(b)) &^ 1
	if e.bytes == 0 {
		return nil
	}
	if e.Meta.EndAt.IsZero() {
		e.Meta.Samples = int(e.bytes / 2)
		e.Meta.EndAt = e.Meta.WakeAt.Add(audio.Time(max(0, e.Meta.Samples-e.Meta.PreRoll)))
		e.Meta.Why = utterance.Cut
	}
	err = s.writeMeta(t, e)
	if err == nil { // written anew: what a killed process left was never synced, and a power loss would take it
		err = rt.WriteFile(t, s.fs, dir, path.Base(e.path(".pcm")), b[:e.bytes])
	}
	if err == nil {
		err = s.fs.Remove(t, e.path(".part"))
	}
	if err != nil { // a disk that refuses, or is read-only: continue from memory
		s.diskErr = err
		e.pcm = decode(b)
		if e.Meta.Why == utterance.Cut { // it may have refused before the kill, too: then nothing says whether this was answered
			e.Meta.Sent = slices.Clone(e.Meta.Deliver)
		}
		return nil
	}
	e.onDisk = true
	return nil
}

func (s *Spool) readMeta(t *rt.Task, e *Entry, there bool) error {
	if !there {
		return errors.New("its .json is missing")
	}
	b, err := s.fs.ReadFile(t, e.path(".json"), maxMeta)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &e.Meta); err != nil {
		return fmt.Errorf("its .json: %w", err)
	}
	if e.Meta.ID == "" || len(e.Meta.Deliver) == 0 {
		return errors.New("its .json names no utterance or no service")
	}
	if !utterance.IsID(e.Meta.ID) { // it becomes the name of a file
		return fmt.Errorf("its .json names the utterance %.40q, which is not a valid ID", e.Meta.ID)
	}
	return nil
}

func (s *Spool) setAside(t *rt.Task, name, cause string) {
	e := &Entry{Meta: utterance.Meta{ID: name}}
	err := s.fs.MkdirAll(t, damaged)
	if err == nil {
		err = s.fs.Rename(t, dir+"/"+name, damaged+"/"+name)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		cause += "; it could not be set aside: " + err.Error()
	}
	s.report(Report{Entry: e, Where: "damaged", Cause: cause})
}

func (s *Spool) writeMeta(t *rt.Task, e *Entry) error {
	b, err := json.Marshal(e.Meta)
	if err != nil {
		panic("BUG: spool: meta: " + err.Error())
	}
	err = rt.WriteFile(t, s.fs, dir, strings.TrimPrefix(e.path(".json"), dir+"/"), b)
	e.unsaid = e.unsaid && err != nil
	return err
}

// answer is what the .done file of a service says.
type answer struct {
	Refused bool   `json:"refused,omitempty"` // the service rejects the utterance
	Cause   string `json:"cause,omitempty"`
}

func (s *Spool) writeDone(t *rt.Task, e *Entry, stt string) error {
	var said answer
	if i := slices.IndexFunc(e.refused, func(r Refusal) bool { return r.STT == stt }); i >= 0 {
		said = answer{Refused: true, Cause: e.refused[i].Cause}
	}
	b, err := json.Marshal(said)
	if err != nil {
		panic("BUG: spool: answer: " + err.Error())
	}
	return rt.WriteFile(t, s.fs, dir, strings.TrimPrefix(e.donePath(stt), dir+"/"), append(b, '\n'))
}

// write writes sound with the help of a buffer, and returns the buffer for the next time.
func write(f rt.File, pcm []int16, b []byte) ([]byte, error) {
	b = encode(b[:0], pcm)
	_, err := f.Write(b)
	return b, err
}

// encode appends sound as 16 bit little-endian.
func encode(b []byte, pcm []int16) []byte {
	b = slices.Grow(b, 2*len(pcm))
	for ; len(pcm) >= 4; pcm = pcm[4:] { // four at a time: every recorded hop comes here
		p := (*[4]int16)(pcm)
		b = binary.LittleEndian.AppendUint64(b, uint64(uint16(p[0]))|uint64(uint16(p[1]))<<16|uint64(uint16(p[2]))<<32|uint64(uint16(p[3]))<<48)
	}
	for _, v := range pcm {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

func decode(b []byte) []int16 {
	pcm := make([]int16, len(b)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return pcm
}
