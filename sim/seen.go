package sim

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"orac/runbook"
)

// spooled returns the IDs of the utterances in the spool, as its files say.
func (m *machine) spooled() (ids []string) {
	for _, name := range m.disk.Files() {
		if strings.HasPrefix(name, "spool/") && strings.HasSuffix(name, ".json") {
			ids = append(ids, m.meta(name))
		}
	}
	return ids
}

// meta returns the ID of the utterance that a file of the spool describes; "" if the file is
// malformed.
func (m *machine) meta(name string) string {
	var meta struct{ ID string }
	_ = json.Unmarshal(m.disk.Peek(name), &meta) // a malformed file names nobody
	return meta.ID
}

// runbook returns the runbook that the process runs, or the first one while no process runs.
func (m *machine) runbook() *runbook.Runbook {
	if m.core == nil {
		return m.first
	}
	return m.core.Graph().Runbook
}

// alone tells whether the fault being made is the only one, now and for a while before: whatever happens to the
// appliance is then its effect.
func (m *machine) alone() bool {
	calm := func(s stretch) bool { return s.from == m.clock || s.to != 0 && s.to+longest < m.clock }
	return m.faulty <= 1 && (m.diskBad == 0 || m.clock-m.diskBad > longest) && !slices.ContainsFunc(m.trouble, func(s stretch) bool { return !calm(s) })
}

// disturbed notes a period in which sound is disturbed.
func (m *machine) disturbed(from, to time.Duration) { m.trouble = append(m.trouble, stretch{from, to}) }

// heldUp returns the start of a disturbance that lasted until just before a time: nodes may not
// have run since.
func (m *machine) heldUp(at time.Duration) (since time.Duration, ok bool) {
	for _, s := range m.trouble {
		if s.from < at && s.to+time.Second >= at {
			return s.from, true
		}
	}
	return 0, false
}

// couldHear tells whether nothing prevented the appliance from hearing a sound.
func (m *machine) couldHear(d *microphone, p *play) bool {
	from, to := p.at-3*time.Second, p.until+wakeLate
	if m.driver == nil || m.booted+5*time.Second > p.at || m.account.opened[d.name]+2*time.Second > p.at {
		return false
	}
	return !slices.ContainsFunc(m.trouble, func(s stretch) bool { return s.from < to && (s.to == 0 || s.to+2*time.Second > from) })
}

// starved tells whether something kept nodes from running within a period, so that sound was lost between them.
func (m *machine) starved(from, to time.Duration) bool {
	return slices.ContainsFunc(m.starving, func(s stretch) bool { return s.from < to && s.to+starvedFor >= from })
}

// starvedFor is how long nodes take to catch up.
const starvedFor = 2 * time.Second
