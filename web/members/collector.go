package members

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"orac/appliance/amount"
	"orac/appliance/event"
	"orac/appliance/rollout"
	"orac/web/audit"
)

const (
	readAtOnce    = 4 // members
	collectEvery  = time.Minute
	collectJitter = 10 * time.Second
	pieceLines    = 256
	maxPieces     = 64 // of one round: a long log takes several rounds
	silentAfter   = time.Hour
	emptyRounds   = 3 // answers without records although the log grows
	spotEvery     = 10
	spotLines     = 16
	maxAhead      = 5 * time.Minute // of a record's time
)

// Copied is what the centre holds of a member's audit log.
type Copied struct {
	Last    uint64    `json:"last" doc:"Number of the newest record that was fetched; 0: none was."`
	Fetched time.Time `json:"fetched,omitzero" doc:"When the member was last asked for records, and answered."`
	Problem string    `json:"problem,omitempty" doc:"The member shows another past than before. Both versions are kept, and nothing more is fetched until an admin accepts that."`
	Since   time.Time `json:"since,omitzero" doc:"Since when there is a problem."`
	Silent  string    `json:"silent,omitempty" doc:"Why no records come."`
	Closed  string    `json:"closed,omitempty" doc:"Why the member does not let the centre read it."`
	Odd     string    `json:"odd,omitempty" doc:"What is strange about the last records, and may be innocent."`
}

// Collector copies the audit logs of the members, and says when one breaks or falls silent.
type Collector struct {
	Dir     string // holds a folder for each member
	Members func() []Member
	Tell    func(node string, what event.Body)
	Record  func(member, why string) // writes into the audit log that one has broken; nil: nobody does
	Log     *slog.Logger

	soon  chan struct{} // asks for a round now; nil: nobody does
	mu    sync.Mutex    // guards everything that follows
	known map[string]*copied
}

// copied is what is known of one member's log.
type copied struct {
	turn sync.Mutex // held while the copy is used for a longer time than one call
	Copied
	loaded bool // guarded by turn
	empty  int
	rounds int
	tried  time.Time // since when it is asked
	told   event.MemberAudit
}

// of returns what is known of a member. It does not wait for the disk.
func (c *Collector) of(member string) *copied {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[string]*copied{}
	}
	k := c.known[member]
	if k == nil {
		k = &copied{tried: time.Now()}
		c.known[member] = k
	}
	return k
}

// load reads what an earlier run has left on the disk. The caller holds the member's turn.
func (c *Collector) load(member string, k *copied) {
	if k.loaded {
		return
	}
	p, bad := c.readProblem(member)
	end, err := c.copy(member).End()
	c.mu.Lock()
	defer c.mu.Unlock()
	if k.loaded = true; bad {
		k.Problem, k.Since = p.Why, p.At
	}
	if err == nil {
		k.Last = end.Seq
	}
}

func (c *Collector) copy(member string) *audit.Copy {
	return audit.CopyIn(filepath.Join(c.Dir, member, copyDir))
}

// State is what is known of a member's log.
func (c *Collector) State(member string) Copied {
	k := c.of(member)
	c.mu.Lock()
	defer c.mu.Unlock()
	return k.Copied
}

// Run collects until ctx ends.
func (c *Collector) Run(ctx context.Context) {
	for wait := time.Duration(rand.Int64N(int64(collectJitter))); ; wait = collectEvery + time.Duration(rand.Int64N(int64(collectJitter))) {
		select {
		case <-ctx.Done():
			return
		case <-c.soon:
		case <-time.After(wait):
		}
		var work sync.WaitGroup
		turns := make(chan struct{}, readAtOnce)
		for _, m := range c.Members() {
			if m.Remote == nil {
				continue
			}
			work.Go(func() {
				turns <- struct{}{}
				defer func() { <-turns }()
				c.collect(ctx, m)
			})
		}
		work.Wait()
	}
}

// Soon has records fetched now: something has just happened at members.
func (c *Collector) Soon() {
	select {
	case c.soon <- struct{}{}:
	default:
	}
}

// collect fetches what one member has recorded since the last time.
func (c *Collector) collect(ctx context.Context, m Member) {
	k := c.of(m.Name)
	k.turn.Lock()
	defer k.turn.Unlock()
	c.load(m.Name, k)
	c.mu.Lock()
	broken := k.Problem != ""
	k.rounds++
	spot := k.rounds%spotEvery == 0
	c.mu.Unlock()
	if broken {
		return
	}
	var err error
	more := true
	for range maxPieces {
		if more, err = c.piece(ctx, m, k); err != nil || !more {
			break
		}
	}
	if err == nil && spot && k.empty == 0 {
		err = c.spot(ctx, m)
	}
	if ctx.Err() == nil {
		c.conclude(m.Name, k, err)
	}
}

// conclude notes how a round went, and tells it if it is news.
func (c *Collector) conclude(member string, k *copied, err error) {
	var broken *broken
	if errors.As(err, &broken) {
		if kept := c.quarantine(member, broken); kept != nil {
			c.Log.Error("cannot keep what a member says of its audit log", "member", member, "cause", kept)
		}
		if c.Record != nil {
			c.Record(member, broken.Why)
		}
	}
	c.mu.Lock()
	now := time.Now()
	k.Silent, k.Closed = "", ""
	switch {
	case broken != nil:
		k.Problem, k.Since = broken.Why, now
	case err == nil && k.empty >= emptyRounds:
		k.Silent = "it grows, and no records come"
	case err == nil:
		k.Fetched = now
	case rollout.KindOf(err) == rollout.Denied && k.Last == 0:
		k.Closed = err.Error()
	default:
		last := k.Fetched
		if last.IsZero() {
			last = k.tried
		}
		if away := now.Sub(last); away >= silentAfter {
			k.Silent = fmt.Sprintf("no records for %s: %s", amount.Span(away.Round(time.Minute)), err)
		}
	}
	said := event.MemberAudit{Member: member, Broken: k.Problem}
	if k.Silent != "" {
		said.Silent = "it is silent"
	}
	news := said != k.told && (k.told != event.MemberAudit{} || said.Broken != "" || said.Silent != "")
	k.told = said
	if said.Silent != "" {
		said.Silent = k.Silent
	}
	c.mu.Unlock()
	if news && c.Tell != nil {
		c.Tell(NodeOf(member), said)
	}
}

// broken is why a member's log does not continue what was fetched before, with what it said.
type broken struct {
	Why    string
	Theirs audit.Chain
}

func (b *broken) Error() string { return b.Why }

// piece fetches the next records, and tells whether there are more.
func (c *Collector) piece(ctx context.Context, m Member, k *copied) (more bool, err error) {
	kept := c.copy(m.Name)
	end, err := kept.End()
	if err != nil {
		return false, &rollout.Error{Kind: rollout.Nonsense, Told: "the copy cannot be read: " + err.Error()}
	}
	after := max(end.Seq, 1) - 1 // the last known record comes once more, and is compared
	chain, err := m.Remote.Chain(ctx, after, pieceLines)
	if err != nil {
		return false, err
	}
	lines, err := continued(end, chain)
	if err != nil {
		return false, err
	}
	if end.Seq == 0 && len(lines) > 0 {
		if other := c.twin(m.Name, lines[0]); other != "" {
			return false, &broken{"it is the audit log of " + other, chain}
		}
	}
	list, err := audit.Follow(audit.Point(end), lines)
	if err == nil {
		err = kept.Take(lines)
	}
	if b, ok := errors.AsType[*audit.Break](err); ok {
		return false, &broken{rollout.Line(b.Why, 300), chain}
	}
	if err != nil {
		return false, &rollout.Error{Kind: rollout.Nonsense, Told: "the copy cannot be written: " + err.Error()}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(list) == 0 && chain.Last > end.Seq {
		k.empty++
	} else {
		k.empty = 0
	}
	if len(list) > 0 {
		last := list[len(list)-1]
		k.Last, k.Odd = last.Seq, ""
		if ahead := time.Until(last.At); ahead > maxAhead {
			k.Odd = "record " + fmt.Sprint(last.Seq) + " is from the future: its clock is ahead by " + amount.Span(ahead.Round(time.Second))
		}
	}
	return len(list) > 0 && k.Last < chain.Last, nil
}

// continued returns the lines of an answer that are new, if the answer continues a chain.
func continued(end audit.Point, chain audit.Chain) ([]string, error) {
	bad := func(format string, args ...any) ([]string, error) {
		return nil, &broken{fmt.Sprintf(format, args...), chain}
	}
	if end.Seq == 0 {
		return chain.Lines, nil
	}
	switch {
	case chain.Last < end.Seq:
		return bad("its log ends at record %d, and record %d was fetched before: the end was cut off", chain.Last, end.Seq)
	case chain.Last == end.Seq && chain.Head != end.Hash:
		return bad("record %d is not what was fetched before: it was rewritten", end.Seq)
	case len(chain.Lines) == 0:
		return nil, nil // it is silent, if the end has moved
	case chain.First > end.Seq:
		return bad("its log begins at record %d, and only those up to %d were fetched: what is between was deleted first", chain.First, end.Seq)
	}
	first, err := audit.Follow(audit.Point{}, chain.Lines[:1])
	if err != nil {
		return bad("%s", rollout.Line(err.Error(), 300))
	}
	if first[0].Seq != end.Seq || first[0].Hash != end.Hash {
		return bad("record %d is not what was fetched before: it was rewritten", end.Seq)
	}
	return chain.Lines[1:], nil
}

// twin returns the member whose log begins with the same record: two appliances never write the same one.
func (c *Collector) twin(member, first string) string {
	for _, m := range c.Members() {
		if m.Name == member {
			continue
		}
		list, err := audit.Follow(audit.Point{}, []string{first})
		if err != nil {
			return ""
		}
		same, err := c.copy(m.Name).After(list[0].Seq-1, 1, 1)
		if err == nil && len(same.Lines) == 1 && same.Lines[0] == first {
			return m.Name
		}
	}
	return ""
}

// spot compares a few records of the past with what was fetched.
func (c *Collector) spot(ctx context.Context, m Member) error {
	kept := c.copy(m.Name)
	all, err := kept.After(0, 1, 1)
	if err != nil || all.Last <= all.First {
		return nil
	}
	after := all.First - 1 + rand.Uint64N(all.Last-all.First+1)
	ours, err := kept.After(after, spotLines, maxAnswer)
	if err != nil {
		return nil // the next round tells
	}
	theirs, err := m.Remote.Chain(ctx, after, spotLines)
	if err != nil {
		return err
	}
	if theirs.First > after+1 { // it has deleted them by now
		return nil
	}
	for i, text := range ours.Lines {
		if i < len(theirs.Lines) && theirs.Lines[i] != text || i >= len(theirs.Lines) && len(theirs.Lines) == 0 {
			return &broken{fmt.Sprintf("record %d of its past is not what was fetched before: it was rewritten", after+uint64(i)+1), theirs}
		}
	}
	return nil
}

// tail is the last kept lines of a member, for a comparison.
func (c *Collector) tail(member string) []string {
	end, err := c.copy(member).End()
	if err != nil {
		return nil
	}
	chain, err := c.copy(member).After(end.Seq-min(end.Seq, spotLines), spotLines, maxAnswer/8)
	if err != nil {
		return []string{strings.TrimSpace(err.Error())}
	}
	return chain.Lines
}
