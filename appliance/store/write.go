package store

import (
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"orac/appliance/provenclock"
	"orac/appliance/record"
)

// AddDetection records a detection. A detection that is already there stays as it is.
func (s *Store) AddDetection(d record.Detection) error {
	_, err := s.statements[insertDetection].Exec(d.ID, micros(d.At), d.Device, d.Listener, d.Model, d.Class, d.WakeWord,
		number(d.Score), number(d.Threshold))
	return wrap("detection "+d.ID, err)
}

// SaveUtterance records an utterance, once when it begins and again when it has ended, or only then.
func (s *Store) SaveUtterance(u record.Utterance) error {
	_, err := s.statements[upsertUtterance].Exec(u.ID, u.DetectionID, u.Listener, micros(u.Started), micros(u.Ended),
		number(u.Seconds), u.Why, u.Lost, u.Server, u.Peer)
	return wrap("utterance "+u.ID, err)
}

// SaveDelivery records a delivery together with its transcript, unless that is nil: both or neither. Once a service has
// answered, later records for the same utterance and service change nothing.
func (s *Store) SaveDelivery(d record.Delivery, text *record.Transcript) error {
	switch d.Outcome {
	case record.Delivered, record.Empty, record.Failed, record.Dropped:
	default:
		return fmt.Errorf("store: delivery of %s: no such outcome %q", d.UtteranceID, d.Outcome)
	}
	err := s.transact(func(tx *sql.Tx) error {
		_, err := tx.Stmt(s.statements[upsertDelivery]).Exec(d.UtteranceID, d.STT, d.Outcome, d.Attempts, d.Way, micros(d.At), d.Error, number(d.Seconds))
		if err != nil || text == nil {
			return err
		}
		_, err = tx.Stmt(s.statements[insertTranscript]).Exec(d.UtteranceID, d.STT, text.Text, text.Original, number(text.Confidence),
			text.Language, text.ProcessingTime.Microseconds())
		return err
	})
	return wrap("delivery of "+d.UtteranceID, err)
}

// Prune deletes what is older than retention, and of detections, utterances, incidents, restarts, commands and mutes all but the newest maxRows
// each; deliveries and transcripts go with their utterance, and old incidents lose their evidence first. It returns the number
// of rows deleted, not counting deliveries and transcripts.
//
// p is the age of the state directory (package provenclock): it measures the age of rows, and the wall clock does not. A row
// is as old as the first Prune that has seen it. While the age is not known, nothing is deleted for its age.
func (s *Store) Prune(p provenclock.Point, known bool, retention time.Duration, maxRows int) (deleted int, err error) {
	if retention <= 0 || maxRows < 1 {
		return 0, errors.New("store: prune: retention and maxRows must be positive")
	}
	err = s.transact(func(tx *sql.Tx) error {
		deleted = 0
		var due [6]int64
		if known {
			var err error
			if due, err = s.mark(tx, p, retention); err != nil {
				return err
			}
		}
		for i, text := range []string{pruneDetections, pruneUtterances, pruneIncidents, pruneRestarts, pruneCommands, pruneMutes} {
			res, err := tx.Stmt(s.statements[text]).Exec(due[i], maxRows)
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			deleted += int(n)
		}
		if _, err := tx.Stmt(s.statements[pruneDeliveries]).Exec(); err != nil {
			return err
		}
		if _, err := tx.Stmt(s.statements[pruneTranscripts]).Exec(); err != nil {
			return err
		}
		if _, err := tx.Stmt(s.statements[pruneVerdicts]).Exec(); err != nil {
			return err
		}
		_, err = tx.Stmt(s.statements[pruneEvidence]).Exec(evidenceKept)
		return err
	})
	if err != nil {
		deleted = 0
	}
	return deleted, wrap("prune", err)
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("store: %s: %w", what, err)
}

// micros is a time as the database stores it: microseconds since 1970, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n)
}

// number keeps NaN, which SQLite treats as NULL, out of columns that must not be NULL.
func number(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return f
}
