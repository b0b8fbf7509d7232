package store

import (
	"database/sql"
	"errors"
)

// markEvery is how much older the state directory is at the next mark, at least, in microseconds. It bounds the number of marks.
const markEvery = 10 * 60 * 1e6

// mark notes that all rows that are there now were there at an age, and gives the newest row of each table that is older than
// the retention: of detections, utterances, incidents and restarts. Ages are in microseconds. Where their timeline has begun
// anew the marks move along with it, so that no row becomes older by that.
func (s *Store) mark(tx *sql.Tx, age, retention int64) (due [4]int64, err error) {
	var newest sql.NullInt64
	if err := tx.Stmt(s.statements[newestMark]).QueryRow().Scan(&newest); err != nil {
		return due, err
	}
	if back := newest.Int64 - age; newest.Valid && back > 0 {
		if _, err := tx.Stmt(s.statements[moveMarks]).Exec(back); err != nil {
			return due, err
		}
		newest.Int64 = age
	}
	err = tx.Stmt(s.statements[dueMark]).QueryRow(age-retention).Scan(&due[0], &due[1], &due[2], &due[3])
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return due, err
	}
	if _, err := tx.Stmt(s.statements[pruneMarks]).Exec(age - retention); err != nil {
		return due, err
	}
	if !newest.Valid || age-newest.Int64 >= markEvery {
		_, err := tx.Stmt(s.statements[insertMark]).Exec(age)
		return due, err
	}
	return due, nil
}
