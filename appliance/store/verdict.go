package store

import (
	"database/sql"
	"errors"
	"time"
)

// Verdict is a person's judgement of a detection.
type Verdict struct {
	DetectionID string
	FalseWake   bool // nobody had said the wake word
	Who         string
	At          time.Time
}

// Judged is a detection with a verdict.
type Judged struct {
	Score     float64
	FalseWake bool
}

// SaveVerdict keeps a verdict and replaces an earlier one. ErrUnknown if there is no such detection.
func (s *Store) SaveVerdict(v Verdict) error {
	res, err := s.statements[upsertVerdict].Exec(v.DetectionID, v.FalseWake, v.Who, micros(v.At))
	if err != nil {
		return wrap("verdict of "+v.DetectionID, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(ErrUnknown, err)
	}
	return nil
}

// Verdicts returns, for those of the detections that were judged, whether they were false wakes.
func (s *Store) Verdicts(detections []string) (map[string]bool, error) {
	out := map[string]bool{}
	for _, id := range detections {
		var wrong bool
		err := s.statements[selectVerdict].QueryRow(id).Scan(&wrong)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return out, wrap("verdicts", err)
		}
		out[id] = wrong
	}
	return out, nil
}

// Judged returns the judged detections since a time, by model.
func (s *Store) Judged(since time.Time) (map[string][]Judged, error) {
	out := map[string][]Judged{}
	err := s.each(selectJudged, []any{micros(since)}, func(r *sql.Rows) error {
		var model string
		var j Judged
		err := r.Scan(&model, &j.Score, &j.FalseWake)
		j.Score = asScore(j.Score)
		out[model] = append(out[model], j)
		return err
	})
	return out, wrap("judged", err)
}
