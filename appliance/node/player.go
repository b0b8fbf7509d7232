package node

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"orac/appliance/amount"
	"orac/appliance/event"
	"orac/appliance/play"
	"orac/appliance/rt"
)

const (
	mostSounds   = 16               // that are played or wait
	givesNothing = 10 * time.Second // a sound that gives nothing for so long ends
	awayTime     = 10 * time.Second // sounds wait so long for a speaker that is away
	keepAfter    = time.Second      // the volume is written so long after its last change
)

// Player plays sounds at a speaker, mixed by their priorities. What each sound is read from, and the speaker, may hang or die without
// harm to each other: a sound that gives nothing ends, and a speaker that takes nothing is closed and opened again, and goes on with the
// first frame that it had not taken. Nothing before a Player ever waits for it.
type Player struct {
	Name    string // address of the node
	Speaker string // name of the block
	Output  play.Speaker
	FS      rt.FS
	Asks    *rt.Mailbox[PlayAsk]
	Events  Events
	Config  *rt.Cell[PlayerConfig]
	Aloud   *rt.Cell[rt.Instant] // until when it is known to speak: see Trigger
	Seen    *rt.Out[PlayerShown] // whoever shows a media player

	kept   keptVolume
	opens  int
	counts struct{ played, failed, ids uint64 }
	shown  rt.Cell[PlayerShown]

	// The fields below are those of one run.
	mixer  *play.Mixer
	sounds []*playing
	news   *rt.Mailbox[struct{}] // a sound has more
	way    way
	mark   any  // of the configuration
	told   bool // readers know what is shown
}

// PlayerConfig are the settings of a Player.
type PlayerConfig struct {
	Open   play.Opener
	Volume float64       // of the runbook, 0 to 1
	Stall  time.Duration // a speaker that takes nothing for so long is closed
	Retry  Retry
}

// Update implements Updater.
func (n *Player) Update(fresh Node) {
	f := fresh.(*Player)
	n.Seen.To(f.Seen)
	n.Config.Take(f.Config)
}

// Shown may be called from anywhere.
func (n *Player) Shown() PlayerShown { return n.shown.Get() }

// Idle implements Idler: nothing is being said.
func (n *Player) Idle() bool {
	return !slices.ContainsFunc(n.shown.Get().Playing, func(p PlayingShown) bool { return p.Priority > play.Media })
}

// Run implements Node.
func (n *Player) Run(t *rt.Task) error {
	n.kept.open(t, n.FS, n.Speaker)
	n.mixer, n.sounds, n.news = play.NewMixer(0), nil, rt.NewMailbox[struct{}]("news", 1)
	n.way = way{opened: rt.NewMailbox[opened]("opened", 1), lost: t.Now()}
	n.mark = nil
	defer n.close(t)
	for {
		if c, changed := n.Config.Changed(&n.mark); changed {
			n.kept.declare(t, c.Volume)
			n.mixer.SetVolume(n.kept.loud())
			n.told = false // there may be new readers
		}
		if err := n.work(t); err != nil {
			return err
		}
		n.show(t)
		cases := []rt.Case{n.Asks, n.news, n.way.opened}
		if n.way.out != nil {
			cases = append(cases, n.way.out.Played())
		}
		which, err := rt.Select(t, n.next(t), cases...)
		switch {
		case errors.Is(err, rt.ErrTimeout):
		case err != nil:
			return err
		case which == 0:
			ask, ok := n.Asks.TryRecv(t)
			if !ok {
				return nil // closed: nobody asks any more
			}
			n.asked(t, ask)
		case which == 1:
			n.news.TryRecv(t)
		case which == 2:
			if o, ok := n.way.opened.TryRecv(t); ok {
				n.open(t, o)
			}
		default:
			n.taken(t)
		}
	}
}

// asked does what somebody asks.
func (n *Player) asked(t *rt.Task, ask PlayAsk) {
	switch a := ask.(type) {
	case Play:
		n.add(t, a)
	case StopPlay:
		why := a.Cause
		if why == "" {
			why = play.Stopped
		}
		n.mixer.Stop(why, func(id string, p play.Priority) bool {
			if a.ID != "" {
				return id == a.ID
			}
			return a.Priority == 0 || p == a.Priority
		})
	case PausePlay:
		if i := n.find(a.ID); i >= 0 && n.mixer.Pause(a.ID, a.Paused) {
			n.sounds[i].paused = a.Paused
		}
	case SetVolume:
		n.kept.set(t, a.Volume, n.kept.Muted)
		n.mixer.SetVolume(n.kept.loud())
	case SetMuted:
		n.kept.set(t, n.kept.Volume, a.Muted)
		n.mixer.SetVolume(n.kept.loud())
	}
}

// work does what is due: sounds that wait too long end, the speaker is opened, and gets its next frames.
func (n *Player) work(t *rt.Task) error {
	n.kept.write(t, false)
	n.expire(t)
	if err := n.reopen(t); err != nil {
		return err
	}
	if n.way.out == nil {
		n.silent(t)
		return nil
	}
	for len(n.way.under) < play.Lead && n.mixer.Ready() {
		frame := &play.Frame{}
		happened := n.mixer.Mix(frame)
		n.way.under = append(n.way.under, under{frame, happened})
		n.speaks(t)
		if err := n.way.out.Write(t, frame); err != nil {
			n.lose(t, err)
			break
		}
		if len(n.way.under) == 1 {
			n.way.moved = t.Now()
		}
	}
	return nil
}

// silent ends sounds that were stopped while there is no speaker, and what was under way to it, if it does not come back soon.
func (n *Player) silent(t *rt.Task) {
	if t.Now() >= n.way.lost.Add(awayTime) {
		for _, u := range n.way.under {
			for _, h := range u.happened {
				if i := n.find(h.ID); i >= 0 && h.Ended && h.Cause == play.Done {
					n.sounds[i].fail(n.speechless())
				}
				n.happened(t, h)
			}
		}
		n.way.under = nil
	}
	for _, h := range n.mixer.Bury() {
		n.happened(t, h)
	}
}

func (n *Player) speechless() error { return fmt.Errorf("there is no speaker: %s", n.way.cause) }

// add takes a sound.
func (n *Player) add(t *rt.Task, p Play) {
	if n.counts.ids++; p.ID == "" {
		p.ID = fmt.Sprint("#", n.counts.ids)
	}
	refuse := func(err error) {
		n.counts.failed++
		tell(t, p, play.Told{ID: p.ID, Ended: true, Cause: play.Failed, Err: err})
	}
	switch {
	case p.Priority.String() == "":
		refuse(errors.New("it has no priority"))
		return
	case n.find(p.ID) >= 0:
		refuse(fmt.Errorf("%s is played already", p.ID))
		return
	case len(n.sounds) >= mostSounds:
		refuse(fmt.Errorf("%d sounds are played or wait already", mostSounds))
		return
	case p.Priority == play.Media: // the one before ends, now that nothing refuses this one
		n.mixer.Stop(play.Replaced, func(_ string, p play.Priority) bool { return p == play.Media })
	}
	s := &playing{Play: p, asked: t.Now(), fed: t.Now()}
	if p.Volume == 0 {
		s.Volume = 1
	}
	if p.Patience == 0 {
		s.Patience = p.Priority.Patience()
	}
	n.sounds = append(n.sounds, s)
	s.begin(t, n.Config.Get().Open, n.news)
	n.mixer.Add(p.ID, p.Priority, s.Volume, s)
}

// find is the place of a sound; -1: it is not there.
func (n *Player) find(id string) int {
	return slices.IndexFunc(n.sounds, func(s *playing) bool { return s.ID == id })
}

// expire ends sounds whose turn does not come, and those that give nothing any more.
func (n *Player) expire(t *rt.Task) {
	late := map[string]bool{}
	for _, s := range n.sounds {
		switch now := t.Now(); {
		case s.gave:
		case n.mixer.Waits(s.ID) && now >= s.asked.Add(s.Patience):
			late[s.ID] = true
		case s.task != nil && s.dry && now >= s.fed.Add(givesNothing):
			s.fail(fmt.Errorf("no sound came for %v", givesNothing))
		case n.way.out == nil && now >= n.way.lost.Add(awayTime) && now >= s.asked.Add(awayTime):
			s.fail(n.speechless())
		}
	}
	n.mixer.Stop(play.Late, func(id string, _ play.Priority) bool { return late[id] })
	failed := func(id string, _ play.Priority) bool {
		return slices.ContainsFunc(n.sounds, func(s *playing) bool { return s.ID == id && s.gave })
	}
	n.mixer.Stop(play.Failed, failed)
}

// happened tells what became of a sound.
func (n *Player) happened(t *rt.Task, h play.Happened) {
	i := n.find(h.ID)
	if i < 0 {
		return
	}
	s := n.sounds[i]
	if !h.Ended {
		s.begun, s.began = true, t.Now()
		tell(t, s.Play, play.Told{ID: s.ID})
		return
	}
	n.sounds = slices.Delete(n.sounds, i, i+1)
	s.end(t)
	told := play.Told{ID: s.ID, Ended: true, Cause: h.Cause, Played: play.Time(h.Frames)}
	if s.err != nil && (h.Cause == play.Done || h.Cause == play.Failed) {
		told.Cause, told.Err = play.Failed, s.err
	}
	if told.Cause == play.Failed {
		n.counts.failed++
	} else if told.Cause == play.Done {
		n.counts.played++
	}
	body := event.SoundPlayed{
		Speaker: n.Speaker, ID: s.ID, Command: s.Of, Priority: s.Priority.String(), What: s.What,
		Waited: waited(t.Now().Sub(s.asked)), Seconds: told.Played.Seconds(), Cause: string(told.Cause),
	}
	if s.begun {
		body.Waited = waited(s.began.Sub(s.asked))
	}
	if told.Err != nil {
		body.Error = told.Err.Error()
	}
	t.Trace("played", int64(h.Frames))
	say(t, n.Events, n.Name, body)
	tell(t, s.Play, told)
}

func waited(d time.Duration) float64 { return amount.Round(d.Seconds(), 3) }

func tell(t *rt.Task, p Play, told play.Told) {
	if p.Told != nil {
		p.Told.TrySend(t, told) // it has room, or nobody reads
	}
}

// next is when something is due.
func (n *Player) next(t *rt.Task) rt.Instant {
	at := n.kept.due()
	at = min(at, n.way.due(n.Config.Get().Stall))
	for _, s := range n.sounds {
		if s.gave {
			continue // it ends with the next frame
		}
		if n.mixer.Waits(s.ID) {
			at = min(at, s.asked.Add(s.Patience))
		}
		if s.task != nil && s.dry {
			at = min(at, s.fed.Add(givesNothing))
		}
		if n.way.out == nil {
			at = min(at, max(n.way.lost, s.asked).Add(awayTime))
		}
	}
	return max(at, t.Now().Add(time.Millisecond))
}

// show publishes the state.
func (n *Player) show(t *rt.Task) {
	s := PlayerShown{
		Speaker: n.Speaker, Cause: n.way.cause, Volume: n.kept.Volume, Muted: n.kept.Muted,
		Played: n.counts.played, Failed: n.counts.failed, Opens: n.opens,
	}
	if n.way.out != nil {
		s.Identity = n.way.out.Identity()
	}
	for _, x := range n.sounds {
		s.Playing = append(s.Playing, PlayingShown{x.ID, x.What, x.Priority, x.begun, x.paused})
	}
	if was := n.shown.Get(); !n.told || !was.same(s) {
		n.told = true
		n.Seen.Push(t, s)
	}
	n.shown.Take(rt.NewCell(s))
}

// close ends all at the end of a run.
func (n *Player) close(t *rt.Task) {
	if n.way.out != nil {
		n.way.out.Close(t)
	}
	for _, s := range n.sounds {
		s.end(t)
		tell(t, s.Play, play.Told{ID: s.ID, Ended: true, Cause: play.Stopped})
	}
	n.sounds = nil
	n.way = way{cause: "the player does not run"}
	n.kept.write(t, true)
	n.show(t)
}
