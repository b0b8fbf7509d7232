package judge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/runbook/language"
	"orac/runbook/scenario"
	"orac/sim/trial/judge"
	"orac/sim/trial/report"
)

// view is an appliance that a test moves by hand. Its sound goes on by itself unless it is deaf.
type view struct {
	at      time.Duration
	deaf    bool
	stood   time.Duration // how long it was deaf in all
	since   time.Duration
	health  string
	waiting int
	down    bool
	memory  int64
	tasks   int
	healed  bool
}

func (v *view) State() scenario.State {
	return scenario.State{Time: v.at.Seconds(), Health: v.health, Waiting: v.waiting, Up: !v.down, Memory: v.memory, Tasks: v.tasks, Healed: v.healed}
}
func (v *view) Sound(string) uint64 {
	heard := v.at - v.stood
	if v.deaf {
		heard = v.since - v.stood
	}
	return uint64(heard / (80 * time.Millisecond))
}
func (v *view) Health() string { return v.health }
func (v *view) Waiting() int   { return v.waiting }
func (v *view) Up() bool       { return !v.down }
func (v *view) Memory() int64  { return v.memory }
func (v *view) Tasks() int     { return v.tasks }

// silence lets sound stop, or go on.
func (v *view) silence(deaf bool) {
	switch {
	case deaf && !v.deaf:
		v.since = v.at
	case !deaf && v.deaf:
		v.stood += v.at - v.since
	}
	v.deaf = deaf
}

// court is a judge and what is judged.
type court struct {
	*judge.Judge
	v   *view
	ids map[string]int
}

func open(t *testing.T, promises string) *court {
	t.Helper()
	text := `scenario "test" {
  for       = "1h"
  inference = "modelled"
  text      = ""
}
fault "unplug" "a" {
  at = "10s"
}
fault "stt_down" "b" {
  at = "10s"
}
fault "kill" "c" {
  at = "10s"
}
fault "read_blocks" "d" {
  at = "10s"
}
fault "silence" "e" {
  at = "10s"
}
` + promises
	sc, problems := scenario.Parse([]byte(strings.Replace(text, `""`+"\n}", `"appliance \"x\" {}"`+"\n}", 1)), "test.hcl", language.Options{})
	if problems.HasErrors() {
		t.Fatal(problems.Err())
	}
	return &court{Judge: judge.New(sc), v: &view{health: "healthy", memory: 80 << 20, tasks: 20}, ids: map[string]int{}}
}

var kinds = map[string]judge.Fault{
	"a": {Address: "fault.unplug.a", Kind: scenario.Unplug, Target: "mic", Lasts: true},
	"b": {Address: "fault.stt_down.b", Kind: scenario.STTDown, Target: "whisper", Lasts: true},
	"c": {Address: "fault.kill.c", Kind: scenario.Kill, Lasts: true},
	"d": {Address: "fault.read_blocks.d", Kind: scenario.ReadBlocks, Target: "mic"},
	"e": {Address: "fault.silence.e", Kind: scenario.Silence, Target: "mic", Lasts: true},
	"w": {Kind: scenario.Unplug, Target: "mic", Lasts: true}, // drawn
}

// plays lets things happen at their times, which are seconds: "10 +a" a fault begins, "12 -a" it is over, "11 deaf", "13 hears",
// "11 says source.mic", "11 health degraded", "11 waits 3", "11 down", "12 up", "11 memory 90", "11 tasks 30", "11 healed".
func (c *court) plays(until float64, script ...string) {
	end := time.Duration(until * float64(time.Second))
	for _, line := range script {
		var at float64
		var what, word string
		_, _ = fmt.Sscanf(line, "%f %s %s", &at, &what, &word) // a line may have no second word
		c.look(time.Duration(at * float64(time.Second)))
		switch {
		case what[0] == '+':
			c.ids[what[1:]] = c.Began(c.v.at, kinds[what[1:]])
		case what[0] == '-':
			c.Ended(c.v.at, c.ids[what[1:]])
		case what == "deaf", what == "hears":
			c.v.silence(what == "deaf")
		case what == "says":
			c.Noticed(c.v.at, word)
		case what == "health":
			c.v.health = word
		case what == "down", what == "up":
			c.v.down = what == "down"
			c.v.silence(c.v.down)
		case what == "healed":
			c.v.healed = true
		default:
			n := 0
			_, _ = fmt.Sscan(word, &n)
			switch what {
			case "waits":
				c.v.waiting = n
			case "memory":
				c.v.memory = int64(n) << 20
			case "tasks":
				c.v.tasks = n
			default:
				panic("BUG: " + line)
			}
		}
		c.See(c.v.at, c.v)
	}
	c.look(end)
	c.Finish(end, c.v)
}

// look looks whenever the judge wants to, until a time.
func (c *court) look(until time.Duration) {
	for {
		next := c.Next(c.v.at)
		if next > until {
			break
		}
		c.v.at = next
		c.See(next, c.v)
	}
	c.v.at = until
	c.See(until, c.v)
}

// found is what was judged: name, what, kept or broken, and its value in tenths.
func (c *court) found() (list []string) {
	for _, g := range c.Judged {
		word := "broken"
		if g.Kept {
			word = "kept"
		}
		list = append(list, fmt.Sprintf("%s %s %s %.1f", g.Promise, g.What, word, g.Value))
	}
	return list
}

func TestRecovery(t *testing.T) {
	const (
		fromBegin = "recovery \"r\" {\n  recover = \"3s\"\n  detect = \"2s\"\n}\n"
		fromEnd   = "recovery \"r\" {\n  from = \"end\"\n  recover = \"3s\"\n}\n"
		delivered = "recovery \"r\" {\n  after = [fault.stt_down.b]\n  from = \"end\"\n  recover = \"20s\"\n  means = \"delivered\"\n}\n"
		healthy   = "recovery \"r\" {\n  after = [fault.unplug.a]\n  from = \"end\"\n  recover = \"20s\"\n  means = \"health\"\n}\n"
		kinds     = "recovery \"r\" {\n  kinds = [\"unplug\"]\n  from = \"end\"\n  recover = \"3s\"\n}\n"
	)
	tests := []struct {
		name, promise string
		script        []string
		want          []string
	}{
		{"from its begin", fromBegin, []string{"10 +d", "10 deaf", "11.5 says source.mic", "12 hears"}, []string{"r detect kept 1.5", "r recover kept 2.1"}},
		{"too late", fromBegin, []string{"10 +d", "10 deaf", "11.5 says source.mic", "14 hears"}, []string{"r detect kept 1.5", "r recover broken 4.1"}},
		{"noticed too late", fromBegin, []string{"10 +d", "10 deaf", "12.4 says source.mic", "12.5 hears"}, []string{"r detect broken 2.1", "r recover kept 2.6"}},
		{"never noticed, while it lasts", "recovery \"r\" {\n  after = [fault.stt_down.b]\n  detect = \"5s\"\n}\n", []string{"10 +b", "40 -b"}, []string{"r detect broken 5.0"}},
		{"of somebody else's complaint", "recovery \"r\" {\n  after = [fault.stt_down.b]\n  detect = \"5s\"\n}\n", []string{"10 +b", "11 says source.mic", "12 says stt.other", "40 -b"}, []string{"r detect broken 5.0"}},
		{"never, and it is mended", fromBegin, []string{"10 +d", "10 deaf", "11.5 hears"}, []string{"r recover kept 1.6"}},
		{"hardly begun, and over", "recovery \"r\" {\n  after = [fault.stt_down.b]\n  detect = \"5s\"\n}\n", []string{"10 +b", "12 -b"}, nil},
		{"of the service itself", "recovery \"r\" {\n  after = [fault.stt_down.b]\n  detect = \"5s\"\n}\n", []string{"10 +b", "12 says stt.whisper", "40 -b"}, []string{"r detect kept 2.0"}},
		{"what was in the pipe is no recovery", fromBegin, []string{"10 +d", "10.3 deaf", "11.5 says source.mic", "12 hears"}, []string{"r detect kept 1.5", "r recover kept 2.1"}},
		{"never", fromBegin, []string{"10 +d", "10 deaf", "11 says source.mic"}, []string{"r detect kept 1.0", "r recover broken 50.0"}},
		{"from its end", fromEnd, []string{"10 +a", "10 deaf", "20 -a", "22 hears"}, []string{"r recover kept 2.1"}},
		{"from its end, too late", fromEnd, []string{"10 +a", "10 deaf", "20 -a", "24 hears"}, []string{"r recover broken 4.1"}},
		{"it comes back only to stop again", fromEnd, []string{"10 +a", "10 deaf", "20 -a", "20.5 hears", "20.7 deaf", "22 hears"}, []string{"r recover kept 2.1"}},
		{"no fault at all", fromEnd, []string{"10 +e", "20 -e"}, nil},
		{"the clock stands while another lasts", fromEnd, []string{"10 +a", "10 deaf", "20 -a", "21 +c", "21 down", "30 -c", "30 up"}, []string{"r recover kept 0.1", "r recover kept 0.1"}},
		{"another has nothing to do with it", fromEnd, []string{"10 +b", "12 +a", "12 deaf", "20 -a", "25 hears", "40 -b"}, []string{"r recover broken 5.1", "r recover kept 0.1"}},
		{"one that was there before", fromEnd, []string{"10 +c", "10 down", "12 +a", "15 -a", "20 -c", "20 up"}, []string{"r recover kept 0.1", "r recover kept 0.1"}},
		{"of a kind, drawn", kinds, []string{"10 +w", "10 deaf", "20 -w", "22 hears"}, []string{"r recover kept 2.1"}},
		{"not of another kind", kinds, []string{"10 +c", "10 down", "20 -c", "29 up"}, nil},
		{"all is delivered", delivered, []string{"10 +b", "15 waits 4", "30 -b", "38 waits 0"}, []string{"r recover kept 8.0"}},
		{"not all", delivered, []string{"10 +b", "15 waits 4", "30 -b", "38 waits 1"}, []string{"r recover broken 30.0"}},
		{"health", healthy, []string{"10 +a", "11 health unhealthy", "20 -a", "25 health degraded", "33 health healthy"}, []string{"r recover kept 13.0"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := open(t, test.promise)
			c.plays(60, test.script...)
			if got := c.found(); !slices.Equal(got, test.want) {
				t.Errorf("judged %q; want %q", got, test.want)
			}
			broken := 0
			for _, g := range c.Judged {
				if !g.Kept {
					broken++
				}
			}
			if broken != len(c.Breaks) {
				t.Errorf("%d judgements are broken, and there are %d breaks: %+v", broken, len(c.Breaks), c.Breaks)
			}
		})
	}
}

func TestSteady(t *testing.T) {
	const at = "steady \"s\" {\n  holds = waiting == 0\n  every = \"1s\"\n"
	tests := []struct {
		name, promise string
		script        []string
		broken        int
	}{
		{"it holds", at + "}\n", nil, 0},
		{"for a moment it does not", at + "}\n", []string{"10 waits 1", "12.5 waits 0"}, 1},
		{"between two looks", at + "}\n", []string{"10.2 waits 1", "10.4 waits 0"}, 0},
		{"twice", at + "}\n", []string{"10 waits 1", "15 waits 0", "20 waits 1"}, 2},
		{"for as long as it may", at + "  most = \"5s\"\n}\n", []string{"10 waits 1", "13.5 waits 0", "20 waits 1", "23 waits 0"}, 0},
		{"for longer", at + "  most = \"5s\"\n}\n", []string{"10 waits 1", "16.5 waits 0"}, 1},
		{"before it is asked for", at + "  from = \"30s\"\n}\n", []string{"10 waits 1", "29 waits 0"}, 0},
		{"before the heal point", at + "  healed = true\n}\n", []string{"10 waits 1", "29 waits 0", "30 healed"}, 0},
		{"after the heal point", at + "  healed = true\n}\n", []string{"10 waits 1", "30 healed"}, 1},
		{"never looked at", at + "  from = \"2m\"\n}\n", nil, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := open(t, test.promise)
			c.plays(60, test.script...)
			if len(c.Breaks) != test.broken {
				t.Errorf("%d breaks: %+v", len(c.Breaks), c.Breaks)
			}
			if test.broken == 0 && (len(c.Judged) != 1 || !c.Judged[0].Kept) {
				t.Errorf("it is not said that it was kept: %+v", c.Judged)
			}
		})
	}
}

func TestFlat(t *testing.T) {
	const both = "flat \"f\" {\n  memory = \"4MiB\"\n  tasks = 1\n  warm_up = \"5m\"\n}\n"
	grows := func(what string, from, step int) (script []string) {
		for minute := range 40 {
			script = append(script, fmt.Sprintf("%d %s %d", 60*minute+1, what, from+minute*step))
		}
		return script
	}
	tests := []struct {
		name   string
		script []string
		want   []string
	}{
		{"it is", nil, []string{"f memory kept 0.0", "f tasks kept 0.0"}},
		{"memory grows", grows("memory", 80, 1), []string{"f memory broken 27262976.0", "f tasks kept 0.0"}},
		{"tasks grow", grows("tasks", 20, 1), []string{"f memory kept 0.0", "f tasks broken 26.0"}},
		{"it grows while it warms up", []string{"60 memory 200", "120 tasks 40"}, []string{"f memory kept 0.0", "f tasks kept 0.0"}},
		{"a peak is no growth", []string{"2300 memory 400", "2310 memory 80"}, []string{"f memory kept 0.0", "f tasks kept 0.0"}},
		{"it shrinks", grows("memory", 200, -2), []string{"f memory kept 0.0", "f tasks kept 0.0"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := open(t, both)
			c.plays(2400, test.script...)
			if got := c.found(); !slices.Equal(got, test.want) {
				t.Errorf("judged %q; want %q", got, test.want)
			}
		})
	}
	c := open(t, both)
	c.plays(5*60 + 30)
	if len(c.Breaks) != 1 {
		t.Errorf("a run that is too short was judged: %+v", c.Judged)
	}
}

func TestSometimesAndExpect(t *testing.T) {
	const promises = "sometimes \"s\" {\n  holds = waiting >= 3\n}\nexpect \"e\" {\n  holds = waiting == 0\n}\n"
	tests := []struct {
		name    string
		script  []string
		reached float64 // 0: never
		kept    bool
	}{
		{"never", []string{"10 waits 2", "20 waits 0"}, 0, true},
		{"once", []string{"10 waits 3", "20 waits 0", "30 waits 5", "40 waits 0"}, 10, true},
		{"at the end", []string{"59.9 waits 4"}, 60, false},
		{"what is expected counts at the end alone", []string{"10 waits 1"}, 0, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := open(t, promises)
			c.plays(60, test.script...)
			switch {
			case test.reached == 0 && len(c.Reached) > 0, test.reached > 0 && len(c.Reached) != 1:
				t.Errorf("reached: %+v", c.Reached)
			case test.reached > 0 && (c.Reached[0].At < test.reached || c.Reached[0].At > test.reached+1):
				t.Errorf("reached at %v", c.Reached[0].At)
			}
			if len(c.Judged) != 1 || c.Judged[0].Kept != test.kept {
				t.Errorf("judged: %+v", c.Judged)
			}
		})
	}
}

func TestSafetyIsJudgedOnceOrBroken(t *testing.T) {
	c := open(t, "expect \"e\" {\n  holds = up\n}\n")
	c.Break(time.Second, "lost", "a is gone")
	c.Break(2*time.Second, "lost", "b is gone")
	c.Safe(time.Minute, "lost", "once")
	want := []string{"safety/lost safety broken 0.0", "safety/lost safety broken 0.0", "safety/once safety kept 0.0"}
	if got := c.found(); !slices.Equal(got, want) || len(c.Breaks) != 2 {
		t.Errorf("judged %q, breaks %+v", got, c.Breaks)
	}
	for range 30_000 {
		c.Break(time.Minute, "lost", "and more")
	}
	if len(c.Judged) > 20_000 || len(c.Breaks) > 1_000 || c.Omitted == 0 {
		t.Errorf("%d judgements and %d breaks are kept, %d omitted", len(c.Judged), len(c.Breaks), c.Omitted)
	}
}

func TestDeclared(t *testing.T) {
	sc, problems := scenario.Parse([]byte("scenario \"x\" {\n  for = \"1m\"\n  runbook = \"k.hcl\"\n}\nfault \"kill\" \"k\" {\n  at = \"10s\"\n}\nrecovery \"r\" {\n  detect = \"2s\"\n  recover = \"3s\"\n}\nsometimes \"s\" {\n  holds = up\n}\n"), "x.hcl", language.Options{})
	if sc == nil {
		t.Fatal(problems.Err())
	}
	list, sometimes := judge.Declared(sc)
	var texts []string
	for _, p := range list {
		texts = append(texts, fmt.Sprintf("%d %s: %s", p.Line, p.What, p.Text))
	}
	want := []string{"8 detect: noticed within 2s of any fault", "8 recover: steady sound within 3s after the begin of any fault"}
	if !slices.Equal(texts, want) || !slices.Equal(sometimes, []report.Sometimes{{Name: "s", File: "x.hcl", Line: 12, Text: "up"}}) {
		t.Errorf("%q %+v", texts, sometimes)
	}
}
