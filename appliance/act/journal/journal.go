// Package journal remembers on the disk what was asked, what is being called, and what came of it, so that a request is acted on once.
//
// It guarantees, on any file system that keeps what it has synced:
//
//   - An entry that Save has written survives a kill or a power loss, as a whole or as it was before.
//   - A request of which a call may have gone out is never forgotten before Limits say so: who opens the journal after a kill finds it
//     as Unfinished, with the call that was under way.
//   - Entries are bounded by number and age. The oldest goes first.
//   - A file that cannot be read is set aside for people; its ID stays known, over restarts too.
//
// On disk each topic has a folder, and each request a file in it:
//
//	acts/TOPIC/0000000000000007.HASH.3600.json        what came of it; the state directory was 3600 s old (package provenclock)
//	acts/TOPIC/0000000000000008.HASH.3610.begun.json  a call may be under way
//	acts/TOPIC/damaged/                               for people
//
// A Journal is used by one task.
package journal

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/provenclock"
	"orac/appliance/rt"
)

// Limits of a journal.
const (
	Most      = 500                // requests that are remembered
	Keep      = 7 * 24 * time.Hour // how long
	maxEntry  = 512 << 10          // bytes of a file
	maxFiles  = 4 * Most
	mostFresh = 50 // whole entries in memory
)

// Entry is a request and what came of it so far.
type Entry struct {
	Seq     uint64
	Request act.Request
	Answer  act.Answer
	Done    bool
	// Calling is the number of calls of which the outcome is known or under way: while an entry is not Done, the last outcome is that
	// of a call that may have gone out.
	Calling int

	name string // of its file; "" if it has none
	age  int64
}

// Journal holds the entries of a topic.
type Journal struct {
	fs         rt.FS
	dir        string
	next       uint64
	index      []known // by seq
	fresh      []Entry // the newest, newest last
	unfinished []Entry
	unread     error // why the folder could not be read
	err        error // of the last write
	damaged    int
}

// known is an entry of which the file is on the disk.
type known struct {
	seq  uint64
	hash string
	age  int64 // seconds, or -1
	name string
}

// aside tells whether the file was set aside.
func (k known) aside() bool { return strings.HasPrefix(k.name, damagedDir+"/") }

const (
	root       = "acts"
	damagedDir = "damaged"
	begunMark  = ".begun"
	suffix     = ".json"
)

// Open reads the folder of a topic. If the disk does not return it, Err says why, and Retry asks again.
func Open(t *rt.Task, fsys rt.FS, topic string) *Journal {
	j := &Journal{fs: fsys, dir: root + "/" + topic, next: 1}
	j.Retry(t)
	return j
}

// Err is why the disk refuses; nil while it works.
func (j *Journal) Err() error {
	if j.unread != nil {
		return j.unread
	}
	return j.err
}

// Readable tells whether it is known what was asked before.
func (j *Journal) Readable() bool { return j.unread == nil }

// Damaged is how many files were set aside.
func (j *Journal) Damaged() int { return j.damaged }

// Len is how many requests are remembered.
func (j *Journal) Len() int { return len(j.index) }

// Retry reads the folder, if that has failed so far.
func (j *Journal) Retry(t *rt.Task) {
	if j.next > 1 && j.unread == nil {
		return
	}
	j.unread = j.read(t)
}

func (j *Journal) read(t *rt.Task) error {
	for _, dir := range []string{root, j.dir, j.dir + "/" + damagedDir} {
		if err := j.fs.MkdirAll(t, dir); err != nil {
			return err
		}
	}
	files, err := j.fs.ReadDir(t, j.dir, maxFiles)
	if err != nil {
		return err
	}
	aside, err := j.fs.ReadDir(t, j.dir+"/"+damagedDir, maxFiles)
	if err != nil {
		return err
	}
	j.damaged = len(aside)
	j.index, j.fresh, j.unfinished, j.next = nil, nil, nil, 1
	for _, f := range aside { // what came of them is not known; that they were asked is
		if k, _, ok := parseName(f.Name); ok && !f.Dir {
			k.name = damagedDir + "/" + f.Name
			j.index = append(j.index, k)
			j.next = max(j.next, k.seq+1)
		}
	}
	var begun []known
	for _, f := range files {
		k, isBegun, ok := parseName(f.Name)
		switch {
		case f.Dir:
		case strings.HasSuffix(f.Name, rt.TempSuffix): // a write that a kill interrupted
			_ = j.fs.Remove(t, j.dir+"/"+f.Name)
		case !ok: // it is not ours
		case isBegun:
			begun = append(begun, k)
			j.next = max(j.next, k.seq+1)
		default:
			j.index = append(j.index, k)
			j.next = max(j.next, k.seq+1)
		}
	}
	for _, k := range begun {
		if slices.ContainsFunc(j.index, func(o known) bool { return o.seq == k.seq && !o.aside() }) { // a kill came before it was removed
			_ = j.fs.Remove(t, j.dir+"/"+k.name)
			continue
		}
		e, err := j.load(t, k)
		if rt.Transient(err) {
			return err
		}
		if err == nil {
			j.unfinished = append(j.unfinished, e)
		} else {
			k.name = damagedDir + "/" + k.name
		}
		j.index = append(j.index, k)
	}
	slices.SortFunc(j.index, func(a, b known) int { return int(int64(a.seq) - int64(b.seq)) })
	for _, k := range j.index[max(0, len(j.index)-mostFresh):] {
		if k.aside() || slices.ContainsFunc(begun, func(b known) bool { return b.seq == k.seq }) {
			continue
		}
		if e, err := j.load(t, k); err == nil {
			j.fresh = append(j.fresh, e)
		}
	}
	j.next = max(j.next, 2)
	return nil
}

// parseName reads the name of a file.
func parseName(name string) (k known, begun, ok bool) {
	rest, json := strings.CutSuffix(name, suffix)
	rest, begun = strings.CutSuffix(rest, begunMark)
	parts := strings.Split(rest, ".")
	if !json || len(parts) != 3 || len(parts[0]) != 16 || len(parts[1]) != 32 {
		return k, false, false
	}
	seq, err := strconv.ParseUint(parts[0], 10, 64)
	age, bad := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || bad != nil || seq == 0 || seq > 1<<53 || age < -1 {
		return k, false, false
	}
	return known{seq, parts[1], age, name}, begun, true
}

// load reads a file. One that makes no sense is set aside.
func (j *Journal) load(t *rt.Task, k known) (Entry, error) {
	var e Entry
	text, err := j.fs.ReadFile(t, j.dir+"/"+k.name, maxEntry)
	switch {
	case rt.Transient(err), errors.Is(err, fs.ErrNotExist):
		return Entry{}, err
	case err == nil: // otherwise it is too large
		e, err = decode(text)
	}
	if err == nil && (e.Seq != k.seq || hash(e.Request.ID) != k.hash) {
		err = errors.New("what the file says is not the request of its name")
	}
	if err != nil {
		if j.fs.Rename(t, j.dir+"/"+k.name, j.dir+"/"+damagedDir+"/"+k.name) == nil {
			j.damaged++
		}
		return Entry{}, err
	}
	e.name, e.age = k.name, k.age
	return e, nil
}

func decode(text []byte) (e Entry, err error) {
	err = json.Unmarshal(text, &e)
	if err == nil && (e.Calling < 0 || e.Calling > len(e.Answer.Outcomes)) {
		err = fmt.Errorf("it tells of %d calls, and has %d outcomes", e.Calling, len(e.Answer.Outcomes))
	}
	return e, err
}

// hash stands for an ID in the name of a file.
func hash(id string) string {
	sum := sha256.Sum256([]byte(id))
	return fmt.Sprintf("%x", sum[:16])
}

// Unfinished are the entries that an earlier process left in the middle of a call, once.
func (j *Journal) Unfinished() []Entry {
	list := j.unfinished
	j.unfinished = nil
	return list
}

// Find returns the answer to an ID. If its file can no longer be read, known is true and ok is false.
func (j *Journal) Find(t *rt.Task, id string) (a act.Answer, known, ok bool) {
	for i := range j.fresh {
		if e := &j.fresh[i]; e.Request.ID == id {
			return e.Answer, true, e.Done
		}
	}
	h := hash(id)
	for i := range j.index {
		k := &j.index[i]
		if k.hash != h {
			continue
		}
		if k.aside() {
			return a, true, false
		}
		e, err := j.load(t, *k)
		if err != nil && !rt.Transient(err) {
			k.name = damagedDir + "/" + k.name
		}
		return e.Answer, true, err == nil && e.Done
	}
	return a, false, false
}

// Begin makes an entry. Nothing is written yet. age is how old the state directory is; known tells whether that is known.
func (j *Journal) Begin(r act.Request, p provenclock.Point, known bool) Entry {
	age := int64(-1)
	if known {
		age = int64((p.Born + time.Second - 1) / time.Second)
	}
	e := Entry{Seq: j.next, Request: r, age: age}
	j.next++
	return e
}

// Save writes an entry. Its error says that it is not on the disk; it is then remembered by this process alone.
func (j *Journal) Save(t *rt.Task, e *Entry) error {
	if e.Done {
		j.remember(*e)
	}
	if j.unread != nil {
		return j.unread
	}
	begun := begunMark
	if e.Done {
		begun = ""
	}
	name := fmt.Sprintf("%016d.%s.%d%s%s", e.Seq, hash(e.Request.ID), e.age, begun, suffix)
	text, err := json.Marshal(e)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	if len(text) > maxEntry {
		if text, err = json.Marshal(e.brief()); err != nil {
			panic("BUG: " + err.Error())
		}
	}
	if j.err = rt.WriteFile(t, j.fs, j.dir, name, text); j.err != nil {
		return j.err
	}
	if e.name != "" && e.name != name {
		_ = j.fs.Remove(t, j.dir+"/"+e.name) // if it stays, the next start removes it
	}
	e.name = name
	k := known{e.Seq, hash(e.Request.ID), e.age, name}
	if i := slices.IndexFunc(j.index, func(o known) bool { return o.seq == e.Seq }); i >= 0 {
		j.index[i] = k
	} else {
		j.index = append(j.index, k)
	}
	for len(j.index) > Most {
		j.drop(t, 0)
	}
	return nil
}

// brief is an entry without the states of entities: they are what is large.
func (e Entry) brief() Entry {
	e.Answer = e.Answer.Brief()
	return e
}

func (j *Journal) remember(e Entry) {
	j.fresh = append(slices.DeleteFunc(j.fresh, func(o Entry) bool { return o.Seq == e.Seq }), e)
	j.fresh = j.fresh[max(0, len(j.fresh)-mostFresh):]
}

// drop removes the file of an entry. One that stays is dropped again later.
func (j *Journal) drop(t *rt.Task, i int) {
	if err := j.fs.Remove(t, j.dir+"/"+j.index[i].name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		j.err = err
	} else if j.index[i].aside() {
		j.damaged--
	}
	j.index = slices.Delete(j.index, i, i+1)
}

// Expire removes what is older than Keep. p is how old the state directory is.
func (j *Journal) Expire(t *rt.Task, p provenclock.Point) {
	now, born := int64(p.Age/time.Second), int64((p.Born+time.Second-1)/time.Second)
	for i := 0; i < len(j.index); {
		k := &j.index[i]
		if k.age < 0 || k.age > born { // first seen now, or the timeline went back
			k.age = born
		}
		if now-k.age < int64(Keep/time.Second) {
			i++
			continue
		}
		j.fresh = slices.DeleteFunc(j.fresh, func(e Entry) bool { return e.Seq == k.seq })
		j.drop(t, i)
	}
}

// Last are the newest entries that are done, the newest first.
func (j *Journal) Last() []Entry {
	list := slices.Clone(j.fresh)
	slices.Reverse(list)
	return list
}
