package auth

import (
	"database/sql"
	"strconv"
	"time"

	"orac/appliance/provenclock"
)

// clock is the two clocks of a machine.
type clock struct {
	wall   func() time.Time     // may be set to anything at any moment
	passed func() time.Duration // monotonic: since the process began to count; nobody can set it
	proven func(time.Time) bool // whether the wall clock is synchronised when it shows that time
}

func machineClock() clock {
	start := time.Now()
	return clock{wall: time.Now, passed: func() time.Duration { return time.Since(start) }, proven: provenclock.Kernel(provenclock.Built())}
}

// longestGap caps the time between two runs that one start believes, even if the wall clock was proven at both ends.
const longestGap = 24 * time.Hour

// age is how long the database is known to have existed. While ORAC runs, the monotonic clock counts; between two runs the wall
// clock does, by at most longestGap and only if it was proven both before and after (as in package provenclock, which serves
// everything except logins). Rows are deleted by this age, so setting the wall clock deletes nothing. The age may fall behind
// the true time but never runs ahead of it. It is a timeline of its own: it is never compared with a wall time.
//
// Deleting is never what keeps somebody out: whatever was ended is already gone from the database or carries an epoch that
// is gone, and whatever is missing is refused.
type age struct {
	base  time.Duration // when the database was opened
	since time.Duration // clock.passed then
}

// Names of rows in the table meta.
const (
	metaAge  = "age"  // microseconds
	metaSeen = "seen" // the wall clock when the age was written, in microseconds since 1970; 0 if it was not proven
)

// openAge reads the age. The first time it is 0.
func (d *DB) openAge() error {
	base, seen := int64(0), int64(0)
	for name, into := range map[string]*int64{metaAge: &base, metaSeen: &seen} {
		err := d.db.QueryRow("SELECT value FROM meta WHERE name = ?", name).Scan(into)
		if err != nil && err != sql.ErrNoRows {
			return err
		}
	}
	d.age = age{base: time.Duration(base) * time.Microsecond, since: d.clock.passed()}
	if wall := d.clock.wall(); seen > 0 && d.clock.proven(wall) {
		d.age.base += min(max(0, wall.Sub(time.UnixMicro(seen))), longestGap)
	}
	return nil
}

// aged is the age now.
func (d *DB) aged() time.Duration { return d.age.base + d.clock.passed() - d.age.since }

// due returns the age, in microseconds, at which something with this lifetime may be deleted.
func (d *DB) due(life time.Duration) int64 { return (d.aged() + max(0, life)).Microseconds() }

// keepAge stores the age. If several processes store one, the highest counts.
func (d *DB) keepAge(tx *sql.Tx) error {
	const put = "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2"
	old := int64(0)
	if err := tx.QueryRow("SELECT value FROM meta WHERE name = ?", metaAge).Scan(&old); err != nil && err != sql.ErrNoRows {
		return err
	}
	if _, err := tx.Exec(put, metaAge, strconv.FormatInt(max(old, d.aged().Microseconds()), 10)); err != nil {
		return err
	}
	seen := int64(0)
	if wall := d.clock.wall(); d.clock.proven(wall) {
		seen = wall.UnixMicro()
	}
	_, err := tx.Exec(put, metaSeen, strconv.FormatInt(seen, 10))
	return err
}

// Sweep deletes rows whose age has passed, and stores the age. It is called once an hour. What it deletes could no longer
// let anybody in.
func (d *DB) Sweep() error {
	err := d.write(func(tx *sql.Tx) error {
		for _, table := range []string{"sessions", "refresh", "families", "keys", "known", "ended", "codes", "certificates"} {
			if _, err := tx.Exec("DELETE FROM "+table+" WHERE due < ?", d.aged().Microseconds()); err != nil {
				return err
			}
		}
		return d.keepAge(tx)
	})
	if err != nil {
		return err
	}
	return d.load()
}
