package auth

import (
	"database/sql"
	"time"
)

const (
	// maxKnown is how many networks are remembered for one user or account; beyond that, the one used longest ago is
	// dropped.
	maxKnown = 32
	// knownFor is how long they are remembered.
	knownFor = 90 * 24 * time.Hour
)

// know remembers across restarts that somebody has logged in from a network. It grants nothing: it keeps other people's
// guesses from delaying this one there.
func (d *DB) know(subject, network string) error {
	return d.write(func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT INTO known VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET due = ?3", subject, network, d.due(knownFor))
		if err == nil {
			_, err = tx.Exec("DELETE FROM known WHERE subject = ?1 AND network <> ?2 AND network NOT IN (SELECT network FROM known WHERE subject = ?1 AND network <> ?2 ORDER BY due DESC LIMIT ?3)", subject, network, maxKnown-1)
		}
		return err
	})
}

// knownPairs returns the remembered pairs in the form that throttle uses.
func (d *DB) knownPairs() (map[lane]time.Duration, error) {
	rows, err := d.db.Query("SELECT subject, network FROM known")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := map[lane]time.Duration{}
	for rows.Next() {
		var subject, network string
		if err := rows.Scan(&subject, &network); err != nil {
			return nil, err
		}
		kind, name := ParseSubject(subject)
		known[lane{kind, name, network}] = -rememberEvery // so that the next login is stored
	}
	return known, rows.Err()
}
