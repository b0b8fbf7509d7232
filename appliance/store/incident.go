package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"orac/appliance/status"
)

// ErrUnknown is the answer to a question for a record that is not there.
var ErrUnknown = errors.New("not in the history")

// evidenceKept is the number of newest incidents that keep their evidence when Prune runs: at 64 KiB each, 32 MiB at most.
const evidenceKept = 500

// SaveIncident records an incident, as often as something new is known of it. Once it is over nothing changes it, and a
// record with fewer actions than the one that is there changes nothing, so that repeats may come in any order.
func (s *Store) SaveIncident(i status.Incident) error {
	if i.Actions == nil {
		i.Actions = []string{}
	}
	actions, err := json.Marshal(i.Actions)
	if err == nil {
		_, err = s.statements[upsertIncident].Exec(i.ID, i.Component, i.Cause, micros(i.Detected), micros(i.Recovered),
			i.Duration.Microseconds(), string(actions), i.Evidence)
	}
	return wrap("incident "+i.ID, err)
}

// EndIncidents ends all incidents that go on, at a time and with a last action that says why: at the start of a process, for
// what the process before could not end. It gives their number.
func (s *Store) EndIncidents(at time.Time, action string) (int, error) {
	var n int64
	res, err := s.statements[endIncidents].Exec(micros(at), action)
	if err == nil {
		n, err = res.RowsAffected()
	}
	return int(n), wrap("end incidents", err)
}

// AddRestart records a restart. One that is there already stays as it is.
func (s *Store) AddRestart(r Restart) error {
	age := sql.NullInt64{Int64: r.Age.Microseconds(), Valid: r.Age > 0}
	_, err := s.statements[insertRestart].Exec(r.ID, r.Component, r.Reason, micros(r.At), r.Duration.Microseconds(), age)
	return wrap("restart "+r.ID, err)
}

// Incidents gives a page in the order of arrival, without the evidence. next as for Detections. The duration of one that goes
// on is what it was when it was last saved.
func (s *Store) Incidents(p Page) (list []status.Incident, next int64, err error) {
	next, err = s.page(selectIncidents, p, func(r *sql.Rows) (int64, error) {
		seq, i, err := scanIncident(r)
		list = append(list, i)
		return seq, err
	})
	return list, next, wrap("incidents", err)
}

// Incident gives one with its evidence; ErrUnknown if there is none of that identity.
func (s *Store) Incident(id string) (found status.Incident, err error) {
	known := false
	err = s.each(selectIncident, []any{id}, func(r *sql.Rows) (err error) {
		known = true
		_, found, err = scanIncident(r)
		return err
	})
	if err == nil && !known {
		err = ErrUnknown
	}
	return found, wrap("incident "+id, err)
}

func scanIncident(r *sql.Rows) (seq int64, i status.Incident, err error) {
	var detected, recovered, duration int64
	var actions string
	if err := r.Scan(&seq, &i.ID, &i.Component, &i.Cause, &detected, &recovered, &duration, &actions, &i.Evidence); err != nil {
		return 0, i, err
	}
	i.Detected, i.Recovered, i.Duration = fromMicros(detected), fromMicros(recovered), time.Duration(duration)*time.Microsecond
	return seq, i, json.Unmarshal([]byte(actions), &i.Actions)
}

// Restarts gives a page in the order of arrival. next as for Detections.
func (s *Store) Restarts(p Page) (list []Restart, next int64, err error) {
	next, err = s.page(selectRestarts, p, func(r *sql.Rows) (seq int64, err error) {
		var x Restart
		var at, duration int64
		err = r.Scan(&seq, &x.ID, &x.Component, &x.Reason, &at, &duration)
		x.At, x.Duration = fromMicros(at), time.Duration(duration)*time.Microsecond
		list = append(list, x)
		return seq, err
	})
	return list, next, wrap("restarts", err)
}

// RestartsWithin counts the restarts of a component whose age is known, those of earlier processes included, in the time before
// the state directory became so old: what a process asks that is about to restart itself. The wall clock changes nothing of it.
func (s *Store) RestartsWithin(component string, now, within time.Duration) (n int, err error) {
	err = s.statements[countRestarts].QueryRow(component, (now - within).Microseconds(), now.Microseconds()).Scan(&n)
	return n, wrap("restarts of "+component, err)
}
