package core

import "orac/appliance/rt"

// Unclean is a run without a recorded end.
type Unclean struct {
	Cause    string
	Evidence string
	Found    string // which of its recordings are there
}

// Follow tells the core of the run before it, which did not stop cleanly; nil: it did, or there was none. It is called before Run.
func (c *Core) Follow(u *Unclean) { c.before = u }

// tellUnclean records an incident of a run that did not stop cleanly. The incident has already
// ended: this process runs.
func (c *Core) tellUnclean(t *rt.Task) {
	u := c.before
	if u == nil {
		return
	}
	c.o.Slog.Warn(u.Cause, "found", u.Found)
	id, _ := c.log.Open(t, "orac", u.Cause, u.Evidence)
	c.log.Action(t, id, u.Found)
	c.log.Recover(t, id)
}
