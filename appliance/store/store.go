// Package store keeps the history of an appliance (detections, utterances, deliveries, transcripts, commands, mutes, incidents and restarts)
// in one SQLite file.
//
// Guarantees:
//
//   - What a method wrote is there for every later read, and survives the end of the process. A power loss may lose the last
//     seconds (WAL, synchronous NORMAL) but never damages the file; the spool, not the store, is what keeps an utterance.
//   - Writing the same record again changes nothing, so a node may repeat itself after a restart.
//   - A database that cannot be used is renamed and kept, never repaired or overwritten, and a new one replaces it.
//   - A full or failing disk leads to an error that wraps SQLite's and leaves the store usable once there is room again.
//   - There is one connection with 256 KiB of page cache and no memory map of the file: about 2.6 MiB of RSS when opened and
//     4.5 MiB with a full cache. Methods may be called from anywhere and block for as long as the disk does.
package store

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"orac/appliance/statedir"
)

// pragmas of the connection. The write-ahead log is brought back into the file every 256 pages of 4 KiB, so that it stays at
// about 1 MiB.
var pragmas = []string{
	"busy_timeout(2000)", // ms; someone may look into the file with a tool
	"synchronous(NORMAL)",
	"cache_size(-256)", // KiB, by being negative
	"mmap_size(0)",
	"wal_autocheckpoint(256)",
	"journal_size_limit(1048576)",
	"trusted_schema(OFF)",
}

// Store is an open database.
type Store struct {
	db *sql.DB
	// The prepared statements by their text.
	statements map[string]*sql.Stmt
}

// Open opens the database at path, or makes a new one. A database that is damaged, not a database, not ours or of a newer
// version is first set aside under another name, which the second value reports. The folder must exist and be writable.
func Open(path string) (*Store, *SetAside, error) {
	dir, err := statedir.Existing(filepath.Dir(path))
	if err != nil {
		return nil, nil, fmt.Errorf("store: %w; the state directory must exist and be writable", err)
	}
	defer dir.Close()
	return openIn(dir, filepath.Base(path))
}

// Name is the name of the database in a state directory.
const Name = "orac.db"

// In is Open for the database of a state directory.
func In(dir *statedir.Dir) (*Store, *SetAside, error) { return openIn(dir, Name) }

func openIn(dir *statedir.Dir, name string) (*Store, *SetAside, error) {
	s, err := open(dir, name)
	if !isDamage(err) {
		return s, nil, err
	}
	aside, moveErr := setAside(dir, name, err)
	if moveErr != nil {
		return nil, nil, fmt.Errorf("store %s is damaged (%w) and cannot be set aside: %w", dir.Path(name), err, moveErr)
	}
	s, err = open(dir, name)
	return s, aside, err
}

func open(dir *statedir.Dir, name string) (*Store, error) {
	path, err := dir.Database(name)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	s := &Store{db: db, statements: map[string]*sql.Stmt{}}
	if err := errors.Join(s.prepare(), dir.Same()); err != nil {
		return nil, errors.Join(fmt.Errorf("store %s: %w", path, err), db.Close())
	}
	return s, nil
}

// prepare checks the file, brings its schema up to date and prepares the statements.
func (s *Store) prepare() error {
	var verdict string
	if err := s.db.QueryRow("PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return damage{errors.New(verdict)}
	}
	if err := s.migrate(); err != nil {
		return err
	}
	// This comes last because it changes the file: a file that is to be set aside stays as it was. Where WAL is not
	// possible (no shared memory) SQLite keeps its rollback journal, and all guarantees hold.
	if _, err := s.db.Exec("PRAGMA journal_mode = WAL"); err != nil {
		return err
	}
	for _, text := range []string{
		insertDetection, upsertUtterance, upsertDelivery, insertTranscript,
		selectDetections, selectUtterances, selectDeliveries, selectTranscripts, countRows, countOutcomes,
		pruneDetections, pruneUtterances, pruneDeliveries, pruneTranscripts,
		upsertIncident, endIncidents, insertRestart, selectIncidents, selectIncident, selectRestarts, countRestarts,
		pruneIncidents, pruneRestarts, pruneEvidence, upsertVerdict, selectVerdict, selectJudged, pruneVerdicts,
		upsertCommand, selectCommands, selectCommandsOf, selectCommandsOfWake, pruneCommands,
		insertMute, selectMutes, pruneMutes,
		newestMark, moveMarks, dueMark, pruneMarks, insertMark,
	} {
		stmt, err := s.db.Prepare(text)
		if err != nil {
			return fmt.Errorf("the schema is not ORAC's: %w", err)
		}
		s.statements[text] = stmt
	}
	return nil
}

func (s *Store) migrate() error {
	var version int
	if err := s.db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version < 0 || version > len(steps) {
		return damage{fmt.Errorf("its schema has version %d but this program knows only 1 to %d", version, len(steps))}
	}
	for ; version < len(steps); version++ {
		err := s.transact(func(tx *sql.Tx) error {
			if _, err := tx.Exec(steps[version]); err != nil {
				return err
			}
			_, err := tx.Exec("PRAGMA user_version = " + strconv.Itoa(version+1))
			return err
		})
		if err != nil {
			return fmt.Errorf("schema step %d: %w", version+1, err)
		}
	}
	return nil
}

func (s *Store) transact(f func(*sql.Tx) error) error {
	tx, err := s.db.Begin()
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback() // report the first error; SQLite may have rolled back already
		return err
	}
	if err := tx.Commit(); err != nil {
		_ = tx.Rollback()
		return err
	}
	return nil
}

// Close closes the database and moves the write-ahead log back into the file.
func (s *Store) Close() error { return s.db.Close() }
