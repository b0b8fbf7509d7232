package rollout

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"orac/appliance/statedir"
)

const (
	journalName = "pushes.json"
	maxJournal  = 4 << 20
)

// Mark is what was pushed last to a member.
type Mark struct {
	Hash       string    `json:"hash"`
	Generation int       `json:"generation"`
	At         time.Time `json:"at"`
	By         string    `json:"by"`
	Push       string    `json:"push"`
}

// Journal keeps on the disk how far the last push came, and what was pushed last to each member. It holds hashes and no texts.
type Journal struct {
	dir string

	mu   sync.Mutex // guards everything that follows
	kept journalFile
}

type journalFile struct {
	Last   *Push           `json:"last,omitempty"`
	Pushed map[string]Mark `json:"pushed"`
}

// OpenJournal reads the journal of a folder, which is made when something is written. A push that was under way is interrupted: nobody
// knows whether the member that was being changed is changed. A journal that cannot be read is set aside.
func OpenJournal(dir string, log *slog.Logger) *Journal {
	j := &Journal{dir: dir, kept: journalFile{Pushed: map[string]Mark{}}}
	if dir == "" { // a test of something else
		return j
	}
	d, err := statedir.Existing(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return j
	}
	if err != nil {
		log.Error("cannot read the journal of pushes", "cause", err)
		return j
	}
	defer d.Close()
	text, err := d.ReadFile(journalName, maxJournal)
	if err == nil {
		err = json.Unmarshal(text, &j.kept)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		aside := fmt.Sprintf("%s.damaged-%d", journalName, time.Now().Unix())
		log.Error("the journal of pushes is damaged: what was pushed last is not known", "kept_as", d.Path(aside), "cause", errors.Join(err, d.Rename(journalName, aside)))
		j.kept = journalFile{}
	}
	if j.kept.Pushed == nil {
		j.kept.Pushed = map[string]Mark{}
	}
	if p := j.kept.Last; p != nil && p.Active() {
		interrupt(p, "ORAC ended")
		log.Warn("ORAC ended in the middle of a push: it does not go on by itself", "push", p.ID, "what", p.What)
	}
	return j
}

// interrupt says of a push under way how far it came. what has happened is the beginning of a sentence.
func interrupt(p *Push, what string) {
	p.State, p.Why = Interrupted, what+" in the middle of it"
	for i := range p.Steps {
		switch s := &p.Steps[i]; s.Stage {
		case Changing:
			s.Stage, s.Why = Unknown, what+" while it was being changed: look at the member"
		case Checking:
			s.Stage, s.Why = Unhealthy, "it was changed, and "+what+" before it was known to be healthy"
		case Ready:
			s.Stage = Untouched
		}
	}
}

// Last is the last push; nil if there was none.
func (j *Journal) Last() *Push {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.kept.Last
}

// Note writes how far a push has come.
func (j *Journal) Note(p *Push) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.kept.Last = p
	return j.write()
}

// Pushed notes what a member has got; the next Note writes it. The zero Mark means that it no longer runs what was pushed.
func (j *Journal) Pushed(member string, m Mark) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if delete(j.kept.Pushed, member); m.Hash != "" {
		j.kept.Pushed[member] = m
	}
}

// Mark is what was pushed last to a member; the zero Mark if nothing was.
func (j *Journal) Mark(member string) Mark {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.kept.Pushed[member]
}

func (j *Journal) write() error {
	text, err := json.Marshal(j.kept)
	if err != nil {
		return err
	}
	if j.dir == "" {
		return nil
	}
	d, err := statedir.Open(j.dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.WriteFile(journalName, text)
}
