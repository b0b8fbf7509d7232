package simulations

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// What a simulation leaves, by the ends of file names: its report in two forms, and what is known of it.
const (
	html   = "html"
	report = "json"
	known  = "run"
)

// appEnded is why a simulation has no end: nobody was there to see it.
const appEnded = "the appliance ended while it ran"

// maxKnown is the size of a file of what is known of a run, in bytes: its output, in which every byte may take six.
const maxKnown = 8 * maxOutput

var ours = regexp.MustCompile(`^([1-9][0-9]{0,8})\.(html|json|run)$`)

func (r *Runner) file(number int, end string) string {
	return filepath.Join(r.o.Dir, fmt.Sprintf("%d.%s", number, end))
}

// forget removes what a simulation has left.
func (r *Runner) forget(number int) {
	for _, end := range []string{html, report, known} {
		_ = os.Remove(r.file(number, end)) // there may be none
	}
}

// keep writes down what is known of a simulation.
func (r *Runner) keep(s *Simulation) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	part := filepath.Join(r.o.Dir, ".part")
	if err := os.WriteFile(part, text, 0o600); err != nil {
		_ = os.Remove(part)
		return err
	}
	return os.Rename(part, r.file(s.Number, known))
}

// recall reads what runs before this process have left. What is damaged or belongs to nothing is removed: it would never be
// counted, nor be shown.
func (r *Runner) recall() {
	entries, err := os.ReadDir(r.o.Dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.o.Log.Warn("simulations that were run before cannot be read", "cause", err)
		}
		return
	}
	seen := map[int]bool{}
	for _, e := range entries {
		m := ours.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		number, _ := strconv.Atoi(m[1]) // digits
		r.next = max(r.next, number+1)
		if seen[number] {
			continue
		}
		seen[number] = true
		s, err := r.load(number)
		if err != nil {
			r.o.Log.Info("a simulation that was run before cannot be read, and is forgotten", "number", number, "cause", err)
			r.forget(number)
			continue
		}
		r.list = append(r.list, s)
	}
	slices.SortFunc(r.list, func(a, b *Simulation) int { return b.Number - a.Number })
	r.prune()
}

// load reads what is known of a simulation.
func (r *Runner) load(number int) (*Simulation, error) {
	text, err := readFile(r.file(number, known), maxKnown)
	if err != nil {
		return nil, err
	}
	var s Simulation
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, err
	}
	if s.Number != number || s.State != Running && s.State != Ended || s.Seeds < 1 || s.Seeds > MaxSeeds {
		return nil, errors.New("it is not what was written")
	}
	if s.Running() { // when it ended is not known
		s.State, s.Ended, s.Exit, s.Failed = Ended, s.Began, -1, appEnded
	}
	if _, err := os.Stat(r.file(number, html)); err != nil {
		s.Report = false
	}
	return &s, nil
}

// prune forgets the oldest, until there are few and they are small. One that runs stays. The caller holds the lock.
func (r *Runner) prune() {
	bytes, kept := int64(0), 0
	r.list = slices.DeleteFunc(r.list, func(s *Simulation) bool {
		for _, end := range []string{html, report, known} {
			if info, err := os.Stat(r.file(s.Number, end)); err == nil {
				bytes += info.Size()
			}
		}
		if kept++; kept == 1 || s.Running() || kept <= maxRuns && bytes <= maxBytes {
			return false
		}
		r.forget(s.Number)
		return true
	})
}

// verdict reads how the report judges.
func (r *Runner) verdict(number int) (verdict string, reported bool) {
	text, err := readFile(r.file(number, report), maxReport)
	if err != nil {
		return "", false
	}
	var judged struct {
		Scenarios []struct {
			Verdict string `json:"verdict"`
		} `json:"scenarios"`
	}
	if err := json.Unmarshal(text, &judged); err != nil || len(judged.Scenarios) == 0 {
		return "", false
	}
	if _, err := os.Stat(r.file(number, html)); err != nil {
		return "", false
	}
	return judged.Scenarios[0].Verdict, true
}

// HTML gives the report of a simulation as a page, which holds no script, and JSON as a program reads it.
func (r *Runner) HTML(number int) ([]byte, error) { return r.reported(number, html) }

// JSON: see HTML.
func (r *Runner) JSON(number int) ([]byte, error) { return r.reported(number, report) }

func (r *Runner) reported(number int, end string) ([]byte, error) {
	s, err := r.Get(number)
	if err != nil || !s.Report {
		return nil, ErrUnknown
	}
	text, err := readFile(r.file(number, end), maxReport)
	if errors.Is(err, fs.ErrNotExist) { // it was forgotten just now
		return nil, ErrUnknown
	}
	return text, err
}

// readFile reads a regular file that is no larger than so many bytes.
func readFile(path string, most int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("%s is no file of at most %d bytes", filepath.Base(path), most)
	}
	return io.ReadAll(io.LimitReader(f, most))
}

// freeBytes is what a disk can still take.
func freeBytes(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * s.Bsize, nil
}
