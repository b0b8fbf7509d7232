package esphome

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"orac/appliance/entity"
	"orac/appliance/esphome/pb"
	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/play"
	"orac/appliance/rt"
	"orac/appliance/satellite"
	"orac/runbook"
)

// room is a loudspeaker that takes a frame every 20 ms, and remembers what was heard. The sounds that Home Assistant has are equal samples.
type room struct {
	*rig
	sounds map[string]sound // by URL

	mu     sync.Mutex // guards everything that follows
	heard  []piece
	absent bool
}

type sound struct {
	level  int16
	frames int
	stall  int // after so many frames it gives nothing more; 0: never
}

// piece is what was heard without a change: the loudness at which each of its frames began.
type piece struct {
	level  int16
	frames int
	from   time.Time
}

// hearing tests a satellite with a player and a speaker. change may be nil.
func hearing(t *testing.T, b runbook.ESPHome, change func(r *room), test func(r *room)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		x := &room{sounds: map[string]sound{}}
		var player *node.Player
		before := func(r *rig) {
			x.rig = r
			player = &node.Player{
				Name: "player.room", Speaker: "room", Output: x, FS: r.node.FS, Asks: r.plays, Aloud: &rt.Cell[rt.Instant]{},
				Events: rt.NewOut(rt.NewMailbox[event.Event]("events of the player", 1000)), Seen: rt.NewOut(r.node.Seen),
				Config: rt.NewCell(node.PlayerConfig{Open: x.open, Volume: 1, Stall: time.Second, Retry: node.Retry{Delay: time.Second, Tries: 3, Slow: 2 * time.Second}}),
			}
			if change != nil {
				change(x)
			}
		}
		visitIn(t, dir, b, before, func(r *rig) {
			go func() { _ = r.driver.Run(r.ctx, "player", player.Run) }()
			pass(time.Second)
			test(x)
		})
	})
}

func (x *room) open(_ *rt.Task, from play.Source) (play.Sound, error) {
	s, known := x.sounds[from.URL]
	if !known {
		return nil, errors.New("not found")
	}
	return &tone{s, s.stall}, nil
}

// tone is a sound that is being read.
type tone struct {
	sound
	stall int
}

func (s *tone) Read(t *rt.Task, f *play.Frame) (int, error) {
	if s.frames == 0 {
		return 0, io.EOF
	}
	if s.stall--; s.stall == 0 {
		return 0, t.Sleep(time.Hour)
	}
	s.frames--
	for i := range f {
		f[i] = s.level
	}
	return len(f), nil
}

func (s *tone) Close() {}

// device is the open speaker.
type device struct {
	room   *room
	task   *rt.Task
	queue  chan play.Frame
	played *rt.Mailbox[uint64]
}

// Open implements play.Speaker.
func (x *room) Open(t *rt.Task) (play.Output, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.absent {
		return nil, errors.New("no such speaker")
	}
	o := &device{room: x, queue: make(chan play.Frame, play.Lead), played: rt.NewMailbox[uint64]("played", 64)}
	o.task = t.Go("device", func(t *rt.Task) error {
		for n := uint64(0); ; {
			if err := t.Sleep(play.FrameTime); err != nil {
				return err
			}
			select {
			case f := <-o.queue:
				x.hear(f[0])
				n++
				o.played.Push(t, n)
			default:
				x.hear(0)
			}
		}
	})
	return o, nil
}

func (x *room) hear(level int16) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if n := len(x.heard); n > 0 && x.heard[n-1].level == level {
		x.heard[n-1].frames++
		return
	}
	x.heard = append(x.heard, piece{level, 1, time.Now()})
}

func (o *device) Write(_ *rt.Task, f *play.Frame) error {
	o.queue <- *f // a player has never more under way
	return nil
}
func (o *device) Played() *rt.Mailbox[uint64] { return o.played }
func (o *device) Err() error                  { return nil }
func (o *device) Identity() string            { return "model" }
func (o *device) Close(*rt.Task)              { o.task.Stop() }

// sofar returns what was heard since the last time, without silence: loudness and frames.
func (x *room) sofar() string {
	synctest.Wait()
	x.mu.Lock()
	defer x.mu.Unlock()
	var list []string
	for _, p := range x.heard {
		if p.level != 0 {
			list = append(list, fmt.Sprintf("%d×%d", p.level, p.frames))
		}
	}
	x.heard = nil
	return strings.Join(list, " ")
}

// since is when a loudness was first heard after a moment.
func (x *room) since(level int16, began time.Time) time.Duration {
	synctest.Wait()
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, p := range x.heard {
		if p.level == level && !p.from.Before(began) {
			return p.from.Sub(began)
		}
	}
	return time.Hour
}

// ask has a command said and understood, up to its answer.
func (x *room) ask(c *client, wake string) {
	x.wake(wake)
	c.say(&pb.VoiceAssistantResponse{})
	c.tell(satellite.EventRunStart)
	c.tell(satellite.EventSTTEnd, "text", "is the door locked")
}

const (
	wakeLevel, doneLevel, errorLevel, timerLevel = 100, 200, 300, 400 // see chimes
)

// TestAnAnswerIsHeardOnceAndWhole, its end is told when it was heard, and only then the conversation goes on.
func TestAnAnswerIsHeardOnceAndWhole(t *testing.T) {
	b, key := keyed()
	hearing(t, b, nil, func(r *room) {
		r.sounds["http://ha/a.wav"] = sound{level: 5000, frames: 100}
		c := r.adopt(key)
		began := time.Now()
		r.wake("w1")
		pass(200 * time.Millisecond)
		if late := r.since(wakeLevel, began); late > 150*time.Millisecond {
			r.Errorf("the wake chime came after %v", late)
		}
		c.say(&pb.VoiceAssistantResponse{})
		c.tell(satellite.EventRunStart)
		c.tell(satellite.EventSTTEnd, "text", "is the door locked")
		c.tell(satellite.EventIntentEnd, "conversation_id", "c7", "continue_conversation", "1")
		c.tell(satellite.EventTTSStart, "text", "Which door?")
		c.hears()
		asked := time.Now()
		c.tell(satellite.EventTTSEnd, "url", "http://ha/a.wav")
		c.tell(satellite.EventRunEnd)
		pass(1900 * time.Millisecond)
		if got := of[*pb.VoiceAssistantAnnounceFinished](c.hears()); len(got) > 0 {
			r.Errorf("it says that the answer is over while it is heard")
		}
		if late := r.since(5000, asked); late > 500*time.Millisecond {
			r.Errorf("the answer came after %v", late)
		}
		pass(300 * time.Millisecond)
		if got := of[*pb.VoiceAssistantAnnounceFinished](c.hears()); len(got) != 1 || !got[0].Success {
			r.Errorf("%v", got)
		}
		pass(500 * time.Millisecond)
		if got := of[*pb.VoiceAssistantRequest](c.hears()); len(got) != 1 || !got[0].Start || got[0].WakeWordPhrase != "" || got[0].ConversationId != "c7" {
			r.Errorf("the conversation goes on with %v", got)
		}
		pass(200 * time.Millisecond)
		if got := r.sofar(); got != "100×5 200×5 5000×100 100×5" {
			r.Errorf("heard: %s", got)
		}
		if s := r.node.Shown(); s.LastAnswer != "Which door?" || s.LastText != "is the door locked" || s.Speaker != "room" {
			r.Errorf("%+v", s)
		}
	})
}

// TestBargeIn: a wake word during an answer, or an announcement, ends it, and begins a new run.
func TestBargeIn(t *testing.T) {
	b, key := keyed()
	for _, name := range []string{"answer", "announcement"} {
		hearing(t, b, nil, func(r *room) {
			r.sounds["http://ha/a.wav"] = sound{level: 5000, frames: 1000}
			c := r.adopt(key)
			if name == "answer" {
				r.ask(c, "w1")
				c.tell(satellite.EventTTSEnd, "url", "http://ha/a.wav")
				c.tell(satellite.EventRunEnd)
			} else {
				c.say(&pb.VoiceAssistantAnnounceRequest{MediaId: "http://ha/a.wav"})
			}
			pass(2 * time.Second)
			c.hears()
			began := time.Now()
			r.wake("w2")
			pass(300 * time.Millisecond)
			if late := r.since(wakeLevel, began); late > 200*time.Millisecond {
				r.Errorf("%s: it is over after %v", name, late)
			}
			r.mu.Lock()
			for _, p := range r.heard {
				if p.level == 5000 && p.from.Add(time.Duration(p.frames)*play.FrameTime).After(began.Add(200*time.Millisecond)) {
					r.Errorf("%s: it is heard too long: %v", name, p)
				}
			}
			r.mu.Unlock()
			got := c.hears()
			if f, q := of[*pb.VoiceAssistantAnnounceFinished](got), of[*pb.VoiceAssistantRequest](got); len(f) != 1 || f[0].Success || len(q) != 1 || !q[0].Start {
				r.Errorf("%s: %v, %v", name, f, q)
			}
			if s := r.node.Shown(); s.Phase != "asking" {
				r.Errorf("%s: %+v", name, s)
			}
		})
	}
}

// TestAnnouncementsAreReportedAsTheyWereHeard: to the end, or not.
func TestAnnouncementsAreReportedAsTheyWereHeard(t *testing.T) {
	b, key := keyed()
	hearing(t, b, nil, func(r *room) {
		r.sounds["bell"], r.sounds["dinner"] = sound{level: 3000, frames: 10}, sound{level: 5000, frames: 50}
		r.sounds["stalls"] = sound{level: 6000, frames: 50, stall: 20}
		c := r.adopt(key)
		c.hears()
		for _, x := range []struct {
			media, before string
			wait          time.Duration
			ok            bool
			heard         string
		}{
			{"dinner", "bell", 1500 * time.Millisecond, true, "3000×10 5000×50"},
			{"dinner", "missing", 1500 * time.Millisecond, true, "5000×50"}, // a sound in front of it is an ornament
			{"missing", "bell", 500 * time.Millisecond, false, "3000×10"},
			{"stalls", "", 11 * time.Second, false, "6000×19"},
		} {
			c.say(&pb.VoiceAssistantAnnounceRequest{MediaId: x.media, PreannounceMediaId: x.before, Text: "Dinner"})
			pass(x.wait)
			if got := of[*pb.VoiceAssistantAnnounceFinished](c.hears()); len(got) != 1 || got[0].Success != x.ok {
				r.Errorf("%s after %s: %v", x.media, x.before, got)
			}
			if got := r.sofar(); got != x.heard {
				r.Errorf("%s after %s: heard %s", x.media, x.before, got)
			}
		}
		c.say(&pb.VoiceAssistantAnnounceRequest{MediaId: "dinner"})
		pass(500 * time.Millisecond)
		c.say(&pb.MediaPlayerCommandRequest{Key: keyOf(entity.Entity{ID: entity.IDMedia, Kind: entity.MediaPlayer}), HasCommand: true, Command: pb.MediaPlayerCommand_STOP})
		pass(100 * time.Millisecond)
		if got := of[*pb.VoiceAssistantAnnounceFinished](c.hears()); len(got) != 1 || got[0].Success {
			r.Errorf("stopped: %v", got)
		}
		c.say(&pb.VoiceAssistantAnnounceRequest{MediaId: "dinner", StartConversation: true})
		pass(1500 * time.Millisecond)
		if got := of[*pb.VoiceAssistantRequest](c.hears()); len(got) != 1 || !got[0].Start {
			r.Errorf("a question: %v", got)
		}
	})
}

// TestTheMediaPlayer plays, waits, goes on where it was, and is told of as it is.
func TestTheMediaPlayer(t *testing.T) {
	b, key := keyed()
	hearing(t, b, nil, func(r *room) {
		r.sounds["song"], r.sounds["dinner"], r.sounds["other"] = sound{level: 10000, frames: 200}, sound{level: 1, frames: 100}, sound{level: 7000, frames: 1000}
		c := r.adopt(key)
		c.hears()
		at := keyOf(entity.Entity{ID: entity.IDMedia, Kind: entity.MediaPlayer})
		command := func(what pb.MediaPlayerCommand) {
			c.say(&pb.MediaPlayerCommandRequest{Key: at, HasCommand: true, Command: what})
			pass(200 * time.Millisecond)
		}
		is := func(want pb.MediaPlayerState) {
			r.Helper()
			list := of[*pb.MediaPlayerStateResponse](c.hears())
			if len(list) == 0 || list[len(list)-1].State != want {
				r.Errorf("it is %v, want %v", list, want)
			}
		}
		c.say(&pb.MediaPlayerCommandRequest{Key: at, HasMediaUrl: true, MediaUrl: "song"})
		pass(time.Second)
		is(pb.MediaPlayerState_PLAYER_PLAYING)
		command(pb.MediaPlayerCommand_PAUSE)
		is(pb.MediaPlayerState_PLAYER_PAUSED)
		before := r.sofar()
		pass(20 * time.Second) // however long it waits
		if got := r.sofar(); got != "" {
			r.Errorf("it waits, and %s is heard", got)
		}
		command(pb.MediaPlayerCommand_PLAY)
		is(pb.MediaPlayerState_PLAYER_PLAYING)
		pass(4 * time.Second)
		is(pb.MediaPlayerState_PLAYER_IDLE)
		var first, rest, faded int
		if n, _ := fmt.Sscanf(before, "10000×%d", &first); n != 1 {
			r.Errorf("heard before: %s", before)
		}
		after := r.sofar()
		if n, _ := fmt.Sscanf(after, "10000×%d", &rest); n != 1 {
			r.Errorf("heard after: %s", after)
		}
		if faded = 200 - first - rest; faded < 0 || faded > 1 { // the frame with which it comes back begins silent
			r.Errorf("of 200 frames, %d and %d were heard", first, rest)
		}

		c.say(&pb.MediaPlayerCommandRequest{Key: at, HasMediaUrl: true, MediaUrl: "other"})
		pass(time.Second)
		c.say(&pb.MediaPlayerCommandRequest{Key: at, HasMediaUrl: true, MediaUrl: "dinner", HasAnnouncement: true, Announcement: true})
		pass(time.Second)
		is(pb.MediaPlayerState_PLAYER_ANNOUNCING)
		r.mu.Lock()
		if low := r.heard[len(r.heard)-1].level; low < 600 || low > 800 { // a tenth, and the announcement
			r.Errorf("beneath an announcement it is at %d", low)
		}
		r.mu.Unlock()
		pass(2 * time.Second)
		is(pb.MediaPlayerState_PLAYER_PLAYING)
		if got := of[*pb.VoiceAssistantAnnounceFinished](c.hears()); len(got) > 0 {
			r.Error("nobody has asked for an end of that")
		}
		command(pb.MediaPlayerCommand_STOP)
		is(pb.MediaPlayerState_PLAYER_IDLE)
		c.say(&pb.MediaPlayerCommandRequest{Key: at, HasVolume: true, Volume: 0.5})
		pass(100 * time.Millisecond)
		if list := of[*pb.MediaPlayerStateResponse](c.hears()); len(list) != 1 || list[0].Volume != 0.5 {
			r.Errorf("%v", list)
		}
	})
}

// TestHomeAssistantAwayIsHeard: as an error if the command is lost, and as a wake word if somebody else takes it.
func TestHomeAssistantAwayIsHeard(t *testing.T) {
	b, _ := keyed()
	for others, want := range map[bool]string{true: "100×5", false: "300×5"} {
		alone := func(r *room) {
			c := r.node.Config.Get()
			c.Others = others
			r.node.Config.Take(rt.NewCell(c))
		}
		hearing(t, b, alone, func(r *room) {
			r.wake("w1")
			pass(time.Second)
			if got := r.sofar(); got != want {
				r.Errorf("others %v: %s", others, got)
			}
		})
	}
	b, key := keyed()
	hearing(t, b, nil, func(r *room) { // it is there, and says nothing
		r.adopt(key)
		r.wake("w1")
		pass(7 * time.Second)
		if got := r.sofar(); got != "100×5" || len(r.handedOn()) != 1 {
			r.Errorf("%s", got)
		}
	})
}

// TestWithoutASpeaker nothing is promised, and nothing waits to be heard.
func TestWithoutASpeaker(t *testing.T) {
	b, key := keyed()
	mute := func(r *room) {
		c := r.node.Config.Get()
		c.Speaker, c.Chimes = "", nil
		r.node.Config.Take(rt.NewCell(c))
	}
	hearing(t, b, mute, func(r *room) {
		c := r.adopt(key)
		got := c.hears()
		if info := of[*pb.DeviceInfoResponse](got)[0]; info.VoiceAssistantFeatureFlags != featAssistant|featAPIAudio {
			r.Errorf("%b", info.VoiceAssistantFeatureFlags)
		}
		for _, s := range of[*pb.ListEntitiesSwitchResponse](got) {
			if s.ObjectId == entity.IDWakeSound {
				r.Error("it offers a sound that nobody hears")
			}
		}
		if len(of[*pb.ListEntitiesMediaPlayerResponse](got)) > 0 {
			r.Error("it offers a media player")
		}
		r.ask(c, "w1")
		c.tell(satellite.EventIntentEnd, "continue_conversation", "1")
		c.hears()
		c.tell(satellite.EventTTSEnd, "url", "http://ha/a.wav")
		c.tell(satellite.EventRunEnd)
		if f := of[*pb.VoiceAssistantAnnounceFinished](c.hears()); len(f) != 1 || f[0].Success {
			r.Errorf("%v", f)
		}
		pass(time.Second)
		if s := r.node.Shown(); s.Phase != "ready" {
			r.Errorf("a question that nobody heard goes on: %+v", s)
		}
	})
}

// TestASpeakerThatIsAway: an answer ends, and is reported as not heard.
func TestASpeakerThatIsAway(t *testing.T) {
	b, key := keyed()
	hearing(t, b, func(r *room) { r.absent = true }, func(r *room) {
		r.sounds["a"] = sound{level: 5000, frames: 100}
		c := r.adopt(key)
		r.ask(c, "w1")
		c.hears()
		c.tell(satellite.EventTTSEnd, "url", "a")
		c.tell(satellite.EventRunEnd)
		pass(11 * time.Second)
		if f := of[*pb.VoiceAssistantAnnounceFinished](c.hears()); len(f) != 1 || f[0].Success || r.node.Shown().Phase != "ready" {
			r.Errorf("%v, %+v", f, r.node.Shown())
		}
	})
}

// TestATimerRings until somebody says the wake word, which is no command then.
func TestATimerRings(t *testing.T) {
	b, key := keyed()
	hearing(t, b, nil, func(r *room) {
		c := r.adopt(key)
		c.say(&pb.VoiceAssistantTimerEventResponse{EventType: uint32(satellite.TimerFinished), TimerId: "t", Name: "tea"})
		pass(7 * time.Second)
		if got := r.sofar(); got != "400×5 400×5 400×5" {
			r.Errorf("%s", got)
		}
		c.hears()
		r.wake("w1")
		pass(10 * time.Second)
		if got := r.sofar(); got != "" || len(of[*pb.VoiceAssistantRequest](c.hears())) > 0 {
			r.Errorf("%s", got)
		}
	})
}

// TestNobodyAnswers: whatever Home Assistant never answers, nothing grows, and it is asked again.
func TestNobodyAnswers(t *testing.T) {
	b, key := keyed()
	hearing(t, b, nil, func(r *room) {
		c := r.adopt(key)
		for i := range 50 {
			r.wake(fmt.Sprint("w", i))
			r.speak(1)
			pass(6 * time.Second)
			if got := r.handedOn(); len(got) != 1 {
				r.Fatalf("wake %d is left to others: %v", i, got)
			}
			c.say(&pb.PingResponse{}) // it is there
		}
		c.hears()
		pass(15 * time.Second)
		r.wake("last")
		c.say(&pb.VoiceAssistantResponse{})
		if s := r.node.Shown(); s.Phase != "listening" {
			r.Errorf("%+v", s)
		}
	})
}
