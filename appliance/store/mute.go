package store

import (
	"database/sql"

	"orac/appliance/record"
)

// AddMute records that a listener was muted, or listens again. What is already there stays as it is.
func (s *Store) AddMute(m record.Mute) error {
	_, err := s.statements[insertMute].Exec(micros(m.At), m.Listener, m.Muted, m.By, micros(m.Until))
	return wrap("mute", err)
}

// Mutes returns a page in the order of arrival. next works as for Detections.
func (s *Store) Mutes(p Page) (list []record.Mute, next int64, err error) {
	next, err = s.page(selectMutes, p, func(r *sql.Rows) (seq int64, err error) {
		var m record.Mute
		var at, until int64
		err = r.Scan(&seq, &at, &m.Listener, &m.Muted, &m.By, &until)
		m.At, m.Until = fromMicros(at), fromMicros(until)
		list = append(list, m)
		return seq, err
	})
	return list, next, wrap("mutes", err)
}
