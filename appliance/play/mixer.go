package play

import (
	"math"
	"slices"
)

// Track gives the frames of one sound.
type Track interface {
	// Next returns the next frame. nil: there is none yet, or, if over, there will be none.
	Next() (f *Frame, over bool)
}

const (
	ducked   = 0.1 // of media beneath another sound: -20 dB
	duckDown = 5   // frames until media is that quiet
	duckUp   = 25  // and until it is as loud as before
)

// Mixer makes one stream of all sounds that are to be played. It is used by one task.
type Mixer struct {
	loud float64 // of everything: where the loudness goes

	tracks []*voice // in the order in which they were added
	floor  *voice   // that is heard: of the sounds that are no media
	duck   float64  // how far media is turned down: 0 to 1
	gain   float64  // at the end of the last frame, of everything
}

// NewMixer makes a mixer that plays at a volume, 0 to 1.
func NewMixer(volume float64) *Mixer {
	m := &Mixer{loud: loudness(volume)}
	m.gain = m.loud
	return m
}

// SetVolume changes the volume of everything, within a frame.
func (m *Mixer) SetVolume(volume float64) {
	if m.loud = loudness(volume); m.Empty() {
		m.gain = m.loud // nothing is heard that could jump
	}
}

// loudness is the factor of a volume: half a volume is heard as about half as loud.
func loudness(volume float64) float64 {
	v := min(max(volume, 0), 1)
	return v * v
}

// voice is a sound on its way through a mixer.
type voice struct {
	id       string
	priority Priority
	track    Track
	volume   float64
	next     *Frame  // was read, and is still to be heard
	over     bool    // there are no more after it
	started  bool    // some of it was heard
	stopped  Cause   // not ""; it fades out and ends
	paused   bool    // it fades out, and waits; only media does
	gain     float64 // at the end of its last frame
	frames   uint64  // that were heard
}

// Happened is what a Mix did to a sound.
type Happened struct {
	ID     string
	Ended  bool // otherwise it began
	Cause  Cause
	Frames uint64 // of it, that were heard
}

// Add adds a sound. Its ID must not be there yet.
func (m *Mixer) Add(id string, p Priority, volume float64, track Track) {
	if priorities[p] == "" || m.Has(id) {
		panic("BUG: play: " + id + " has no priority, or is played already")
	}
	m.tracks = append(m.tracks, &voice{id: id, priority: p, track: track, volume: loudness(volume)})
}

// Has tells whether a sound is played, or waits to be.
func (m *Mixer) Has(id string) bool {
	return slices.ContainsFunc(m.tracks, func(v *voice) bool { return v.id == id })
}

// Empty tells whether there is nothing to play.
func (m *Mixer) Empty() bool { return len(m.tracks) == 0 }

// Waits tells whether a sound is to begin, and has not.
func (m *Mixer) Waits(id string) bool {
	return slices.ContainsFunc(m.tracks, func(v *voice) bool { return v.id == id && !v.started && v.stopped == "" })
}

// Highest is the priority of the most important sound that has begun, with those that wait for it to end; 0: none has.
func (m *Mixer) Highest() (p Priority) {
	for _, v := range m.tracks {
		if v.started {
			p = max(p, v.priority)
		}
	}
	return p
}

// Stop ends sounds: one that is heard fades out within a frame. Mix tells of it.
func (m *Mixer) Stop(why Cause, which func(id string, p Priority) bool) {
	for _, v := range m.tracks {
		if v.stopped == "" && which(v.id, v.priority) {
			v.stopped = why
		}
	}
}

// Pause lets media wait where it is, or go on. false: there is no such media.
func (m *Mixer) Pause(id string, on bool) bool {
	for _, v := range m.tracks {
		if v.id == id && v.priority == Media {
			v.paused = on
			return true
		}
	}
	return false
}

// Ready tells whether a Mix would have something to say: a frame to play, or the end of a sound.
func (m *Mixer) Ready() bool {
	m.look()
	if m.floor != nil && m.floor.ready() {
		return true
	}
	for _, v := range m.tracks {
		if v.stopped != "" || v.priority == Media && v.ready() || v.over && v.next == nil {
			return true
		}
	}
	return m.choose() != m.floor
}

// ready tells whether there is something of it to hear; of what is paused, that it fades out.
func (v *voice) ready() bool { return v.next != nil && (!v.paused || v.started && v.gain > 0) }

// look asks each track for its next frame.
func (m *Mixer) look() {
	for _, v := range m.tracks {
		if v.next == nil && !v.over {
			v.next, v.over = v.track.Next()
		}
	}
}

// choose says which of the sounds that are no media is to be heard: the first of the highest priority that is ready. One that has begun
// keeps its turn while it waits for more of itself, except that a chime may be heard meanwhile.
func (m *Mixer) choose() *voice {
	best := m.floor
	if best != nil && best.priority == Chime && best.stopped == "" {
		return best
	}
	var slow [Announcement + 1]bool // of the priority, one that came before is not there yet
	for _, v := range m.tracks {
		if v.priority == Media || v == m.floor {
			continue
		}
		if !v.started && (slow[v.priority] || !v.ready() && !v.over && v.stopped == "") {
			slow[v.priority] = true
			continue
		}
		switch {
		case best == nil, v.priority > best.priority:
		case v.priority == best.priority && v.started && !best.started:
		case v.priority == Chime && v.ready() && best.started && !best.ready() && !best.over:
		default:
			continue
		}
		best = v
	}
	return best
}

// Mix makes the next frame: silence where a sound has none ready. It tells which sounds began with it, and which ended before it or with it.
func (m *Mixer) Mix(out *Frame) (list []Happened) {
	var sum [FrameSamples]float64
	m.look()
	was := m.floor
	m.floor = m.choose()
	if was != nil && was != m.floor && was.ready() {
		list = m.add(&sum, was, 0, list) // it fades out: the floor is another's from the next frame on
		m.floor = nil
	} else if v := m.floor; v != nil {
		list = m.add(&sum, v, aim(v), list)
	}
	step := -1.0 / duckUp
	if m.spoken() {
		step = 1.0 / duckDown
	}
	m.duck = min(max(m.duck+step, 0), 1)
	for _, v := range m.tracks {
		if v.priority == Media {
			list = m.add(&sum, v, aim(v)*math.Pow(ducked, m.duck), list)
		}
	}
	list = m.bury(list)
	m.write(out, &sum)
	return list
}

// spoken tells whether something other than media is heard, or about to be.
func (m *Mixer) spoken() bool { return m.floor != nil || m.choose() != nil }

func aim(v *voice) float64 {
	if v.stopped != "" || v.paused {
		return 0
	}
	return v.volume
}

// add adds a sound's next frame; its loudness goes evenly to gain.
func (m *Mixer) add(sum *[FrameSamples]float64, v *voice, gain float64, list []Happened) []Happened {
	if v.next == nil || v.paused && v.stopped == "" && !v.ready() {
		return list
	}
	if v.stopped != "" && !v.started {
		return list // nobody has heard any of it, and nobody does
	}
	from := v.gain
	if !v.started {
		v.started, from = true, gain // a sound begins as it is
		list = append(list, Happened{ID: v.id})
	}
	for i, s := range v.next {
		sum[i] += float64(float64(s) * (from + float64(float64(i)/FrameSamples)*(gain-from)))
	}
	v.gain, v.next = gain, nil
	v.frames++
	if !v.over {
		v.next, v.over = v.track.Next()
	}
	return list
}

// Bury ends the sounds that were stopped at once. It is for when nobody hears them fade out.
func (m *Mixer) Bury() []Happened {
	return m.remove(nil, func(*voice) bool { return true })
}

// bury removes the sounds that have ended.
func (m *Mixer) bury(list []Happened) []Happened {
	return m.remove(list, func(v *voice) bool { return !v.started || v.gain == 0 || v.next == nil })
}

func (m *Mixer) remove(list []Happened, faded func(*voice) bool) []Happened {
	m.tracks = slices.DeleteFunc(m.tracks, func(v *voice) bool {
		cause := v.stopped
		switch {
		case cause != "" && faded(v):
		case cause == "" && v.over && v.next == nil:
			cause = Done
		default:
			return false
		}
		if m.floor == v {
			m.floor = nil
		}
		list = append(list, Happened{v.id, true, cause, v.frames})
		return true
	})
	return list
}

// write rounds the sum to samples, at the volume of everything.
func (m *Mixer) write(out *Frame, sum *[FrameSamples]float64) {
	from, to := m.gain, m.loud
	m.gain = to
	for i, v := range sum {
		v = float64(v * (from + float64(float64(i)/FrameSamples)*(to-from)))
		out[i] = int16(math.Round(min(max(v, math.MinInt16), math.MaxInt16)))
	}
}
