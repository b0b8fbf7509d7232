package members

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"orac/appliance/rollout"
	"orac/appliance/statedir"
	"orac/web/audit"
)

const (
	copyDir     = "audit"
	problemName = "problem.json"
	maxProblem  = 4 << 20
	maxAside    = 8 // broken chains that are kept
)

// problem is the evidence that a member shows two pasts: the end of what was fetched, and what it says now.
type problem struct {
	At     time.Time   `json:"at"`
	Why    string      `json:"why"`
	Ours   []string    `json:"ours"`
	Theirs audit.Chain `json:"theirs"`
}

// folder opens the folder of a member, and makes it if it does not exist.
func (c *Collector) folder(member string) (*statedir.Dir, error) {
	if err := statedir.Make(c.Dir); err != nil {
		return nil, err
	}
	return statedir.Open(filepath.Join(c.Dir, member))
}

// quarantine keeps both versions. Nothing is fetched any more while it is there.
func (c *Collector) quarantine(member string, b *broken) error {
	d, err := c.folder(member)
	if err != nil {
		return err
	}
	defer d.Close()
	text, err := json.Marshal(problem{time.Now().UTC(), b.Why, c.tail(member), b.Theirs})
	if err != nil {
		return err
	}
	return d.WriteFile(problemName, text)
}

// readProblem returns what quarantine has kept. One that cannot be read is a problem, too.
func (c *Collector) readProblem(member string) (p problem, ok bool) {
	d, err := statedir.Existing(filepath.Join(c.Dir, member))
	if errors.Is(err, fs.ErrNotExist) {
		return p, false
	}
	if err != nil {
		return problem{At: time.Now(), Why: "its copy cannot be read: " + rollout.Line(err.Error(), 200)}, true
	}
	defer d.Close()
	text, err := d.ReadFile(problemName, maxProblem)
	if errors.Is(err, fs.ErrNotExist) {
		return p, false
	}
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil || p.Why == "" {
		return problem{At: time.Now(), Why: "what was wrong with it cannot be read any more"}, true
	}
	return p, true
}

// ErrNoProblem means that there is nothing to accept.
var ErrNoProblem = errors.New("the audit log of that member has no problem")

// Renew sets the copy of a member aside, with what the member said instead, and begins a new copy with what it shows now.
func (c *Collector) Renew(member string) error {
	k := c.of(member)
	k.turn.Lock()
	defer k.turn.Unlock()
	c.load(member, k)
	c.mu.Lock()
	is := k.Problem != ""
	c.mu.Unlock()
	if !is {
		return ErrNoProblem
	}
	d, err := c.folder(member)
	if err != nil {
		return err
	}
	defer d.Close()
	to := ""
	for n := 1; to == ""; n++ {
		name := fmt.Sprintf("broken-%d", n)
		_, err := d.Lstat(name)
		switch {
		case n > maxAside:
			return &rollout.Cannot{Why: fmt.Sprintf("%d broken logs of this member are kept already: move the folders broken-N out of %s.", maxAside, d.Path())}
		case errors.Is(err, fs.ErrNotExist):
			to = name
		case err != nil:
			return err
		}
	}
	if err := d.Mkdir(to); err != nil {
		return err
	}
	for _, name := range []string{copyDir, problemName} { // the problem last: until then nothing is fetched
		if err := d.Rename(name, to+"/"+name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := d.Sync(); err != nil {
		return err
	}
	c.mu.Lock()
	k.Copied, k.empty = Copied{}, 0
	c.mu.Unlock()
	return nil
}
