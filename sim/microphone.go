package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"

	"orac/appliance/audio"
	"orac/appliance/rt"
	"orac/runbook"
	"orac/runbook/scenario"
	"orac/sim/trial/schedule"
)

// microphone is a model of an input of the machine, faithful at the pipe between the capture process and the appliance. A
// hop arrives every 80 ms of world time, the pipe keeps 32 for a slow reader, and an opening takes 40 to 100 ms (measured on
// the real process). Faults show as they do there: the stream ends, or nothing arrives.
type microphone struct {
	m        *machine
	name     string // of the runbook's block
	identity string
	index    int // changes whenever it is plugged in
	present  bool
	program  program // what is heard
	heard    heard   // the part of it that the appliance was given

	ailments
	streams []*micStream
	other   bool            // another device is in its place
	held    time.Duration   // until then, a read that has its hop does not return
	tried   []time.Duration // openings of the last minute
	r       *rand.Rand
	level   []levelBucket
}

const (
	// backlog is how many hops wait in the pipe for a slow reader, as in the real capture.
	backlog = 32
	// openLeast and openMost bound the time from the start of the capture process to its first hop: measured.
	openLeast, openMost = 41 * time.Millisecond, 104 * time.Millisecond
)

// holders returns how many instances have the device open now.
func (d *microphone) holders() int { return len(d.streams) }

// suffers tells whether the device, or the machine, has an ailment that fits.
func (d *microphone) suffers(fits func(*ailment) bool) bool {
	return d.first(fits) != nil || d.m.ailments.first(fits) != nil
}

func hangs(x *ailment) bool  { return x.hangs }
func silent(x *ailment) bool { return x.silent }

// source opens the runbook's device for one instance. Like the real one, it stays with the device that it opened first.
type source struct {
	mic   *microphone
	block runbook.Microphone
	known bool // it was opened before; if the runbook names no device, this is the one
}

var (
	errNoDevice = errors.New("there is no such input; it is tried again, and orac devices shows what there is")
	errNoServer = errors.New("the audio server does not answer: connection refused")
	errHangs    = errors.New("no sound in time: the device or the audio server hangs; it is tried again, and orac devices shows what answers")
)

// Open implements audio.Source.
func (s *source) Open(t *rt.Task) (audio.Stream, error) {
	d := s.mic
	began := t.Now()
	d.tries(s.block)
	if err := t.Sleep(openLeast + schedule.Jitter(d.r, openMost-openLeast)); err != nil {
		return nil, err
	}
	timeout := s.block.StartTimeout
	if timeout <= 0 {
		timeout = 5 * time.Second
	}
	fail := func(err error) (audio.Stream, error) { return nil, fmt.Errorf("microphone %s: %w", d.identity, err) }
	if d.m.ailments.has(scenario.Descriptors) {
		return fail(syscall.EMFILE)
	}
	for d.suffers(hangs) {
		if t.Now().Sub(began) >= timeout {
			return fail(fmt.Errorf("%w: %w", errHangs, rt.ErrTimeout))
		}
		if err := t.Sleep(min(100*time.Millisecond, timeout-t.Now().Sub(began))); err != nil {
			return nil, err
		}
	}
	if d.m.ailments.has(scenario.AudioDown) {
		return fail(errNoServer)
	}
	if !d.present {
		if !d.other || !s.fits(otherIdentity) {
			return fail(errNoDevice)
		}
		if err := t.Sleep(timeout - t.Now().Sub(began)); err != nil { // the other device delivers no sound, and a device is open only once it does
			return nil, err
		}
		return fail(fmt.Errorf("%w: %w", errHangs, rt.ErrTimeout))
	}
	s.known = true
	st := &micStream{mic: d, index: d.index, from: d.m.hop(d.m.now()), look: d.m.now() + audio.LookEvery}
	d.streams = append(d.streams, st)
	d.heard.opened()
	d.m.held(d)
	st.process = t.Go("capture", func(t *rt.Task) error { // it ends with its owner, for whatever reason
		defer st.release()
		for !t.Stopping() {
			_ = t.Sleep(24 * time.Hour)
		}
		return nil
	})
	return st, nil
}

// mostTries is how often a device may be opened within a minute, whatever happens to it. With the default settings the
// appliance tries half as often.
const mostTries = 60

// tries notes an attempt to open the device. Retrying without a pause would heat the machine and fill the
// log.
func (d *microphone) tries(b runbook.Microphone) {
	now := d.m.now()
	d.tried = append(slices.DeleteFunc(d.tried, func(at time.Duration) bool { return now-at > time.Minute }), now)
	most := mostTries
	if w := d.m.first.Watchdog; w.RetryDelay > 0 {
		most = max(most, int(2*time.Minute/w.RetryDelay))
	}
	if len(d.tried) > most {
		d.m.judge.Break(now, "patient", fmt.Sprintf("device %s was opened %d times within a minute", d.name, len(d.tried)))
		d.tried = nil
	}
}

// otherIdentity is the identity of the device that replaces one that went away.
const otherIdentity = "another-microphone"

// fits tells whether the runbook's selector matches a device.
func (s *source) fits(identity string) bool {
	b := s.block
	switch {
	case s.known:
		return identity == s.mic.identity
	case b.Identity != "":
		return identity == b.Identity
	case b.ID != "":
		return identity == b.ID
	case b.Match != "":
		return strings.Contains(strings.ToLower(identity), strings.ToLower(b.Match))
	}
	return true
}

// Check implements audio.Checker.
func (s *source) Check(t *rt.Task) error {
	if err := t.Sleep(openLeast); err != nil {
		return err
	}
	d := s.mic
	if !d.present || d.m.ailments.has(scenario.AudioDown) || d.m.ailments.has(scenario.ListHangs) {
		return fmt.Errorf("microphone %s: %w", d.identity, errNoDevice)
	}
	return nil
}

// micStream is an open stream of a microphone.
type micStream struct {
	mic     *microphone
	process *rt.Task // the capture process
	index   int
	from    int64 // hop of the world at which it was opened
	read    int64 // hops of the device that were delivered or lost
	pace    pace
	lost    uint64
	look    time.Duration // when its process next checks whether the device is still listed
	frozen  bool          // its process is stopped, or its read blocks forever
	dead    error         // its process has ended
	stale   uint64        // hops that the ring had counted when an instance that was given up on read its first hop here
	isStale bool
}

// Identity implements audio.Stream.
func (s *micStream) Identity() string { return s.mic.identity }

// Close implements audio.Stream. It takes as long as the real one: no time if the process ends on request, 100 ms if it must
// be killed.
func (s *micStream) Close(t *rt.Task) {
	if s.isStale {
		if n := s.mic.m.ringed(s.mic.name) - s.stale; n > 0 {
			s.mic.m.judge.Break(s.mic.m.now(), "fenced", fmt.Sprintf("a source of %s that had been given up on has passed %d hops on", s.mic.name, n))
		}
	}
	if s.frozen {
		_ = t.Sleep(100 * time.Millisecond)
	}
	s.process.Stop()
	_ = t.Wait(s.process, rt.Never) // it ends at once
}

func (s *micStream) release() {
	s.mic.streams = slices.DeleteFunc(s.mic.streams, func(x *micStream) bool { return x == s })
}

// Lost returns how many hops have been lost so far.
func (s *micStream) Lost() uint64 { return s.lost }

// Read implements audio.Stream.
func (s *micStream) Read(t *rt.Task, pcm *[audio.HopSamples]int16, until rt.Instant) error {
	for {
		if s.looks(); s.dead != nil {
			return s.dead
		}
		d := s.mic
		silent := s.frozen || d.suffers(silent) || !d.present || d.index != s.index
		now := d.m.now()
		ready := s.given(d.m.hop(now))
		if s.read < ready-backlog {
			s.lost += uint64(ready - backlog - s.read)
			s.read = ready - backlog
		}
		if !silent && s.read < ready {
			heard := d.m.hop(now) - (ready - s.read)
			s.read++
			if x := d.of(scenario.Drops); x != nil && d.r.Float64() < x.Rate {
				s.lost++
				continue
			}
			d.fill(pcm, heard)
			if d.held > now {
				s.hold(t)
			}
			if t.Stopping() && !s.isStale && d.m.leaked(t) {
				s.isStale, s.stale = true, d.m.ringed(d.name)
			}
			return s.give(t, pcm, heard)
		}
		// It waits for the next hop of the world, or for the end of what silences it, and checks at every hop.
		wait := max(audio.HopTime-now%audio.HopTime, time.Millisecond)
		if silent {
			s.read = ready // what the device delivers now is kept for nobody
		}
		if left := until.Sub(t.Now()); left <= wait {
			if err := t.Sleep(max(0, left)); err != nil {
				return err
			}
			if left < wait || silent {
				return rt.ErrTimeout
			}
			continue
		}
		if err := t.Sleep(wait); err != nil {
			return err
		}
	}
}

// looks has the capture process check, once in a while, whether its device is still listed. A check that hangs, or that a stopped process
// does not make, finds nothing.
func (s *micStream) looks() {
	d := s.mic
	now := d.m.now()
	if now < s.look || s.dead != nil {
		return
	}
	s.look += (now - s.look).Truncate(audio.LookEvery) + audio.LookEvery
	switch {
	case s.frozen || d.suffers(hangs) || d.m.ailments.has(scenario.ListHangs):
	case d.m.ailments.has(scenario.AudioDown):
		s.dead = fmt.Errorf("microphone %s: %w", d.identity, errNoServer)
	case !d.present || d.index != s.index:
		s.dead = fmt.Errorf("microphone %s: %w", d.identity, errNoDevice)
	}
}

// hold keeps a read that has its hop from returning, even when it is asked to stop: the system does not run its
// thread.
func (s *micStream) hold(t *rt.Task) {
	pause := s.mic.held - s.mic.m.now()
	held := t.Shield("held", func(t *rt.Task) error { return t.Sleep(pause) })
	_ = t.Outlast(held, rt.Never) // it sleeps exactly that long
}

// given returns how many hops the device has delivered by a hop of the world, at its rate.
func (s *micStream) given(hop int64) int64 {
	rate := 1.0
	if x := s.mic.of(scenario.WrongRate); x != nil && x.Rate > 0 {
		rate = x.Rate
	}
	if s.pace.rate != rate {
		s.pace = pace{rate, s.pace.at(hop, s.from), hop}
	}
	return s.pace.at(hop, s.from)
}

// pace is a rate, with the hops that were delivered before it began.
type pace struct {
	rate  float64 // 0: none yet
	base  int64
	since int64 // hop of the world
}

func (p pace) at(hop, from int64) int64 {
	if p.rate == 0 {
		return hop - from
	}
	return p.base + int64(float64(hop-p.since)*p.rate)
}

// give applies the active faults to a hop, and notes that the appliance has it.
func (s *micStream) give(t *rt.Task, pcm *[audio.HopSamples]int16, hop int64) error {
	d := s.mic
	g := given{hop: hop, n: int(s.read)}
	if d.has(scenario.ShortReads) { // the pieces arrive one by one; the hop is there with the last
		if err := t.Sleep(schedule.Jitter(d.r, 60*time.Millisecond)); err != nil {
			return err
		}
	} else {
		if x := d.first(func(x *ailment) bool { return x.shape != nil }); x != nil {
			g.shape = x.shape
		}
		g.form(pcm)
	}
	if d.m.deaf() { // what the appliance makes of it is not for the reader of its pipe
		g.shape, g.muted = silenced, true
	}
	if g.at = d.m.now(); !s.isStale { // a source that was given up on delivers to nobody
		d.heard.gave(g)
	}
	return nil
}

// die ends the capture process of every open stream.
func (d *microphone) die(why error) {
	for _, s := range slices.Clone(d.streams) {
		s.dead = fmt.Errorf("microphone %s: %w", s.mic.identity, why)
	}
}

// freeze stops the capture process of every open stream.
func (d *microphone) freeze() {
	for _, s := range d.streams {
		s.frozen = true
	}
}

// fill writes a hop of the world as it sounds at the device, and notes its level.
func (d *microphone) fill(pcm *[audio.HopSamples]int16, hop int64) {
	d.program.fill(pcm, hop)
	d.note(hop, pcm)
}

// levelBucket is the loudest hop of a stretch of time.
type levelBucket struct {
	at  time.Duration
	rms float64
}

// note keeps the level for the report: the loudest hop of each stretch.
func (d *microphone) note(hop int64, pcm *[audio.HopSamples]int16) {
	at := time.Duration(hop) * audio.HopTime
	stretch := d.m.sc.Head.For / levelBuckets
	n := len(d.level)
	fresh := n == 0 || at >= d.level[n-1].at+stretch
	if !fresh && hop%4 != 0 {
		return // every fourth hop is enough for a drawing
	}
	rms := float64(audio.RMS(pcm[:]))
	if fresh {
		d.level = append(d.level, levelBucket{at, rms})
		return
	}
	d.level[n-1].rms = max(d.level[n-1].rms, rms)
}

const levelBuckets = 400
