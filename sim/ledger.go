package sim

import (
	"fmt"
	"slices"
	"syscall"
	"time"

	"orac/appliance/event"
	"orac/appliance/provenclock"
	"orac/appliance/record"
	"orac/appliance/status"
)

// ledger is a model of the history. It accepts everything at once unless the disk refuses, and remembers restarts and
// open incidents when the process ends. It models the errors of the history; SQLite itself is tested elsewhere.
type ledger struct {
	m        *machine
	rows     []row // detections, utterances, commands and mutes, in the order of arrival
	known    map[string]bool
	wrote    map[string]time.Duration // when entries were accepted, named as in written
	ages     provenclock.Ages
	restarts []record.Restart
	open     map[string]bool // incidents
	last     time.Time       // when the newest incident was detected
	jump     time.Duration   // offset of the time of day at that moment
}

// ordered checks that incidents reach the history in the order in which they were detected. After a jump of the time of day
// the order is unknown.
func (l *ledger) ordered(i status.Incident) {
	if _, known := l.m.incidents[i.ID]; known {
		return
	}
	if l.jump == l.m.jump && i.Detected.Before(l.last) {
		l.m.judge.Break(l.m.now(), "order", fmt.Sprintf("the incident of %s came into the book after one that was detected later", i.Component))
	}
	l.last, l.jump = i.Detected, l.m.jump
}

// write returns why nothing can be written now. A process without free descriptors has its history open.
func (l *ledger) write() error {
	if err := l.m.refusal(); err != syscall.EMFILE {
		return err
	}
	return nil
}

// row is a record of the history and when it arrived, in the true time of the world.
type row struct {
	id string
	at time.Duration
}

// add adds a record unless it is there already.
func (l *ledger) add(id string) error {
	err := l.write()
	if err == nil && !l.known[id] {
		l.known[id] = true
		l.rows = append(l.rows, row{id, l.m.now()})
	}
	return err
}

// AddDetection implements node.Book.
func (l *ledger) AddDetection(d record.Detection) error {
	return l.says(l.add("detection "+d.ID), event.Wake{ID: d.ID, Listener: d.Listener, Model: d.Model, WakeWord: d.WakeWord})
}

// SaveUtterance implements node.Book.
func (l *ledger) SaveUtterance(u record.Utterance) error {
	return l.says(l.add("utterance "+u.ID), event.RecordingEnded{Utterance: u.ID, Seconds: u.Seconds, Why: u.Why})
}

// SaveCommand implements node.Book.
func (l *ledger) SaveCommand(c record.Command) error {
	return l.says(l.add("command "+c.Topic+" "+c.ID), event.Acted{Topic: c.Topic, Request: c.ID, Result: c.Result})
}

// AddMute implements node.Book.
func (l *ledger) AddMute(m record.Mute) error {
	var b event.Body = event.Unmuted{Listener: m.Listener, By: m.By}
	if m.Muted {
		b = event.Muted{Listener: m.Listener, By: m.By}
	}
	return l.says(l.add(fmt.Sprintf("mute %d %s %v", m.At.UnixMicro(), m.Listener, m.Muted)), b)
}

// SaveDelivery implements node.Book.
func (l *ledger) SaveDelivery(d record.Delivery, text *record.Transcript) error {
	return l.says(l.write(), event.Delivered{Utterance: d.UtteranceID, STT: d.STT, Outcome: string(d.Outcome)})
}

// says notes the entries of a record that was accepted.
func (l *ledger) says(err error, b event.Body) error {
	if err == nil {
		for _, what := range written(b) {
			l.wrote[what] = l.m.now()
		}
	}
	return err
}

// Prune deletes by age, as SQLite's does. It must not delete a record that is younger, in true time, than the
// retention.
func (l *ledger) Prune(p provenclock.Point, known bool, retention time.Duration, maxRows int) (deleted int, err error) {
	if err := l.write(); err != nil {
		return 0, err
	}
	if known {
		var ids []string
		for _, r := range l.rows {
			ids = append(ids, r.id)
		}
		l.ages.See(p, ids)
	}
	over := len(l.rows) - 4*maxRows // there are four kinds of rows
	l.rows = slices.DeleteFunc(l.rows, func(r row) bool {
		due := known && l.ages.Due(r.id, p.Age, retention)
		if age := l.m.now() - r.at; due && age < retention {
			l.m.judge.Break(l.m.now(), "history", fmt.Sprintf("%s was deleted after %v; records are kept for %v", r.id, age.Round(time.Second), retention))
		}
		if !due && over <= 0 {
			return false
		}
		delete(l.known, r.id)
		over--
		deleted++
		return true
	})
	return deleted, nil
}

func (l *ledger) SaveIncident(i status.Incident) error {
	if err := l.write(); err != nil {
		return err
	}
	l.ordered(i)
	l.m.incident(i)
	if i.Recovered.IsZero() {
		l.open[i.ID] = true
	} else {
		delete(l.open, i.ID)
	}
	return nil
}

// mostRestarts bounds the restarts that are remembered: more than any budget counts.
const mostRestarts = 2000

func (l *ledger) AddRestart(r record.Restart) error {
	if err := l.write(); err != nil {
		return err
	}
	if l.restarts = append(l.restarts, r); len(l.restarts) > mostRestarts {
		l.restarts = l.restarts[mostRestarts/2:]
	}
	return nil
}

func (l *ledger) EndIncidents(time.Time, string) (int, error) {
	if err := l.write(); err != nil {
		return 0, err
	}
	n := len(l.open)
	for id := range l.open {
		l.m.incidents[id].End = l.m.now().Seconds()
	}
	clear(l.open)
	return n, nil
}

func (l *ledger) RestartsWithin(component string, now, within time.Duration) (n int, err error) {
	for _, r := range l.restarts {
		if r.Component == component && r.Age > now-within && r.Age <= now {
			n++
		}
	}
	return n, nil
}
