// Package incident remembers what went wrong, what was done about it, and how often components were restarted.
//
// Guarantees:
//
//   - While an incident of a component and cause is open it stays one incident, however often it is reported.
//   - Memory is bounded: the newest 200 incidents and restarts, each incident with 64 actions and 64 KiB of evidence. A closed
//     incident is removed before an open one.
//   - Nothing waits for a disk: records go to a mailbox, and the Keeper writes them, again and again until the disk accepts
//     them.
//   - Durations are measured in rt.Instant; a step of the time of day changes none.
//   - Methods may be called by any task, and those that only read from anywhere.
package incident

import (
	"slices"
	"sync"
	"time"

	"orac/appliance/record"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/utterance"
)

// Kept is the number of incidents, and of restarts, that are kept in memory.
const Kept = 200

// Record is something to keep on disk: an incident as it is now, or a restart.
type Record struct {
	Incident *status.Incident
	Restart  *record.Restart
}

// Log is the incidents and restarts of a process.
type Log struct {
	out *rt.Mailbox[Record] // to the Keeper; nil: nothing is kept on disk

	mu        sync.Mutex // guards the fields below
	incidents []*entry   // in the order in which they were detected
	restarts  []record.Restart
	budget    Budget
	counters  map[string]*counter
	news      []status.Incident // that have opened or ended since News was last called, at most the newest Kept
	nextID    uint32
	numbered  bool // nextID started at a random number
}

// entry is an incident with the instants that its duration is measured by.
type entry struct {
	status.Incident
	from    rt.Instant
	over    bool
	omitted int // actions for which there was no room
}

// New makes an empty log. out may be nil.
func New(b Budget, out *rt.Mailbox[Record]) *Log {
	return &Log{out: out, budget: b, counters: map[string]*counter{}}
}

// Open reports an incident and returns its identity. If one of the same component and cause is already open, Open returns
// that identity and fresh is false; evidence then only fills in what was missing. Texts that are too long are cut.
func (l *Log) Open(t *rt.Task, component, cause, evidence string) (id string, fresh bool) {
	component, cause, evidence = clip(component, maxName), clip(cause, maxLine), clip(evidence, maxEvidence)
	now, wall := t.Now(), t.Wall()
	l.mu.Lock()
	e := l.find(func(e *entry) bool { return !e.over && e.Component == component && e.Cause == cause })
	if fresh = e == nil; fresh {
		e = &entry{from: now, Incident: status.Incident{
			ID: l.id(t, wall), Component: component, Cause: cause, Detected: wall, Actions: []string{}, Evidence: evidence,
		}}
		l.makeRoom()
		l.incidents = append(l.incidents, e)
	}
	changed := fresh || e.Evidence == "" && evidence != ""
	if changed {
		e.Evidence = evidence
	}
	told := e.told(now)
	if fresh {
		l.tell(told)
	}
	l.mu.Unlock()
	if changed {
		l.push(t, Record{Incident: &told})
	}
	return told.ID, fresh
}

// Action adds what was done about an incident, and tells whether that incident is open.
func (l *Log) Action(t *rt.Task, id, text string) bool {
	return l.change(t, func(e *entry) bool { return e.ID == id }, func(e *entry) { e.act(text) }) > 0
}

// Explain adds evidence to an open incident that has none, and tells whether it did: the first reporter may not have had any.
func (l *Log) Explain(t *rt.Task, id, evidence string) bool {
	bare := func(e *entry) bool { return e.ID == id && e.Evidence == "" }
	return l.change(t, bare, func(e *entry) { e.Evidence = clip(evidence, maxEvidence) }) > 0
}

// Recover ends an incident, and tells whether it was open until now.
func (l *Log) Recover(t *rt.Task, id string) bool {
	return l.change(t, func(e *entry) bool { return e.ID == id }, l.end(t)) > 0
}

// RecoverAll ends all open incidents of a component, and returns how many there were.
func (l *Log) RecoverAll(t *rt.Task, component string) int {
	return l.change(t, func(e *entry) bool { return e.Component == component }, l.end(t))
}

func (l *Log) end(t *rt.Task) func(*entry) {
	now, wall := t.Now(), t.Wall()
	return func(e *entry) { e.over, e.Recovered, e.Duration = true, wall, now.Sub(e.from) }
}

// change applies f to all open incidents that match, and passes them on.
func (l *Log) change(t *rt.Task, match func(*entry) bool, f func(*entry)) int {
	var told []status.Incident
	now := t.Now()
	l.mu.Lock()
	for _, e := range l.incidents {
		if !e.over && match(e) {
			f(e)
			told = append(told, e.told(now))
			if e.over {
				l.tell(told[len(told)-1])
			}
		}
	}
	l.mu.Unlock()
	for i := range told {
		l.push(t, Record{Incident: &told[i]})
	}
	return len(told)
}

// tell keeps what has happened to an incident for News. The caller holds the lock.
func (l *Log) tell(i status.Incident) {
	if i.Evidence = ""; len(l.news) == Kept {
		l.news = slices.Delete(l.news, 0, 1)
	}
	l.news = append(l.news, i)
}

// News returns, once each and in order, the incidents that have opened or ended, as they were then and without
// evidence.
func (l *Log) News() []status.Incident {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.news
	l.news = nil
	return n
}

// Recent returns at most n incidents, newest first, as they are at that instant.
func (l *Log) Recent(now rt.Instant, n int) []status.Incident {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]status.Incident, 0, min(n, len(l.incidents)))
	for _, e := range slices.Backward(l.incidents) {
		if len(list) == n {
			break
		}
		list = append(list, e.told(now))
	}
	return list
}

// Get returns one incident as it is at that instant.
func (l *Log) Get(now rt.Instant, id string) (status.Incident, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.find(func(e *entry) bool { return e.ID == id }); e != nil {
		return e.told(now), true
	}
	return status.Incident{}, false
}

// find searches from the newest. The caller holds the lock.
func (l *Log) find(match func(*entry) bool) *entry {
	for _, e := range slices.Backward(l.incidents) {
		if match(e) {
			return e
		}
	}
	return nil
}

// makeRoom removes the oldest incident that has ended, or else the oldest. The caller holds the
// lock.
func (l *Log) makeRoom() {
	if len(l.incidents) < Kept {
		return
	}
	i := max(0, slices.IndexFunc(l.incidents, func(e *entry) bool { return e.over }))
	l.incidents = slices.Delete(l.incidents, i, i+1)
}

// id makes the identity of a record. The caller holds the lock.
func (l *Log) id(t *rt.Task, wall time.Time) string {
	if !l.numbered {
		l.nextID, l.numbered = t.Rand("incidents").Uint32(), true
	}
	l.nextID++
	return utterance.ID(wall, l.nextID)
}

func (l *Log) push(t *rt.Task, r Record) {
	if l.out != nil {
		l.out.Push(t, r)
	}
}
