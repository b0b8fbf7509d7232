package auth

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"orac/appliance/statedir"
)

// steps turn an empty database into the present schema; PRAGMA user_version counts the steps done. A released step never
// changes: add a new one. Times are microseconds since 1970 UTC, 0 for none.
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
	// Epochs were counters, and what was revoked was a list that a clock could cut short. All that was given with them ends here.
	// due is an age, see age.
	`DROP TABLE epochs;
	DROP TABLE revoked;
	DELETE FROM meta;
	DELETE FROM sessions;
	ALTER TABLE sessions ADD COLUMN due INTEGER NOT NULL DEFAULT 0;
	DELETE FROM refresh;
	ALTER TABLE refresh ADD COLUMN epoch TEXT NOT NULL DEFAULT '';
	ALTER TABLE refresh ADD COLUMN due INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE keys ADD COLUMN due INTEGER NOT NULL DEFAULT 0;
	UPDATE keys SET due = max(0, expires - 1000000 * CAST(strftime('%s', 'now') AS INTEGER)) + 2592000000000; -- 30 days
	CREATE TABLE epochs (
		subject TEXT PRIMARY KEY,
		epoch   TEXT NOT NULL, -- random: another one when the subject is logged out everywhere or changes
		print   TEXT NOT NULL -- of the password and the role that it belongs to
	) WITHOUT ROWID;
	CREATE TABLE families (family TEXT PRIMARY KEY, subject TEXT NOT NULL, due INTEGER NOT NULL) WITHOUT ROWID; -- logins that have tokens
	CREATE INDEX families_subject ON families (subject, due);
	CREATE TABLE known (subject TEXT NOT NULL, network TEXT NOT NULL, due INTEGER NOT NULL, PRIMARY KEY (subject, network)) WITHOUT ROWID; -- who got in from where`,
	`ALTER TABLE refresh ADD COLUMN audience TEXT NOT NULL DEFAULT ''; -- the member that its tokens are for; '' for this appliance
	ALTER TABLE refresh ADD COLUMN scope TEXT NOT NULL DEFAULT '';
	CREATE TABLE ended (id TEXT PRIMARY KEY, due INTEGER NOT NULL) WITHOUT ROWID; -- tokens of a trusted issuer that it has ended`,
	`CREATE TABLE codes ( -- with which members get tokens, see Guard.Code
		hash      TEXT PRIMARY KEY, -- SHA-256 of the code
		subject   TEXT NOT NULL,
		print     TEXT NOT NULL,
		epoch     TEXT NOT NULL,
		session   TEXT NOT NULL, -- SHA-256, as in sessions
		client    TEXT NOT NULL,
		redirect  TEXT NOT NULL,
		challenge TEXT NOT NULL,
		nonce     TEXT NOT NULL,
		since     INTEGER NOT NULL, -- when the session began
		expires   INTEGER NOT NULL,
		used      INTEGER NOT NULL,
		family    TEXT NOT NULL, -- of the tokens that came of it
		due       INTEGER NOT NULL
	) WITHOUT ROWID;
	CREATE INDEX codes_subject ON codes (subject, expires);`,
	`CREATE TABLE certificates (
		serial TEXT PRIMARY KEY, -- of a certificate of the house, that this issuer has signed
		member TEXT NOT NULL,
		ended  INTEGER NOT NULL, -- 1: before its time
		due    INTEGER NOT NULL
	) WITHOUT ROWID;
	CREATE INDEX certificates_member ON certificates (member, ended);`,
	`CREATE TABLE lent ( -- what sessions of people of the trusted issuer have of it, see lent.go
		session TEXT PRIMARY KEY, -- SHA-256, as in sessions
		issuer  TEXT NOT NULL,
		subject TEXT NOT NULL,
		issued  INTEGER NOT NULL,
		expires INTEGER NOT NULL, -- of the access token
		sealed  BLOB NOT NULL -- the tokens, encrypted with a key that is made from the cookie
	) WITHOUT ROWID;
	CREATE TRIGGER lent_ends AFTER DELETE ON sessions BEGIN DELETE FROM lent WHERE session = OLD.token; END;`,
	`CREATE TABLE passkeys (
		id         TEXT PRIMARY KEY, -- of the SHA-256 of the credential's
		subject    TEXT NOT NULL,
		name       TEXT NOT NULL, -- that its owner gave it
		host       TEXT NOT NULL, -- the name that it belongs to
		credential BLOB NOT NULL, -- its public key and what else the device has said
		counter    INTEGER NOT NULL,
		created    INTEGER NOT NULL,
		used       INTEGER NOT NULL
	) WITHOUT ROWID;
	CREATE INDEX passkeys_subject ON passkeys (subject);`,
	`ALTER TABLE epochs ADD COLUMN password TEXT NOT NULL DEFAULT ''; -- of the password alone, for which the passkeys were added; '' if unknown`,
}

// pragmas of the connection, the same as the history's.
var pragmas = []string{
	"busy_timeout(2000)", "synchronous(NORMAL)", "cache_size(-512)", "mmap_size(0)", "wal_autocheckpoint(256)",
	"journal_size_limit(1048576)", "trusted_schema(OFF)",
}

// DBName is the database's name in the state directory.
const DBName = "web.db"

// DB stores sessions, refresh tokens, the logins that have tokens, epochs, keys, who logged in from where, and the users that
// were made before a runbook declared any. It is safe for concurrent use, also by several processes.
type DB struct {
	db    *sql.DB
	clock clock
	age   age // set when it is opened
	// Aside is where a damaged database was moved, or "" if none was.
	Aside string

	mu      sync.Mutex // guards everything that follows: copies of what every request needs
	looked  time.Time
	version int64             // PRAGMA data_version: counts the changes of other processes
	live    map[string]bool   // families that were found in the database
	epochs  map[string]string // by subject
	keys    map[string]APIKey
}

// OpenDB opens the database of a state directory and creates it if necessary. A damaged one is set
// aside.
func OpenDB(stateDir string) (*DB, error) { return openDBWith(stateDir, machineClock()) }

func openDBWith(stateDir string, c clock) (*DB, error) {
	dir, err := statedir.Existing(stateDir)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	d, err := openDB(dir, c)
	if !isDamage(err) {
		return d, err
	}
	aside := DBName + time.Now().UTC().Format(".damaged-20060102T150405.000")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if moved := dir.Rename(DBName+suffix, aside+suffix); moved != nil && suffix == "" {
			return nil, fmt.Errorf("%s is damaged (%w) and cannot be set aside: %w", dir.Path(DBName), err, moved)
		}
	}
	if d, err = openDB(dir, c); err == nil {
		d.Aside = dir.Path(aside)
	}
	return d, err
}

func isDamage(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code()&0xff == sqlite3.SQLITE_CORRUPT || e.Code()&0xff == sqlite3.SQLITE_NOTADB)
}

func openDB(dir *statedir.Dir, c clock) (*DB, error) {
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
	d := &DB{db: db, clock: c}
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
		return fmt.Errorf("its schema has version %d but this program knows only 1 to %d: it was written by a newer ORAC", version, len(steps))
	}
	for ; version < len(steps); version++ {
		if _, err := d.db.Exec("BEGIN IMMEDIATE; " + steps[version] + "\n; PRAGMA user_version = " + strconv.Itoa(version+1) + "; COMMIT"); err != nil {
			_, _ = d.db.Exec("ROLLBACK")
			return err
		}
	}
	if err := d.openAge(); err != nil {
		return err
	}
	if err := d.write(d.keepAge); err != nil {
		return err
	}
	return d.load()
}

// Close closes the database.
func (d *DB) Close() error {
	_ = d.write(d.keepAge) // on failure the age falls behind, and things are deleted later
	return d.db.Close()
}

// lookEvery is how soon changes by other processes are seen.
const lookEvery = time.Second

// fresh brings the copies up to date. The caller holds the lock.
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
	err := d.db.QueryRow("PRAGMA data_version").Scan(&d.version)
	if err == nil {
		err = d.read()
	}
	if err != nil { // the copies are stale: the next caller reads them or gets the error
		d.version, d.looked = -1, time.Time{}
	}
	return err
}

// read reads the copies from the database. The caller holds the lock.
func (d *DB) read() error {
	epochs, err := readEpochs(d.db)
	if err != nil {
		return err
	}
	keys, err := d.readKeys()
	if err != nil {
		return err
	}
	d.live, d.epochs, d.keys = map[string]bool{}, epochs, keys
	return nil
}

func readEpochs(db *sql.DB) (map[string]string, error) {
	rows, err := db.Query("SELECT subject, epoch FROM epochs")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	epochs := map[string]string{}
	for rows.Next() {
		var subject, epoch string
		if err := rows.Scan(&subject, &epoch); err != nil {
			return nil, err
		}
		epochs[subject] = epoch
	}
	return epochs, rows.Err()
}

// write runs do in one transaction: it is applied entirely or not at all, and nobody else writes meanwhile. do must use the
// database only through the transaction.
func (d *DB) write(do func(*sql.Tx) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	tx, err := d.db.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n)
}
