package satellite

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"orac/appliance/rt"
)

// step is something that happens at a time, and what is done then.
type step struct {
	at   time.Duration
	in   In
	want string
}

// told writes what is done: a word for each.
func told(do []Do) string {
	var list []string
	for _, d := range do {
		text := strings.TrimPrefix(fmt.Sprintf("%T", d), "satellite.")
		switch d := d.(type) {
		case Start:
			text += "(" + d.Phrase + ")"
		case Play:
			text += "(" + d.ID[len("home-assistant-"):] + " " + d.URL + ")"
		case Silence:
			text += "(" + strings.TrimPrefix(d.ID, "home-assistant-") + ")"
		case Finished:
			text += fmt.Sprintf("(%v)", d.OK)
		case Chime:
			text += "(" + d.Name + ")"
		case Hand:
			text += "(" + d.Wake + ")"
		case Heard:
			text += "(" + d.Text + ")"
		case Said:
			text += "(" + d.Text + ")"
		case Over:
			if text += "(" + d.Wake; d.Why != "" {
				text += ": " + d.Why
			}
			if text += ")"; d.Lost {
				text += "!"
			}
			if d.Handed {
				text += "?"
			}
		}
		list = append(list, text)
	}
	return strings.Join(list, " ")
}

func tell(e EventType, pairs ...string) Event {
	data := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		data[pairs[i]] = pairs[i+1]
	}
	return Event{e, data}
}

const ms = time.Millisecond

// TestConversations: the orders and pitfalls that are known of Home Assistant.
func TestConversations(t *testing.T) {
	asked := []step{{0, Arrived{}, ""}, {0, Woken{"w1", "hey jarvis"}, "Start(hey jarvis) Open Chime(wake)"}}
	listening := append(slices.Clone(asked), step{10 * ms, Accepted{}, "Stream"}, step{20 * ms, tell(EventRunStart, "url", "http://ha/tts"), ""})
	thinking := append(slices.Clone(listening), step{time.Second, tell(EventVADEnd), "Close"}, step{time.Second, tell(EventSTTEnd, "text", "lights on"), "Heard(lights on)"})
	speaking := append(slices.Clone(thinking), step{2 * time.Second, tell(EventTTSEnd, "url", "http://ha/a"), "Play(1 http://ha/a)"})
	for name, x := range map[string]struct {
		steps []step
		ends  Phase
	}{
		"a command, its answer, and the end": {append(slices.Clone(speaking),
			step{2 * time.Second, tell(EventRunEnd), ""}, step{4 * time.Second, Ended{"home-assistant-1", true}, "Finished(true) Over(w1)"}), Ready},
		"the end comes after the answer": {append(slices.Clone(speaking),
			step{4 * time.Second, Ended{"home-assistant-1", true}, "Finished(true)"}, step{5 * time.Second, tell(EventRunEnd), "Over(w1)"}), Ready},
		"the end never comes": {append(slices.Clone(speaking),
			step{4 * time.Second, Ended{"home-assistant-1", true}, "Finished(true)"}, step{9 * time.Second, Tick{}, "Over(w1)"}), Ready},
		"an answer that cannot be played": {append(slices.Clone(speaking),
			step{3 * time.Second, Ended{"home-assistant-1", false}, "Finished(false)"}, step{3 * time.Second, tell(EventRunEnd), "Over(w1)"}), Ready},
		"an answer that never ends": {append(slices.Clone(speaking),
			step{303 * time.Second, Tick{}, "Silence(1) Finished(false) Over(w1)"}), Ready},
		"no answer": {append(slices.Clone(thinking), step{2 * time.Second, tell(EventRunEnd), "Finished(true) Over(w1)"}), Ready},
		"an answer while it is made": {append(slices.Clone(thinking),
			step{2 * time.Second, tell(EventIntentProgress, "tts_start_streaming", "True"), "Play(1 http://ha/tts)"},
			step{3 * time.Second, tell(EventTTSEnd, "url", "http://ha/tts"), ""}, step{3 * time.Second, tell(EventRunEnd), ""},
			step{4 * time.Second, Ended{"home-assistant-1", true}, "Finished(true) Over(w1)"}), Ready},
		"a conversation that goes on": {append(slices.Clone(thinking),
			step{2 * time.Second, tell(EventIntentEnd, "conversation_id", "c", "continue_conversation", "1"), ""},
			step{2 * time.Second, tell(EventTTSStart, "text", "Which one?"), "Said(Which one?)"}, step{2 * time.Second, tell(EventTTSEnd, "url", "u"), "Play(1 u)"},
			step{2 * time.Second, tell(EventRunEnd), ""}, step{3 * time.Second, Ended{"home-assistant-1", true}, "Finished(true) Over(w1)"},
			step{3500 * ms, Tick{}, "Start() Open Chime(wake)"}), Asking},
		"a question that was not heard": {append(slices.Clone(thinking),
			step{2 * time.Second, tell(EventIntentEnd, "conversation_id", "c", "continue_conversation", "1"), ""}, step{2 * time.Second, tell(EventTTSEnd, "url", "u"), "Play(1 u)"},
			step{2 * time.Second, tell(EventRunEnd), ""}, step{3 * time.Second, Ended{"home-assistant-1", false}, "Finished(false) Over(w1)"}), Ready},
		"an answer that is owed for ever": {append(slices.Clone(asked),
			step{5 * time.Second, Tick{}, "Abort Close Over(w1: Home Assistant did not answer within 5s)? Hand(w1)"},
			step{7 * time.Second, Woken{"w2", "x"}, "Start(x) Open Chime(wake)"}, step{8 * time.Second, Accepted{}, ""}, // that may be the one that was owed
			step{12 * time.Second, Tick{}, "Abort Close Over(w2: Home Assistant did not answer within 5s)? Hand(w2)"},
			step{18 * time.Second, Woken{"w3", "x"}, "Start(x) Open Chime(wake)"}, step{19 * time.Second, Accepted{}, "Stream"}), Listening},
		"the answer to Start comes after the beginning": {append(slices.Clone(asked),
			step{10 * ms, tell(EventRunStart), "Stream"}, step{20 * ms, Accepted{}, ""}, step{time.Second, tell(EventSTTEnd, "text", "x"), "Close Heard(x)"}), Thinking},
		"it refuses": {append(slices.Clone(asked), step{10 * ms, Accepted{Failed: true},
			"Close Over(w1: Home Assistant cannot start its assistant)? Hand(w1)"}), Ready},
		"it says nothing": {append(slices.Clone(asked), step{5 * time.Second, Tick{},
			"Abort Close Over(w1: Home Assistant did not answer within 5s)? Hand(w1)"}), Ready},
		"it understands nothing": {append(slices.Clone(listening), step{20009 * ms, Tick{},
			""}, step{20020 * ms, Tick{}, "Abort Close Over(w1: Home Assistant did not understand anything within 20s)!"}), Ready},
		"it thinks for ever": {append(slices.Clone(thinking), step{61 * time.Second, Tick{},
			"Abort Over(w1: Home Assistant did not end what it had begun)!"}), Ready},
		"an error": {append(slices.Clone(listening), step{time.Second, tell(EventError, "code", "stt-no-text-recognized", "message", "No text recognized"),
			"Close Over(w1: Home Assistant failed: stt-no-text-recognized: No text recognized)!"}, step{time.Second, tell(EventRunEnd), ""}), Ready},
		"an error without an end": {append(slices.Clone(listening), step{time.Second, tell(EventError), "Close Over(w1: Home Assistant failed: no reason was given)!"},
			step{6 * time.Second, Tick{}, ""}), Ready},
		"another satellite was faster": {append(slices.Clone(listening), step{time.Second, tell(EventError, "code", "duplicate_wake_up_detected"),
			"Close Over(w1: another satellite was faster)"}), Failed},
		"an error at once, without a beginning": {append(slices.Clone(asked), step{10 * ms, Accepted{}, "Stream"},
			step{11 * ms, tell(EventError, "code", "stt-provider-missing"), "Close Over(w1: Home Assistant failed: stt-provider-missing)!"}), Failed},
		"the end of a cancelled run comes after the next start": {append(slices.Clone(listening),
			step{time.Second, Stop{}, "Abort Close Over(w1: somebody stopped it)!"}, step{1100 * ms, Woken{"w2", "x"}, "Start(x) Open Chime(wake)"},
			step{1200 * ms, tell(EventRunEnd), ""}, step{1200 * ms, tell(EventError), ""}, step{1300 * ms, Accepted{}, "Stream"}, step{1300 * ms, tell(EventRunStart), ""},
			step{1400 * ms, tell(EventSTTEnd, "text", "y"), "Close Heard(y)"}), Thinking},
		"the beginning of a cancelled run comes after the next start": {append(slices.Clone(asked),
			step{ms, Stop{}, "Abort Close Over(w1: somebody stopped it)!"}, step{2 * ms, Woken{"w2", "x"}, "Start(x) Open Chime(wake)"},
			step{3 * ms, tell(EventRunStart), ""}, step{4 * ms, Accepted{}, ""}, step{5 * ms, tell(EventRunEnd), ""}, step{6 * ms, Accepted{}, "Stream"}), Listening},
		"it goes away while it is asked":           {append(slices.Clone(asked), step{ms, Left{}, "Close Over(w1: Home Assistant went away)? Hand(w1)"}), Away},
		"it goes away while somebody speaks":       {append(slices.Clone(listening), step{500 * ms, Left{}, "Close Over(w1: Home Assistant went away)? Hand(w1)"}), Away},
		"it goes away while it thinks":             {append(slices.Clone(thinking), step{2 * time.Second, Left{}, "Over(w1: Home Assistant went away)!"}), Away},
		"it goes away while it is heard":           {append(slices.Clone(speaking), step{3 * time.Second, Left{}, ""}, step{4 * time.Second, Ended{"home-assistant-1", true}, "Finished(true) Over(w1)"}), Away},
		"another connection takes over":            {append(slices.Clone(listening), step{500 * ms, Arrived{}, "Close Over(w1: Home Assistant has begun anew)? Hand(w1)"}), Ready},
		"it is away":                               {[]step{{0, Woken{"w1", "x"}, "Over(w1: Home Assistant is not there)? Hand(w1)"}}, Away},
		"a wake word within a command":             {append(slices.Clone(listening), step{500 * ms, Woken{"w2", "x"}, ""}), Listening},
		"a wake word during the answer":            {append(slices.Clone(speaking), step{3 * time.Second, Woken{"w2", "x"}, "Silence(1) Finished(false) Start(x) Open Chime(wake)"}), Asking},
		"stop during the answer":                   {append(slices.Clone(speaking), step{3 * time.Second, Stop{}, "Silence(1) Finished(false)"}), Ready},
		"mute within a command":                    {append(slices.Clone(listening), step{500 * ms, Muted{}, "Abort Close Over(w1: the listener was muted)!"}), Ready},
		"stop while a timer rings over the answer": {append(slices.Clone(speaking), step{3 * time.Second, Timer{Type: TimerFinished}, "Chime(timer)"}, step{4 * time.Second, Stop{}, "Silence(timer) Silence(1) Finished(false)"}), Ready},
		"mute during the answer":                   {append(slices.Clone(speaking), step{3 * time.Second, Muted{}, ""}), Speaking},
		"the microphone goes within a command":     {append(slices.Clone(listening), step{500 * ms, SoundLost{}, "Close EndSound"}), Thinking},
		"an announcement": {[]step{{0, Arrived{}, ""}, {0, Announce{Text: "Dinner", Media: "m", Before: "b"}, "Said(Dinner) Play(1 b)"},
			{1, Ended{"home-assistant-1", false}, "Play(2 m)"}, {2, Ended{"home-assistant-2", true}, "Finished(true)"}}, Ready},
		"an announcement that asks": {[]step{{0, Arrived{}, ""}, {0, Announce{Media: "m", Converse: true}, "Play(1 m)"},
			{1, Ended{"home-assistant-1", true}, "Finished(true) Start() Open Chime(wake)"}}, Asking},
		"an announcement of nothing":        {[]step{{0, Arrived{}, ""}, {0, Announce{}, "Finished(true)"}}, Ready},
		"an announcement during the answer": {append(slices.Clone(speaking), step{3 * time.Second, Announce{Media: "m"}, "Silence(1) Play(2 m)"}, step{4 * time.Second, Ended{"home-assistant-1", false}, ""}), Announcing},
		"an announcement within a command": {append(slices.Clone(listening), step{500 * ms, Announce{Media: "m"},
			"Close Over(w1: Home Assistant announces something)? Hand(w1) Play(1 m)"}), Announcing},
		"an announcement that never ends": {[]step{{0, Arrived{}, ""}, {0, Announce{Media: "m"}, "Play(1 m)"}, {300 * time.Second, Tick{}, "Silence(1) Finished(false)"}}, Ready},
		"a timer rings until somebody speaks": {[]step{{0, Arrived{}, ""}, {0, Timer{Type: TimerStarted}, ""}, {time.Second, Timer{Type: TimerFinished}, "Chime(timer)"},
			{2 * time.Second, Tick{}, ""}, {4 * time.Second, Tick{}, "Chime(timer)"}, {5 * time.Second, Woken{"w1", "x"}, "Silence(timer)"}, {9 * time.Second, Tick{}, ""}}, Ready},
		"a timer rings, and nobody is there": {[]step{{0, Timer{Type: TimerFinished}, "Chime(timer)"}, {121 * time.Second, Tick{}, ""}, {130 * time.Second, Tick{}, ""}}, Away},
	} {
		t.Run(name, func(t *testing.T) {
			v := &Voice{}
			for i, s := range x.steps {
				if got := told(v.Step(rt.Instant(s.at), s.in)); got != s.want {
					t.Fatalf("step %d, %+v: %q, want %q", i+1, s.in, got, s.want)
				}
			}
			if v.Phase() != x.ends {
				t.Errorf("it ends %s, want %s", v.Phase(), x.ends)
			}
		})
	}
}

// TestWhateverHappens: a Voice comes to rest by itself, takes sound only within a run, and neither loses nor doubles a wake, an
// announcement or an answer.
func TestWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, now, open := &Voice{OneWay: rapid.Bool().Draw(t, "one way")}, rt.Instant(0), false
		wakes, playing := map[string]int{}, ""
		check := func(do []Do) {
			for _, d := range do {
				switch d := d.(type) {
				case Open:
					if open {
						t.Fatal("it opens the microphone twice")
					}
					open = true
				case Close:
					if !open {
						t.Fatal("it closes what is not open")
					}
					open = false
				case Play:
					playing = d.ID
				case Hand:
					if wakes[d.Wake]++; wakes[d.Wake] > 1 {
						t.Fatalf("%s is left to others twice", d.Wake)
					}
				case Heard:
					if d.Wake != "" {
						if wakes[d.Wake]++; wakes[d.Wake] > 1 {
							t.Fatalf("%s was heard, and is left to others", d.Wake)
						}
					}
				}
			}
			switch p := v.Phase(); {
			case open && p != Asking && p != Listening:
				t.Fatalf("the microphone is open, and it is %s", p)
			case v.Busy() && v.Due() == rt.Never:
				t.Fatalf("it is %s for ever", p)
			}
		}
		n := 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 8000).Draw(t, "ms")) * ms)
			var in In
			switch rapid.IntRange(0, 13).Draw(t, "what") {
			case 0:
				in = Arrived{}
			case 1:
				in = Left{}
			case 2, 3:
				n++
				in = Woken{fmt.Sprint("w", n), "x"}
			case 4:
				in = Accepted{rapid.Bool().Draw(t, "failed")}
			case 5, 6, 7:
				types := []EventType{EventError, EventRunStart, EventRunEnd, EventVADEnd, EventSTTEnd, EventIntentEnd, EventTTSEnd, EventIntentProgress}
				in = tell(rapid.SampledFrom(types).Draw(t, "type"), "url", "u", "tts_start_streaming", "1", "continue_conversation", rapid.SampledFrom([]string{"0", "1"}).Draw(t, "on"))
			case 8:
				in = Announce{Media: "m", Converse: rapid.Bool().Draw(t, "converse")}
			case 9:
				in = Ended{playing, rapid.Bool().Draw(t, "ok")}
			case 10:
				in = rapid.SampledFrom([]In{Stop{}, Muted{}, SoundLost{}}).Draw(t, "by hand")
			case 11:
				in = Timer{Type: TimerFinished}
			case 12:
				in = rapid.SampledFrom([]In{Sounding{"s"}, Pause{}}).Draw(t, "one way only")
			default:
				in = Tick{}
			}
			check(v.Step(now, in))
		}
		check(v.Step(now, Left{}))
		for i := 0; v.Due() != rt.Never; i++ {
			if i > 100 {
				t.Fatalf("it does not come to rest: %s", v.Phase())
			}
			now = max(now, v.Due())
			check(v.Step(now, Tick{}))
		}
		if v.Phase() != Away || open {
			t.Fatalf("it ends %s, open: %v", v.Phase(), open)
		}
	})
}
