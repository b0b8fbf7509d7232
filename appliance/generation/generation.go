// Package generation keeps the runbooks that were applied, each with its inputs, so that the appliance can return to any of them.
//
// It guarantees:
//
//   - After a power loss or a kill at any moment, either the previous generation or the new one is current, and it is complete.
//   - A generation whose files are damaged is recognised by its checksums. It is listed as damaged, never used and never deleted:
//     Open moves it to generations/damaged. It never affects the other generations.
//   - No stored file holds a secret, except one that the text of the runbook spells out. Hashes stand for secrets.
//   - A generation can be evaluated again even if the files that its file() calls read, or the variables it was given, have
//     changed meanwhile.
//
// A Store keeps no state of its own: the disk is read each time. It belongs to one task at a time.
//
//	generations/current                   the number of the current one
//	generations/0000000003/runbook.hcl    its text
//	generations/0000000003/inputs.json    variables, texts of files, hashes of everything else
//	generations/0000000003/meta.json      when, why, and checksums; written last
//	generations/damaged/0000000002/       for people
//	generations/files/SHA256.onnx         models as they were, when they are named by path: see FilesDir
package generation

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"orac/appliance/rt"
	"orac/runbook/language"
)

const (
	dir        = "generations"
	damagedDir = dir + "/damaged"
	current    = "current"

	runbookFile = "runbook.hcl"
	inputsFile  = "inputs.json"
	metaFile    = "meta.json"
	// removedFile is the name of meta.json in a generation that is being removed.
	removedFile = "meta.removed"
)

// Limits of each file, for reading and writing. Inputs keep up to 8 MiB of text, which JSON can make six times as large.
const (
	maxInputs  = 64 << 20
	maxMeta    = 64 << 10
	maxCurrent = 64
	// maxEntries bounds how many generations, and how many files of each, are looked at; a runbook keeps at most 1000.
	maxEntries = 4096
	// maxNumber is the largest number that has ten digits.
	maxNumber = 9_999_999_999
)

// The errors of Load and LastGood, besides those of the file system.
var (
	ErrNone    = errors.New("there is no generation")
	ErrDamaged = errors.New("the generation is damaged")
)

// errCurrent says that it is not known which generation is current.
var errCurrent = errors.New("the current generation is not known")

// Generation is a runbook as it was applied.
type Generation struct {
	Number  int // from 1; set by Commit
	Applied time.Time
	File    string // name of the runbook; relative paths are relative to it
	Note    string // "start", "apply", "rollback to 3"
	Source  []byte // at most language.MaxFileSize
	Inputs  language.Inputs
}

// Store is the generations below a state directory.
type Store struct {
	fs      rt.FS
	reports []Report
}

// Report says what Open did with something that it found.
type Report struct {
	Number int
	Cause  string // why the generation was moved to generations/damaged, and what was wrong with it
}

// Reports returns what Open has done. A second call returns nothing.
func (s *Store) Reports() []Report {
	r := s.reports
	s.reports = nil
	return r
}

// Load returns a generation. The error wraps ErrNone when there is no generation with that number, and ErrDamaged when it cannot
// be used.
func (s *Store) Load(t *rt.Task, number int) (*Generation, error) {
	g, err := s.read(t, dir, number)
	if err != nil {
		return nil, fmt.Errorf("generation %d: %w", number, err)
	}
	return g, nil
}

// Current returns the number of the generation that was committed last, or 0 when there is none. It does not check whether that
// generation is damaged.
func (s *Store) Current(t *rt.Task) (int, error) {
	entries, err := s.entries(t, dir)
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(entries, func(e rt.FileInfo) bool { return e.Name == current })
	if i < 0 {
		return 0, nil
	}
	var b []byte
	if entries[i].Size <= maxCurrent {
		if b, err = s.fs.ReadFile(t, dir+"/"+current, maxCurrent); err != nil {
			return 0, fmt.Errorf("generations: %w", err)
		}
	}
	n, err := strconv.Atoi(strings.TrimSuffix(string(b), "\n"))
	if err != nil || n < 1 || n > maxNumber {
		return 0, fmt.Errorf("%w: %s/%s holds no number; the next apply rewrites it", errCurrent, dir, current)
	}
	return n, nil
}

// Candidates returns the numbers of the generations to start with, the best first: the current one, then the older ones, newest
// first, then the newer ones, newest first. Some may be damaged.
func (s *Store) Candidates(t *rt.Task) ([]int, error) {
	numbers, err := s.numbers(t, dir)
	if err != nil {
		return nil, err
	}
	now, err := s.Current(t)
	if err != nil {
		now = maxNumber // the current one is unknown: the newest is the best guess
	}
	slices.Reverse(numbers)
	first := slices.IndexFunc(numbers, func(n int) bool { return n <= now })
	if first < 0 {
		return numbers, nil
	}
	return slices.Concat(numbers[first:], numbers[:first]), nil
}

// LastGood returns the generation to start with: the first of the candidates that is not damaged. The error wraps ErrNone when
// there is none.
func (s *Store) LastGood(t *rt.Task) (*Generation, error) {
	numbers, err := s.Candidates(t)
	if err != nil {
		return nil, err
	}
	for _, n := range numbers {
		if g, err := s.Load(t, n); err == nil {
			return g, nil
		}
	}
	return nil, fmt.Errorf("last good generation: %w", ErrNone)
}

func folder(number int) string { return fmt.Sprintf("%010d", number) }

// numberOf returns the number that a folder's name stands for, or 0 when it is not the folder of a generation.
func numberOf(name string) int {
	n, err := strconv.Atoi(name)
	if err != nil || n < 1 || folder(n) != name {
		return 0
	}
	return n
}
