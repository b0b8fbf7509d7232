package store

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"orac/appliance/statedir"
)

// damage is a reason not to use a database for which SQLite itself has no error.
type damage struct{ error }

// isDamage distinguishes errors in the database's content, while it is opened, from errors of the disk, of permissions and
// of locks. SQLITE_ERROR is a statement that does not fit the schema.
func isDamage(err error) bool {
	if _, ok := errors.AsType[damage](err); ok {
		return true
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_SCHEMA, sqlite3.SQLITE_ERROR:
		return true
	}
	return e.Code() == sqlite3.SQLITE_IOERR_SHORT_READ
}

// setAside renames the database and SQLite's files next to it, so that it can still be opened under its new name.
func setAside(dir *statedir.Dir, name string, why error) (*SetAside, error) {
	to := name + ".damaged-" + time.Now().UTC().Format("20060102T150405")
	for n := 2; exists(dir, to); n++ {
		to = fmt.Sprintf("%s.damaged-%s-%d", name, time.Now().UTC().Format("20060102T150405"), n)
	}
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := dir.Rename(name+suffix, to+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return &SetAside{Path: dir.Path(to), Why: why}, nil
}

func exists(dir *statedir.Dir, name string) bool {
	_, err := dir.Lstat(name)
	return err == nil
}
