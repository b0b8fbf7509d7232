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

// longestGap bounds what one start believes of the time between two runs, even if the wall clock was proven at both ends of it.
const longestGap = 24 * time.Hour

// age is how long the database has existed, as far as that was seen: the monotonic clock while ORAC runs, and between two runs
// the wall clock, if it was proven before and is after (package provenclock, which is the same for all that is not a login), and
// by longestGap at most. What is deleted is deleted by its age, so that setting the wall clock removes nothing. The age may fall
// behind the true time, and never runs ahead of it. Age is a timeline of its own: no wall time is compared with it.
//
// Deleting is never what keeps somebody out: what was ended is gone from the database or carries an epoch that is gone, and
// what is missing is refused.
type age struct {
	base  time.Duration // when the database was opened
	since time.Duration // clock.passed then
}

// Names of rows in the table meta.
const (
	metaAge  = "age"  // microseconds
	metaSeen = "seen" // the wall clock when the age was written, in microseconds since 1970; 0: it was not proven
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

// due is the age, in microseconds, after which something that is good for a while may be deleted.
func (d *DB) due(life time.Duration) int64 { return (d.aged() + max(0, life)).Microseconds() }

// keepAge writes the age down. Of several processes the oldest counts.
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

// Sweep deletes what is over by its age, and writes the age down. It is called once an hour; what it deletes opened nothing.
func (d *DB) Sweep() error {
	err := d.write(func(tx *sql.Tx) error {
		for _, table := range []string{"sessions", "refresh", "families", "keys", "known"} {
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
