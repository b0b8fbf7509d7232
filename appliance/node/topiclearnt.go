package node

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/rt"
)

// learnt are answers of a language model that proved right. One counts for the vocabulary that it was made with alone, in the area in
// which it was said, and for a time: "too dark in here" is about another lamp elsewhere.
type learnt struct {
	fs      rt.FS
	dir     string
	entries []act.LearntAnswer // the one that was used last is last
}

const (
	learntFile = "learnt.json"
	mostLearnt = 500
	maxLearnt  = 4 << 20
)

func (l *learnt) open(t *rt.Task, fsys rt.FS, dir string) {
	l.fs, l.dir = fsys, dir
	text, err := fsys.ReadFile(t, dir+"/"+learntFile, maxLearnt)
	if err != nil {
		return
	}
	if json.Unmarshal(text, &l.entries) != nil {
		l.entries = nil
		_ = fsys.Rename(t, dir+"/"+learntFile, dir+"/damaged/"+learntFile)
	}
	l.entries = l.entries[max(0, len(l.entries)-mostLearnt):]
}

// sameText is what texts that mean the same for the cache share.
func sameText(text string) string {
	return strings.ToLower(strings.Join(strings.Fields(strings.Trim(text, " .!?")), " "))
}

// find returns what was learnt of a text that was said in an area, for a version of the vocabulary.
func (l *learnt) find(now time.Time, text, area, version string) ([]act.Command, bool) {
	key := sameText(text)
	i := slices.IndexFunc(l.entries, func(a act.LearntAnswer) bool { return a.Text == key && a.Area == area })
	if i < 0 || version == "" || l.entries[i].Version != version || now.After(l.entries[i].Expires) {
		return nil, false
	}
	a := l.entries[i]
	a.Hits++
	a.Used = now
	l.entries = append(slices.Delete(l.entries, i, i+1), a)
	return a.Commands, true
}

// add learns an answer. If the disk refuses, it is known until the process ends.
func (l *learnt) add(t *rt.Task, a act.LearntAnswer, now time.Time, keep time.Duration) {
	a.Text, a.Made, a.Used, a.Expires = sameText(a.Text), now, now, now.Add(keep)
	l.entries = slices.DeleteFunc(l.entries, func(o act.LearntAnswer) bool { return o.Text == a.Text && o.Area == a.Area })
	l.entries = append(l.entries, a)
	l.entries = l.entries[max(0, len(l.entries)-mostLearnt):]
	l.save(t)
}

// forget removes the entries of a text, wherever it was said, or all if it is "", and returns how many.
func (l *learnt) forget(t *rt.Task, text string) int {
	before := len(l.entries)
	key := sameText(text)
	l.entries = slices.DeleteFunc(l.entries, func(a act.LearntAnswer) bool { return text == "" || a.Text == key })
	if len(l.entries) != before {
		l.save(t)
	}
	return before - len(l.entries)
}

// expire removes what counts no more.
func (l *learnt) expire(t *rt.Task, now time.Time) {
	before := len(l.entries)
	l.entries = slices.DeleteFunc(l.entries, func(a act.LearntAnswer) bool { return now.After(a.Expires) })
	if len(l.entries) != before {
		l.save(t)
	}
}

func (l *learnt) save(t *rt.Task) {
	text, err := json.Marshal(l.entries)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	if err := rt.WriteFile(t, l.fs, l.dir, learntFile, text); err != nil {
		t.Trace("learnt answers not written")
	}
}

func (l *learnt) list() []act.LearntAnswer { return slices.Clone(l.entries) }
