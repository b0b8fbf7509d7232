package auth

import (
	"database/sql"
	"time"
)

const (
	// maxKnown is how many networks are remembered of one who has got in from there; the ones used longest ago give way.
	maxKnown = 32
	// knownFor is for how long.
	knownFor = 90 * 24 * time.Hour
)

// know remembers over restarts that somebody has got in from a network. It opens nothing: it keeps guesses of others from
// holding this one up there.
func (d *DB) know(subject, network string) error {
	return d.write(func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT INTO known VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET due = ?3", subject, network, d.due(knownFor))
		if err == nil {
			_, err = tx.Exec("DELETE FROM known WHERE subject = ?1 AND network <> ?2 AND network NOT IN (SELECT network FROM known WHERE subject = ?1 AND network <> ?2 ORDER BY due DESC LIMIT ?3)", subject, network, maxKnown-1)
		}
		return err
	})
}

// knownPairs are those that are remembered, as throttle has them.
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
		known[lane{kind, name, network}] = -rememberEvery // the next time is written down
	}
	return known, rows.Err()
}
