package appliance

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"orac/appliance/node"
	"orac/appliance/provenclock"
	"orac/appliance/record"
	"orac/appliance/rt/live"
	"orac/appliance/statedir"
	"orac/appliance/store"
)

// State is an open state directory. It belongs to one process at a time.
type State struct {
	Dir      string // absolute
	Folder   *statedir.Dir
	FS       *live.FS
	Store    node.Book
	Temp     string          // for files that are not needed after a restart; empty at the start
	HashKey  []byte          // for the hashes that replace secrets in generations: the same at every start
	Problems []string        // problems that do not keep the appliance from starting
	SetAside *store.SetAside // a damaged history that was moved out of the way; nil if there was none

	history *store.Store
	lock    *os.File
}

// ErrLocked means that another process has the state directory open.
var ErrLocked = errors.New("in use")

// OpenState opens and locks a state directory. It makes the directory with mode 0700 if there is
// none.
func OpenState(dir string) (*State, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, stateError(dir, err)
	}
	s := &State{Dir: abs}
	if err := s.open(); err != nil {
		s.Close()
		return nil, stateError(dir, err)
	}
	return s, nil
}

func (s *State) open() (err error) {
	if s.Folder, err = statedir.Open(s.Dir); err != nil {
		return err
	}
	s.FS = live.NewFS(s.Folder)
	s.Problems = append(s.Problems, s.Folder.Problems...)
	if err = s.take(); err != nil {
		return err
	}
	if err := s.key(); err != nil {
		return err
	}
	s.Folder.Sweep()
	s.Temp = s.Folder.Path("tmp")
	if err = s.Folder.RemoveAll("tmp"); err == nil { // left by a process that was killed
		err = s.Folder.Mkdir("tmp")
	}
	if err := s.excuse(err, "temporary files are kept elsewhere"); err != nil {
		return err
	} else if _, err := s.Folder.Lstat("tmp"); err != nil {
		s.Temp = os.TempDir()
	}
	s.history, s.SetAside, err = store.In(s.Folder)
	s.Store = s.history
	if err != nil {
		s.Store = noHistory{err}
	}
	return s.excuse(err, "no history is written")
}

// key reads the key of hashes, or makes one.
func (s *State) key() (err error) {
	s.HashKey, err = hashKey(s.Folder)
	return s.excuse(err, "a plan made at the next start will not know what has changed since this one")
}

// HashKey returns the key of a state directory's hashes, or makes one. A key that cannot be written lasts as long as this
// process.
func HashKey(dir string) ([]byte, error) {
	d, err := statedir.Open(dir)
	if err != nil {
		return nil, stateError(dir, err)
	}
	defer d.Close()
	return hashKey(d)
}

func hashKey(d *statedir.Dir) ([]byte, error) {
	const name, size = "hash.key", 32
	if b, err := d.ReadFile(name, size); err == nil && len(b) == size {
		return b, nil
	}
	key := make([]byte, size)
	_, _ = rand.Read(key) // never fails
	return key, d.WriteFile(name, key)
}

// excuse lets the appliance start on a full disk: a machine that boots with one must still hear. Other errors are returned.
func (s *State) excuse(err error, consequence string) error {
	if err == nil || !errors.Is(err, syscall.ENOSPC) && !strings.Contains(err.Error(), "disk is full") {
		return err
	}
	s.Problems = append(s.Problems, fmt.Sprintf("the disk of %s is full (%v): %s; make room", s.Dir, err, consequence))
	return nil
}

// noHistory is the book of an appliance that cannot keep one.
type noHistory struct{ err error }

func (n noHistory) AddDetection(record.Detection) error                            { return n.err }
func (n noHistory) SaveUtterance(record.Utterance) error                           { return n.err }
func (n noHistory) SaveCommand(record.Command) error                               { return n.err }
func (n noHistory) AddMute(record.Mute) error                                      { return n.err }
func (n noHistory) SaveDelivery(record.Delivery, *record.Transcript) error         { return n.err }
func (n noHistory) Prune(provenclock.Point, bool, time.Duration, int) (int, error) { return 0, n.err }

// take locks the directory. The lock ends with the process, however that ends.
func (s *State) take() error {
	f, err := s.Folder.OpenFile("lock", os.O_RDWR|os.O_CREATE)
	if err != nil {
		return err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		var pid [32]byte
		n, _ := f.ReadAt(pid[:], 0) // naming the holder is helpful, not necessary
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return fmt.Errorf("%w by process %s", ErrLocked, strings.TrimSpace(string(pid[:n])))
		}
		return err
	}
	s.lock = f
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0) // it helps people; the lock does not need it, and the disk may be full
	return nil
}

// stateError says what to do about a state directory that cannot be opened.
func stateError(dir string, err error) error {
	if refused, ok := errors.AsType[*statedir.Refusal](err); ok {
		return fmt.Errorf("state directory %w", refused)
	}
	hint := "check that it is a folder that you own"
	switch {
	case errors.Is(err, ErrLocked):
		hint = "another orac uses it: stop that one, or give this one a folder of its own with --state-dir"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		hint = "it cannot be written: choose another with --state-dir or ORAC_STATE_DIR"
	case errors.Is(err, syscall.ENOSPC):
		hint = "the disk is full: make room, or choose another with --state-dir"
	}
	return fmt.Errorf("state directory %s: %w; %s", dir, err, hint)
}

// History is the history, or nil if none can be kept.
func (s *State) History() *store.Store { return s.history }

// Close frees the directory.
func (s *State) Close() {
	if s.history != nil {
		_ = s.history.Close() // everything it wrote is on disk already
	}
	if s.Folder != nil {
		_ = s.Folder.Close()
	}
	if s.lock != nil {
		_ = s.lock.Close()
	}
}
