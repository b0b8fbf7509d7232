package auth

import (
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"orac/appliance/statedir"
)

// steps turn an empty database into the present schema; PRAGMA user_version counts those done. A step that was released never
// changes: add another. Times are microseconds since 1970 UTC, 0 for none.
var steps = []string{
	`CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
	CREATE TABLE sessions (
		token   TEXT PRIMARY KEY, -- SHA-256 of what the cookie holds
		subject TEXT NOT NULL,
		data    BLOB NOT NULL,
		expires INTEGER NOT NULL
	) WITHOUT ROWID;
	CREATE INDEX sessions_subject ON sessions (subject);
	CREATE TABLE refresh (
		hash    TEXT PRIMARY KEY, -- SHA-256 of the token
		family  TEXT NOT NULL,
		subject TEXT NOT NULL,
		print   TEXT NOT NULL, -- of the password and the role when it was given
		expires INTEGER NOT NULL,
		used    INTEGER NOT NULL
	) WITHOUT ROWID;
	CREATE INDEX refresh_family ON refresh (family);
	CREATE TABLE revoked (id TEXT PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID; -- jti, or family
	CREATE TABLE epochs (subject TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID; -- how often logged out everywhere
	CREATE TABLE keys (
		id       TEXT PRIMARY KEY,
		name     TEXT NOT NULL,
		hash     TEXT NOT NULL, -- bcrypt
		role     TEXT NOT NULL,
		created  INTEGER NOT NULL,
		expires  INTEGER NOT NULL,
		revoked  INTEGER NOT NULL,
		replaced TEXT NOT NULL, -- by this one
		used     INTEGER NOT NULL
	) WITHOUT ROWID;
	CREATE TABLE users (name TEXT PRIMARY KEY, hash TEXT NOT NULL, role TEXT NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;`,
	`CREATE INDEX refresh_subject ON refresh (subject, used, expires);`,
}

// pragmas of the connection, as of the history's.
var pragmas = []string{
	"busy_timeout(2000)", "synchronous(NORMAL)", "cache_size(-512)", "mmap_size(0)", "wal_autocheckpoint(256)",
	"journal_size_limit(1048576)", "trusted_schema(OFF)",
}

// DBName is the database's name in the state directory.
const DBName = "web.db"

// DB remembers sessions, refresh tokens, what was revoked, keys, and the users that were made before any was declared. It may
// be used by many at once, and by several processes.
type DB struct {
	db *sql.DB
	id string // random: what was given with another database is not good with this one
	// Aside is where a damaged database was put; "" if there was none.
	Aside string

	mu      sync.Mutex // guards everything that follows: a copy of what every request asks
	looked  time.Time
	version int64 // PRAGMA data_version: counts the changes of other processes
	revoked map[string]time.Time
	epochs  map[string]int
	keys    map[string]APIKey
}

// OpenDB opens the database of a state directory, or makes one. A damaged one is set aside.
func OpenDB(stateDir string) (*DB, error) {
	dir, err := statedir.Existing(stateDir)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	d, err := openDB(dir)
	if !isDamage(err) {
		return d, err
	}
	aside := DBName + time.Now().UTC().Format(".damaged-20060102T150405.000")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if moved := dir.Rename(DBName+suffix, aside+suffix); moved != nil && suffix == "" {
			return nil, fmt.Errorf("%s is damaged (%w) and cannot be set aside: %w", dir.Path(DBName), err, moved)
		}
	}
	if d, err = openDB(dir); err == nil {
		d.Aside = dir.Path(aside)
	}
	return d, err
}

func isDamage(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code()&0xff == sqlite3.SQLITE_CORRUPT || e.Code()&0xff == sqlite3.SQLITE_NOTADB)
}

func openDB(dir *statedir.Dir) (*DB, error) {
	path, err := dir.Database(DBName)
	if err != nil {
		return nil, err
	}
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	d := &DB{db: db}
	if err := errors.Join(d.begin(), dir.Same()); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), db.Close())
	}
	return d, nil
}

func (d *DB) begin() error {
	var verdict string
	if err := d.db.QueryRow("PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if _, err := d.db.Exec("PRAGMA journal_mode = WAL"); err != nil {
		return err
	}
	var version int
	if err := d.db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > len(steps) {
		return fmt.Errorf("its schema has version %d and this program knows 1 to %d: it was written by a newer ORAC", version, len(steps))
	}
	for ; version < len(steps); version++ {
		if _, err := d.db.Exec("BEGIN IMMEDIATE; " + steps[version] + "; PRAGMA user_version = " + strconv.Itoa(version+1) + "; COMMIT"); err != nil {
			_, _ = d.db.Exec("ROLLBACK")
			return err
		}
	}
	id := make([]byte, 8)
	_, _ = rand.Read(id) // never fails
	if _, err := d.db.Exec("INSERT INTO meta VALUES ('id', ?) ON CONFLICT DO NOTHING", hex.EncodeToString(id)); err != nil {
		return err
	}
	if err := d.db.QueryRow("SELECT value FROM meta WHERE name = 'id'").Scan(&d.id); err != nil {
		return err
	}
	return d.load()
}

// Close ends the use of the database.
func (d *DB) Close() error { return d.db.Close() }

// lookEvery is how soon changes of another process are seen.
const lookEvery = time.Second

// fresh makes the copies current. The caller holds the lock.
func (d *DB) fresh() error {
	now := time.Now()
	if !d.looked.IsZero() && now.Sub(d.looked) < lookEvery && !now.Before(d.looked) {
		return nil
	}
	var version int64
	if err := d.db.QueryRow("PRAGMA data_version").Scan(&version); err != nil {
		return err
	}
	d.looked = now
	if version == d.version {
		return nil
	}
	d.version = version
	return d.read()
}

func (d *DB) load() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.db.QueryRow("PRAGMA data_version").Scan(&d.version); err != nil {
		return err
	}
	return d.read()
}

// read makes the copies. The caller holds the lock.
func (d *DB) read() error {
	revoked, epochs := map[string]time.Time{}, map[string]int{}
	if err := each(d.db, "SELECT id, expires FROM revoked", func(id string, at int64) { revoked[id] = fromMicros(at) }); err != nil {
		return err
	}
	if err := each(d.db, "SELECT subject, n FROM epochs", func(subject string, n int64) { epochs[subject] = int(n) }); err != nil {
		return err
	}
	keys, err := d.readKeys()
	if err != nil {
		return err
	}
	d.revoked, d.epochs, d.keys = revoked, epochs, keys
	return nil
}

func each(db *sql.DB, query string, row func(string, int64)) error {
	rows, err := db.Query(query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		var n int64
		if err := rows.Scan(&text, &n); err != nil {
			return err
		}
		row(text, n)
	}
	return rows.Err()
}

// epoch is what tokens and sessions of a subject must carry: it changes when the subject is logged out everywhere.
func (d *DB) epoch(subject string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.fresh(); err != nil {
		return "", err
	}
	return d.id + "." + strconv.Itoa(d.epochs[subject]), nil
}

// isRevoked tells whether a token or a family was revoked. When that cannot be known it was.
func (d *DB) isRevoked(ids ...string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fresh() != nil {
		return true
	}
	for _, id := range ids {
		if _, ok := d.revoked[id]; ok && id != "" {
			return true
		}
	}
	return false
}

// revoke ends a token or a family; until is when it would have ended anyway.
func (d *DB) revoke(id string, until time.Time) error {
	if id == "" {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err := d.db.Exec("INSERT INTO revoked VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET expires = max(expires, excluded.expires)", id, until.UnixMicro())
	if err == nil {
		d.revoked[id] = until
	}
	return err
}

// LogOutEverywhere ends every session and token of a subject.
func (d *DB) LogOutEverywhere(subject string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err := d.db.Exec("INSERT INTO epochs VALUES (?, 1) ON CONFLICT (subject) DO UPDATE SET n = n + 1", subject)
	if err != nil {
		return err
	}
	d.epochs[subject]++
	_, err = d.db.Exec("DELETE FROM sessions WHERE subject = ?", subject)
	if err == nil {
		_, err = d.db.Exec("DELETE FROM refresh WHERE subject = ?", subject)
	}
	return err
}

// Sweep removes what is over.
func (d *DB) Sweep() error {
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, query := range []string{
		"DELETE FROM sessions WHERE expires < ?", "DELETE FROM refresh WHERE expires < ?", "DELETE FROM revoked WHERE expires < ?",
	} {
		if _, err := d.db.Exec(query, now.UnixMicro()); err != nil {
			return err
		}
	}
	maps.DeleteFunc(d.revoked, func(_ string, until time.Time) bool { return until.Before(now) })
	// Dead keys are shown for a while, so that people see why something has stopped working.
	_, err := d.db.Exec("DELETE FROM keys WHERE expires < ?1 OR revoked != 0 AND revoked < ?1", now.Add(-keepDeadKeys).UnixMicro())
	if err == nil {
		d.keys, err = d.readKeys()
	}
	return err
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n)
}
