package store

import (
	"database/sql"
	"time"

	"orac/appliance/provenclock"
)

// markEvery is the least growth of the state directory's age between two marks. It bounds the number of marks.
const markEvery = 10 * time.Minute

// mark notes that all rows that are there now were there at p.Born. It returns the newest row of each table that is older than
// the retention: of detections, utterances, incidents, restarts, commands and mutes. Where the timeline went back, the marks move back with it,
// so that no row becomes older by that. No mark stays in the future, because its rows are there now.
func (s *Store) mark(tx *sql.Tx, p provenclock.Point, retention time.Duration) (due [6]int64, err error) {
	var seen, age sql.NullInt64
	if err := tx.Stmt(s.statements[newestMark]).QueryRow().Scan(&seen, &age); err != nil {
		return due, err
	}
	newest := provenclock.Point{Age: time.Duration(seen.Int64) * time.Microsecond, Born: time.Duration(age.Int64) * time.Microsecond}
	if newest.Age > p.Age || newest.Born > p.Born {
		_, err := tx.Stmt(s.statements[moveMarks]).Exec(newest.Back(p).Microseconds(), p.Age.Microseconds(), p.Born.Microseconds())
		if err != nil {
			return due, err
		}
		newest.Age = p.Age
	}
	last := (p.Age - retention).Microseconds() // for rows that are due
	err = tx.Stmt(s.statements[dueMark]).QueryRow(last).Scan(&due[0], &due[1], &due[2], &due[3], &due[4], &due[5])
	if err != nil {
		return due, err
	}
	if _, err := tx.Stmt(s.statements[pruneMarks]).Exec(last); err != nil {
		return due, err
	}
	if !seen.Valid || p.Age-newest.Age >= markEvery {
		_, err := tx.Stmt(s.statements[insertMark]).Exec(p.Age.Microseconds(), p.Born.Microseconds())
		return due, err
	}
	return due, nil
}
