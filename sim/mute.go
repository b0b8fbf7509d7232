package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/runbook/scenario"
)

// muting is what the world knows of the mutes that somebody has asked for.
type muting struct {
	under int           // faults that mute
	at    time.Duration // the last request
	sure  bool          // nothing has happened that may end it early
	jump  time.Duration // of the time of day, when it was asked for
	late  bool          // whoever comes next must unmute it: the clock was set while the process was down
}

// muteKept is how long the disk may take to hold a mute.
const muteKept = 2 * time.Second

// mute asks the appliance to be deaf for as long as the fault lasts. It ends by itself.
func (m *machine) mute(o *occurrence) (undo func()) {
	long := min(o.End-m.clock, status.MostMute)
	if long <= 0 {
		return func() {} // 0 would be until somebody unmutes it
	}
	u := &m.muting
	u.under++
	u.at, u.jump, u.sure = m.clock, m.jump, u.under == 1
	running := m.core
	rt.New(m.driver, "orac-mute", func(t *rt.Task) error {
		if _, err := running.Mute(t, status.MuteRequest{For: long, By: "user:anna"}); err != nil && !errors.Is(err, rt.ErrStopped) {
			m.broken = err
		}
		return nil
	})
	return func() {
		u.under--
		if u.late = u.late || m.jump != u.jump; u.late && u.under == 0 {
			m.unmute()
		}
	}
}

// unmute ends all mutes, now or when the process has started.
func (m *machine) unmute() {
	if m.core == nil {
		return
	}
	m.muting.late = false
	running := m.core
	rt.New(m.driver, "orac-unmute", func(t *rt.Task) error {
		_, err := running.Unmute(t, status.MuteRequest{By: "user:anna"})
		return err
	})
}

// ends notes that the process ends: the next one is muted if the disk could keep that, and if the clock stays as it was.
func (u *muting) ends(m *machine) {
	if m.jump != u.jump || m.clock-u.at < muteKept || m.refusal() != nil || m.diskBad >= u.at || m.ailments.has(scenario.DiskSlow) {
		u.sure = false
	}
}

// heard checks that a muted appliance hears nothing.
func (u *muting) heard(m *machine, at time.Duration, w event.Wake) {
	if u.under > 0 && u.sure && at > u.at && m.jump == u.jump {
		m.judge.Break(at, "muted", fmt.Sprintf("%s woke %s, and ORAC has been muted since %v", w.Model, w.Listener, u.at))
	}
}

// deaf tells whether the appliance takes no sound now.
func (m *machine) deaf() bool {
	return m.core != nil && slices.ContainsFunc(m.core.Muted(m.driver.Now(), m.epoch), func(x status.Mute) bool { return x.Listener == "" })
}

// silenced is what a muted appliance makes of a hop.
func silenced(pcm *[audio.HopSamples]int16, _ int) { clear(pcm[:]) }
