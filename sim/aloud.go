package sim

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/node"
	voice "orac/appliance/play"
	"orac/appliance/rt"
	"orac/runbook/scenario"
	"orac/sim/trial/sound"
)

// aloud is what the speakers of a world truly play. The sounds of a world have marks, so that a speaker knows what each frame that it takes
// belongs to, whatever the appliance says of it.
type aloud struct {
	m      *machine
	sounds []*audible            // by the place of their mark in a frame, the newest of each; nil: there is none
	made   int                   // sounds that were read so far
	asked  int                   // sounds of whose end something is to be said, apart from chimes
	chimes []string              // sounds in memory: theirs are the first marks
	at     map[string][]*audible // the chimes of each speaker
	over   []*audible            // that were cut off, if nobody says so
	ends   []partly              // sounds that were said to have ended early
}

// audible is a sound that can be heard.
type audible struct {
	what   string
	frames int
	next   int           // the frame that comes next
	at     time.Duration // when the last one was heard
	told   bool          // that it was heard to its end
	lost   bool          // nobody is left to say what becomes of it
	again  bool          // it is played several times, from memory
	woken  bool          // it begins with a wake word
	echoes []*play       // what microphones hear of that
}

// partly is a sound that was said to have ended before its end.
type partly struct {
	frames int
	at     time.Duration
}

// A mark is a stretch of a frame that no other sound uses: a sample that says that the sound is there, and bits that say which frame of it.
const (
	markBits    = 16
	marks       = voice.FrameSamples / markBits
	mostChimes  = 10 // marks of sounds in memory
	markLevel   = 16000
	markHeard   = 8  // quieter than that nobody hears it
	chimeLeast  = 15 // frames
	soundLeast  = 75
	echoLevel   = 3 // an echo of a sound is quieter by this factor
	wordInEvery = 3 // sounds: one has a wake word in it
)

func newAloud(m *machine) *aloud {
	return &aloud{m: m, sounds: make([]*audible, marks), at: map[string][]*audible{}}
}

// frame makes a frame of the sound with a mark.
func markedFrame(mark, n int) (f voice.Frame) {
	at := f[mark*markBits:]
	at[0] = markLevel
	for bit := range markBits - 1 {
		if n>>bit&1 == 1 {
			at[1+bit] = markLevel
		}
	}
	return f
}

// marked reads a mark; false: the sound is not in the frame, or too quiet to be heard.
func marked(f *voice.Frame, mark int) (n int, ok bool) {
	at := f[mark*markBits:]
	if at[0] < markHeard {
		return 0, false
	}
	for bit := range markBits - 1 {
		if 2*int(at[1+bit]) > int(at[0]) {
			n |= 1 << bit
		}
	}
	return n, true
}

// begins makes a sound that is about to be read. No two that are heard at the same time are equally long: what is said of a sound tells which
// one it is.
func (l *aloud) begins(what string) (mark int, a *audible) {
	n := l.made % (marks - mostChimes)
	l.made++
	mark = mostChimes + n
	if old := l.sounds[mark]; old != nil {
		l.replaced(old)
	}
	a = &audible{what: what, frames: soundLeast + n, woken: l.made%wordInEvery == 0}
	l.sounds[mark] = a
	return mark, a
}

// replaced notes that no more comes of a sound.
func (l *aloud) replaced(a *audible) {
	if a.next > 0 && a.next < a.frames && !a.lost {
		l.over = append(l.over, a)
	}
}

// plays notes that a speaker has played a frame.
func (l *aloud) plays(speaker string, f *voice.Frame) {
	now := l.m.now()
	for mark, a := range slices.Concat(l.chimesAt(speaker), l.sounds[mostChimes:]) {
		n, ok := marked(f, mark)
		switch {
		case !ok:
			continue
		case a == nil:
			l.m.judge.Break(now, "aloud", fmt.Sprintf("speaker %s plays a sound that nobody has", speaker))
			continue
		case n == 0 && a.again: // once more
			cut := *a
			l.replaced(&cut)
			a.told, a.lost = false, false
		case n < a.next:
			l.m.judge.Break(now, "aloud", fmt.Sprintf("speaker %s plays frame %d of %s again, after frame %d", speaker, n, a.what, a.next-1))
		case n > a.next:
			l.m.judge.Break(now, "aloud", fmt.Sprintf("speaker %s leaves out frames %d to %d of %s", speaker, a.next, n-1, a.what))
		}
		if !a.again {
			l.speaks(speaker, now, a, n)
		}
		a.next, a.at = n+1, now
	}
}

// chimesAt are the chimes of a speaker, as many as there can be.
func (l *aloud) chimesAt(speaker string) []*audible {
	if l.at[speaker] == nil {
		l.at[speaker] = make([]*audible, mostChimes)
	}
	list := l.at[speaker]
	for i, path := range l.chimes {
		if list[i] == nil {
			list[i] = &audible{what: path, frames: chimeLeast + i, again: true}
		}
	}
	return list
}

// all are the sounds that a speaker may play; of all speakers, if its name is empty.
func (l *aloud) all(speaker string) (list []*audible) {
	for _, name := range slices.Sorted(maps.Keys(l.at)) {
		if speaker == "" || name == speaker {
			list = append(list, l.at[name]...)
		}
	}
	return slices.DeleteFunc(append(list, l.sounds...), func(a *audible) bool { return a == nil })
}

// loudAfter is how long after a frame of speech wake words may still not count: as long as the appliance waits for echoes, and a wake word.
const loudAfter = 1600 * time.Millisecond

// speaks notes that a speaker speaks: the listeners beside it do not take that, or anything else meanwhile, for a wake word. Who may
// interrupt it does not hear it. It plays frame n of a sound.
func (l *aloud) speaks(speaker string, now time.Duration, a *audible, n int) {
	if n > 0 && now-a.at <= voice.FrameTime+time.Millisecond { // after a pause it is no wake word any more
		for _, x := range a.echoes {
			x.grow((n + 1) * echoFrame)
		}
	}
	for _, x := range l.m.Runbook().Listeners {
		mic := l.m.mics[x.Device.Name()]
		if x.Speaker.Name() != speaker || x.BargeIn || mic == nil {
			continue
		}
		l.m.account.Loud(now, now+loudAfter)
		if !a.woken || n > 0 || len(x.Models) == 0 {
			continue
		}
		pcm := slices.Clone(sound.Word(x.Models[0].Name()))
		for i := range pcm {
			pcm[i] /= echoLevel
		}
		a.echoes = append(a.echoes, mic.program.echo(pcm[:echoFrame], l.m.hop(now)+1))
	}
}

// echoFrame is how many samples of a microphone a frame of a speaker lasts.
const echoFrame = int(audio.Rate * voice.FrameTime / time.Second)

// event compares what the appliance says of a sound with what was heard.
func (l *aloud) event(at time.Duration, e event.Event) {
	if b, ok := e.Body.(event.SoundPlayed); ok {
		l.told(at, b)
	} else if _, failed := e.Body.(event.NodeFailed); failed && strings.HasPrefix(e.Node, "player.") {
		l.silence()
	}
}

// silence: nobody is left who could say what becomes of the sounds that are heard now.
func (l *aloud) silence() {
	l.asked = 0
	for _, a := range l.all("") {
		a.lost = true
	}
}

func (l *aloud) told(at time.Duration, b event.SoundPlayed) {
	if b.Priority != voice.Chime.String() {
		l.asked--
	}
	frames := int(math.Round(b.Seconds / voice.FrameTime.Seconds()))
	if b.Cause != string(voice.Done) {
		l.ends = append(l.ends, partly{frames, at})
		return
	}
	list := l.all(b.Speaker)
	i := slices.IndexFunc(list, func(a *audible) bool { return a.frames == frames && !a.told })
	if i < 0 {
		l.m.judge.Break(at, "aloud", fmt.Sprintf("%s is said to have been heard for %.2f s, and no sound is that long", b.ID, b.Seconds))
		return
	}
	a := list[i]
	if a.told = true; a.next < a.frames && !l.muted(b.Speaker) {
		l.m.judge.Break(at, "aloud", fmt.Sprintf("%s is said to have been heard to its end, and of %s %d of %d frames were", b.ID, a.what, a.next, a.frames))
	}
}

// muted tells whether a speaker plays without a sound.
func (l *aloud) muted(speaker string) bool {
	return l.m.core != nil && slices.ContainsFunc(l.m.core.Players(), func(p node.PlayerShown) bool { return p.Speaker == speaker && (p.Muted || p.Volume < 0.05) })
}

// finish checks that whatever was cut off was said to be.
func (l *aloud) finish() {
	if l.m.core != nil {
		for _, p := range l.m.core.Players() {
			l.asked -= len(p.Playing) // chimes among them say nothing, and are short
		}
		if l.asked > 0 {
			l.m.judge.Break(l.m.clock, "aloud", fmt.Sprintf("%d sounds were asked for, and nobody has said what became of them", l.asked))
		}
	}
	for _, a := range l.all("") {
		if l.m.clock-a.at > cutTime {
			l.replaced(a)
		}
	}
	for _, a := range l.over {
		i := slices.IndexFunc(l.ends, func(p partly) bool { // a frame that fades out may be counted, and those on their way to a speaker that went
			return p.at >= a.at && p.frames >= a.next-1 && p.frames <= a.next+voice.Lead+1
		})
		if i < 0 {
			l.m.judge.Break(a.at, "aloud", fmt.Sprintf("%s was cut off after %d of %d frames, and nobody said so", a.what, a.next, a.frames))
			continue
		}
		l.ends = slices.Delete(l.ends, i, i+1)
	}
}

// cutTime is longer than a sound may wait before it goes on: for a speaker that is away, and beneath announcements.
const cutTime = 40 * time.Second

// chime makes a chime of a simulated world.
func (m *machine) chime(path string) ([]voice.Frame, error) {
	l := m.loud
	i := slices.Index(l.chimes, path)
	if i < 0 {
		if i = len(l.chimes); i == mostChimes {
			return nil, fmt.Errorf("a simulated world has %d chimes at most", mostChimes)
		}
		l.chimes = append(l.chimes, path)
	}
	list := make([]voice.Frame, chimeLeast+i)
	for n := range list {
		list[n] = markedFrame(i, n)
	}
	return list, nil
}

// readable is a sound of a simulated world that is being read.
type readable struct {
	*audible
	m     *machine
	mark  int
	read  int
	stall bool // it comes from a Home Assistant, which may stop serving it
}

// sound implements play.Opener.
func (m *machine) sound(t *rt.Task, from voice.Source) (voice.Sound, error) {
	if from.Stream != nil {
		return streamed{from.Stream}, nil
	}
	m.loud.asked++
	if err := m.unreached("fetch", from.URL); err != nil && from.URL != "" {
		return nil, err
	}
	if err := t.Sleep(5 * time.Millisecond); err != nil {
		return nil, err
	}
	if from.URL != "" {
		for _, h := range m.satellites {
			if strings.HasPrefix(from.URL, "http://"+h.name+".local") {
				h.fetched(from.URL)
			}
		}
	}
	return m.readable(from.URL+from.File, from.URL != ""), nil
}

// streamed is a sound that comes over a connection, a frame at a time.
type streamed struct{ from *voice.Stream }

// Read implements play.Sound.
func (s streamed) Read(t *rt.Task, f *voice.Frame) (int, error) {
	c, err := s.from.Chunks.Recv(t, rt.Never) // the player gives it up when nothing comes
	switch {
	case errors.Is(err, rt.ErrClosed):
		return 0, io.EOF
	case err != nil:
		return 0, err
	case c.Err != nil:
		return 0, c.Err
	}
	return copy(f[:], c.PCM), nil
}

// Close implements play.Sound.
func (streamed) Close() {}

func (m *machine) readable(what string, fetched bool) *readable {
	r := &readable{m: m, stall: fetched}
	r.mark, r.audible = m.loud.begins(what)
	return r
}

// Read implements play.Sound.
func (r *readable) Read(t *rt.Task, f *voice.Frame) (int, error) {
	for r.stall && r.read == r.frames/2 && r.m.stalls() {
		if err := t.Sleep(100 * time.Millisecond); err != nil {
			return 0, err
		}
	}
	if r.read == r.frames {
		return 0, io.EOF
	}
	*f = markedFrame(r.mark, r.read)
	r.read++
	return voice.FrameSamples, nil
}

// stalls tells whether what is fetched comes no further.
func (m *machine) stalls() bool {
	if m.unreached("", "") != nil {
		return true
	}
	for _, h := range m.satellites {
		if h.has(scenario.SoundStall) {
			return true
		}
	}
	return false
}

// Close implements play.Sound.
func (r *readable) Close() {}
