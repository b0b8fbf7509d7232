package store

import (
	"database/sql"
	"math"
	"time"

	"orac/appliance/amount"
	"orac/appliance/record"
)

// maxPage is the largest number of rows that one query returns.
const maxPage = 1000

// Page is a piece of a list, newest first. The zero value is the newest 100.
type Page struct {
	Before int64 // the Next of the page before this; 0 for the first
	Limit  int   // at most 1000; 0 means 100
}

func (p Page) args() []any {
	if p.Before <= 0 {
		p.Before = math.MaxInt64
	}
	if p.Limit <= 0 {
		p.Limit = 100
	}
	return []any{p.Before, min(p.Limit, maxPage)}
}

// Detections returns a page in the order of arrival. next leads to the page after it, 0 if there is
// none.
func (s *Store) Detections(p Page) (list []record.Detection, next int64, err error) {
	next, err = s.page(selectDetections, p, func(r *sql.Rows) (seq int64, err error) {
		var d record.Detection
		var at int64
		err = r.Scan(&seq, &d.ID, &at, &d.Device, &d.Listener, &d.Model, &d.Class, &d.WakeWord, &d.Score, &d.Threshold)
		d.At, d.Score, d.Threshold = fromMicros(at), asScore(d.Score), asScore(d.Threshold)
		list = append(list, d)
		return seq, err
	})
	return list, next, wrap("detections", err)
}

// asScore is a 32-bit score of a model, as it is printed: older databases hold 0.550000011920929 for 0.55.
func asScore(f float64) float64 { return amount.Decimal(float32(f)) }

// Utterances returns a page in the order of arrival, each with its deliveries, transcripts and commands. next works as for
// Detections.
func (s *Store) Utterances(p Page) (list []record.Told, next int64, err error) {
	next, err = s.page(selectUtterances, p, func(r *sql.Rows) (seq int64, err error) {
		var u record.Utterance
		var started, ended int64
		err = r.Scan(&seq, &u.ID, &u.DetectionID, &u.Listener, &started, &ended, &u.Seconds, &u.Why, &u.Lost, &u.Server, &u.Peer)
		u.Started, u.Ended = fromMicros(started), fromMicros(ended)
		list = append(list, record.Told{Utterance: u})
		return seq, err
	})
	for i := range list {
		if err == nil {
			err = s.tell(&list[i])
		}
	}
	return list, next, wrap("utterances", err)
}

func (s *Store) tell(u *record.Told) error {
	err := s.each(selectDeliveries, []any{u.ID}, func(r *sql.Rows) error {
		var d record.Delivery
		var at int64
		err := r.Scan(&d.UtteranceID, &d.STT, &d.Outcome, &d.Attempts, &d.Way, &at, &d.Error, &d.Seconds)
		d.At = fromMicros(at)
		u.Deliveries = append(u.Deliveries, d)
		return err
	})
	if err != nil {
		return err
	}
	err = s.each(selectTranscripts, []any{u.ID}, func(r *sql.Rows) error {
		var t record.Transcript
		var took int64
		err := r.Scan(&t.UtteranceID, &t.STT, &t.Text, &t.Original, &t.Confidence, &t.Language, &took)
		t.ProcessingTime = time.Duration(took) * time.Microsecond
		u.Transcripts = append(u.Transcripts, t)
		return err
	})
	if err == nil {
		u.Commands, err = s.commandsOf(selectCommandsOf, u.ID)
	}
	return err
}

// Counts counts what happened since a time; the zero time counts everything that is kept.
func (s *Store) Counts(since time.Time) (Counts, error) {
	c := Counts{Deliveries: map[record.Outcome]int{}}
	err := s.statements[countRows].QueryRow(micros(since)).Scan(&c.Detections, &c.Utterances, &c.Lost, &c.Transcripts)
	if err == nil {
		err = s.each(countOutcomes, []any{micros(since)}, func(r *sql.Rows) error {
			var o record.Outcome
			var n int
			err := r.Scan(&o, &n)
			c.Deliveries[o] = n
			return err
		})
	}
	return c, wrap("counts", err)
}

// page reads rows that begin with seq, and returns the cursor of the next page. more are further arguments of the statement.
func (s *Store) page(text string, p Page, row func(*sql.Rows) (int64, error), more ...any) (next int64, err error) {
	args := append(p.args(), more...)
	n := 0
	err = s.each(text, args, func(r *sql.Rows) error {
		seq, err := row(r)
		next = seq
		n++
		return err
	})
	if err != nil || n < args[1].(int) {
		return 0, err
	}
	return next, nil
}

func (s *Store) each(text string, args []any, row func(*sql.Rows) error) error {
	rows, err := s.statements[text].Query(args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
