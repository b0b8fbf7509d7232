package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// damage is a reason not to use a database that SQLite itself has no error for.
type damage struct{ error }

// isDamage tells errors of the database's content, while it is opened, from those of the disk, of permissions and of locks.
// SQLITE_ERROR is a statement that the schema does not fit.
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

// setAside renames the database and what SQLite keeps beside it, so that it can still be opened under its new name.
func setAside(path string, why error) (*SetAside, error) {
	to := path + ".damaged-" + time.Now().UTC().Format("20060102T150405")
	for n := 2; exists(to); n++ {
		to = fmt.Sprintf("%s.damaged-%s-%d", path, time.Now().UTC().Format("20060102T150405"), n)
	}
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(path+suffix, to+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return &SetAside{Path: to, Why: why}, nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
