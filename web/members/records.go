package members

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"orac/appliance/rollout"
	"orac/web/audit"
)

// Record is a record of a member, as that one wrote it.
type Record struct {
	Member string `json:"member"`
	audit.Line
}

// Filter is which records are wanted.
type Filter struct {
	Member, Who, Action string    // "": all
	Before              time.Time // zero: the newest
	Limit               int
}

// Records returns records of all members, newest first by what they say of their time.
func (c *Collector) Records(f Filter) (list []Record, err error) {
	match := func(r audit.Record) bool {
		return (f.Before.IsZero() || r.At.Before(f.Before)) && (f.Who == "" || r.Who == f.Who || r.For == f.Who) && (f.Action == "" || r.Action == f.Action)
	}
	for _, m := range c.Members() {
		if f.Member != "" && f.Member != m.Name {
			continue
		}
		page, err := c.copy(m.Name).Page(0, f.Limit, match)
		if err != nil {
			return nil, err
		}
		for _, l := range page {
			list = append(list, Record{m.Name, bounded(l)})
		}
		slices.SortStableFunc(list, func(a, b Record) int {
			return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Member, b.Member), cmp.Compare(b.Seq, a.Seq))
		})
		list = list[:min(len(list), f.Limit)] // no more than a page is ever held, whatever the number of members
	}
	return list, nil
}

const (
	maxText  = 1 << 10 // bytes of a text
	maxValue = 8 << 10 // bytes of what was before, and of what came after
)

// bounded is a record of which a hostile member has made no more than of one that ORAC writes.
func bounded(l audit.Line) audit.Line {
	for _, s := range []*string{&l.Who, &l.For, &l.Role, &l.Way, &l.From, &l.Request, &l.Action, &l.Target, &l.Why} {
		*s = rollout.Line(*s, maxText)
	}
	l.Outcome = audit.Outcome(rollout.Line(string(l.Outcome), 64))
	for _, v := range []*any{&l.Before, &l.After} {
		if text, err := json.Marshal(*v); err != nil || len(text) > maxValue {
			*v = fmt.Sprintf("(%d bytes)", len(text))
		}
	}
	return l
}

// Verified is what a check of a member's copy found.
type Verified struct {
	Member string `json:"member"`
	audit.Verdict
	Copied Copied `json:"copy"`
}

// Verify checks the copies of all members.
func (c *Collector) Verify() (list []Verified, err error) {
	for _, m := range c.Members() {
		v, err := c.copy(m.Name).Verify()
		if err != nil {
			return nil, err
		}
		list = append(list, Verified{m.Name, v, c.State(m.Name)})
	}
	return list, nil
}
