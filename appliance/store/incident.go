package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"orac/appliance/record"
	"orac/appliance/status"
)

// ErrUnknown means that the requested record does not exist.
var ErrUnknown = errors.New("not in the history")

// evidenceKept is the number of newest incidents that keep their evidence when Prune runs: at 64 KiB each, 32 MiB at most.
const evidenceKept = 500

// SaveIncident records an incident, every time that something new is known of it. An incident that is over no longer
// changes, and a record with fewer actions than the stored one is ignored, so repeats may come in any order.
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

// EndIncidents ends all open incidents at a given time, with a last action that says why. A process calls it at its start,
// for the incidents that the process before could not end. It returns their number.
func (s *Store) EndIncidents(at time.Time, action string) (int, error) {
	var n int64
	res, err := s.statements[endIncidents].Exec(micros(at), action)
	if err == nil {
		n, err = res.RowsAffected()
	}
	return int(n), wrap("end incidents", err)
}

// AddRestart records a restart. A restart that is already there stays as it is.
func (s *Store) AddRestart(r record.Restart) error {
	age := sql.NullInt64{Int64: r.Age.Microseconds(), Valid: r.Age > 0}
	_, err := s.statements[insertRestart].Exec(r.ID, r.Component, r.Reason, micros(r.At), r.Duration.Microseconds(), age)
	return wrap("restart "+r.ID, err)
}

// Incidents returns a page in the order of arrival, without the evidence. next works as for Detections. The duration of an
// open incident is that of the last save.
func (s *Store) Incidents(p Page) (list []status.Incident, next int64, err error) {
	next, err = s.page(selectIncidents, p, func(r *sql.Rows) (int64, error) {
		seq, i, err := scanIncident(r)
		list = append(list, i)
		return seq, err
	})
	return list, next, wrap("incidents", err)
}

// Incident returns one incident with its evidence; ErrUnknown if none has that identity.
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

// Restarts returns a page in the order of arrival. next works as for Detections.
func (s *Store) Restarts(p Page) (list []record.Restart, next int64, err error) {
	next, err = s.page(selectRestarts, p, func(r *sql.Rows) (seq int64, err error) {
		var x record.Restart
		var at, duration int64
		err = r.Scan(&seq, &x.ID, &x.Component, &x.Reason, &at, &duration)
		x.At, x.Duration = fromMicros(at), time.Duration(duration)*time.Microsecond
		list = append(list, x)
		return seq, err
	})
	return list, next, wrap("restarts", err)
}

// RestartsWithin counts the restarts of a component whose age is known, including those of earlier processes, within a time
// before the age now of the state directory. A process asks it before it restarts itself. The wall clock does not affect the
// result.
func (s *Store) RestartsWithin(component string, now, within time.Duration) (n int, err error) {
	err = s.statements[countRestarts].QueryRow(component, (now - within).Microseconds(), now.Microseconds()).Scan(&n)
	return n, wrap("restarts of "+component, err)
}
