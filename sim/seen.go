package sim

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"orac/sim/trial/schedule"
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

// starved tells whether something kept nodes from running within a period, so that sound was lost between them.
func (m *machine) starved(from, to time.Duration) bool {
	return slices.ContainsFunc(m.starving, func(s stretch) bool { return s.from < to && s.to+starvedFor >= from })
}

// starvedFor is how long nodes take to catch up.
const starvedFor = 2 * time.Second

// workOff is how long the appliance takes for the sound that waited while it was starved. Measured on a machine of two cores: a twelfth
// of the time, and four times as long when other programs want the cores, too.
func (m *machine) workOff(o *occurrence) time.Duration {
	starved := o.End - m.clock
	return min(starved/12+schedule.Jitter(m.random("work off "+o.Name), starved/4), starvedFor)
}
