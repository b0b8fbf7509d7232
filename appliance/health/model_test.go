package health

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"orac/appliance/rt"
)

var noon = time.Date(2026, 1, 17, 12, 0, 0, 0, time.UTC)

// testRules are round numbers, so that a table can be read without Rules beside it.
var testRules = []Rule{
	{Kind: "source", Sound: true, ShowDegraded: 500 * time.Millisecond, Clear: time.Second},
	{Kind: "head", Sound: true, ShowDegraded: time.Second, ShowUnhealthy: time.Second, Clear: time.Second},
	{Kind: "stt", ShowDegraded: 2 * time.Second, ShowUnhealthy: 2 * time.Second, Clear: time.Second},
}

// told is a fact at a time after noon; asked is what a report must say then.
type told struct {
	at time.Duration
	Fact
}

type asked struct {
	at    time.Duration
	level Level
	comps []Component
}

func fact(at time.Duration, name, kind string, l Level, why string, needs ...string) told {
	return told{at, Fact{name, kind, l, why, needs}}
}

func shown(name string, l Level, since time.Duration, why, behind string) Component {
	return Component{Name: name, Level: l, Since: noon.Add(since), Why: why, Behind: behind}
}

const ms = time.Millisecond

func TestReports(t *testing.T) {
	cases := []struct {
		name  string
		facts []told
		asks  []asked
	}{
		{"nothing is known", nil, []asked{{0, Unhealthy, []Component{}}}},
		{"the first fact shows at once", []told{fact(0, "source.usb", "source", Degraded, "starting")}, []asked{
			{0, Degraded, []Component{shown("source.usb", Degraded, 0, "starting", "")}},
		}},
		{"a blip never shows", []told{
			fact(0, "source.usb", "source", Healthy, ""),
			fact(10*time.Second, "source.usb", "source", Degraded, "no sound for 500 ms"),
			fact(10*time.Second+499*ms, "source.usb", "source", Healthy, ""),
		}, []asked{
			{10*time.Second + 499*ms, Healthy, []Component{shown("source.usb", Healthy, 0, "", "")}},
			{60 * time.Second, Healthy, []Component{shown("source.usb", Healthy, 0, "", "")}},
		}},
		{"a condition shows with the time when it began", []told{
			fact(0, "source.usb", "source", Healthy, ""),
			fact(10*time.Second, "source.usb", "source", Degraded, "no sound for 500 ms"),
		}, []asked{
			{10*time.Second + 499*ms, Healthy, []Component{shown("source.usb", Healthy, 0, "", "")}},
			{10*time.Second + 500*ms, Degraded, []Component{shown("source.usb", Degraded, 10*time.Second, "no sound for 500 ms", "")}},
		}},
		{"the watchdog's word counts at once; degraded is what remains until it clears", []told{
			fact(0, "source.usb", "source", Healthy, ""),
			fact(10*time.Second, "source.usb", "source", Unhealthy, "no sound for 2 s"),
			fact(11*time.Second, "source.usb", "source", Degraded, "opening"),
			fact(13*time.Second, "source.usb", "source", Healthy, ""),
		}, []asked{
			{10 * time.Second, Unhealthy, []Component{shown("source.usb", Unhealthy, 10*time.Second, "no sound for 2 s", "")}},
			{11*time.Second + 999*ms, Unhealthy, []Component{shown("source.usb", Unhealthy, 10*time.Second, "no sound for 2 s", "")}},
			{12 * time.Second, Degraded, []Component{shown("source.usb", Degraded, 11*time.Second, "opening", "")}},
			{13*time.Second + 999*ms, Degraded, []Component{shown("source.usb", Degraded, 11*time.Second, "opening", "")}},
			{14 * time.Second, Healthy, []Component{shown("source.usb", Healthy, 13*time.Second, "", "")}},
		}},
		{"good for less than the time to clear is no recovery", []told{
			fact(0, "source.usb", "source", Unhealthy, "gone"),
			fact(5*time.Second, "source.usb", "source", Healthy, ""),
			fact(5*time.Second+900*ms, "source.usb", "source", Unhealthy, "gone again"),
		}, []asked{
			{8 * time.Second, Unhealthy, []Component{shown("source.usb", Unhealthy, 0, "gone again", "")}},
		}},
		{"what carries no sound is degraded at most", []told{
			fact(0, "source.usb", "source", Healthy, ""),
			fact(0, "stt.whisper", "stt", Unhealthy, "connection refused"),
		}, []asked{
			{0, Degraded, []Component{shown("source.usb", Healthy, 0, "", ""), shown("stt.whisper", Unhealthy, 0, "connection refused", "")}},
		}},
		{"a symptom stands behind its cause, through what is well itself", []told{
			fact(0, "source.usb", "source", Unhealthy, "unplugged"),
			fact(0, "ring.usb", "ring", Healthy, "", "source.usb"),
			fact(0, "head.usb.alexa", "head", Degraded, "no hops", "ring.usb"),
		}, []asked{
			{0, Unhealthy, []Component{
				shown("head.usb.alexa", Degraded, 0, "no hops", "source.usb"),
				shown("ring.usb", Healthy, 0, "", ""),
				shown("source.usb", Unhealthy, 0, "unplugged", ""),
			}},
		}},
		{"a lesser condition hides nothing worse", []told{
			fact(0, "source.usb", "source", Degraded, "late"),
			fact(0, "head.usb.alexa", "head", Unhealthy, "panic", "source.usb"),
		}, []asked{
			{0, Unhealthy, []Component{
				shown("head.usb.alexa", Unhealthy, 0, "panic", ""),
				shown("source.usb", Degraded, 0, "late", ""),
			}},
		}},
		{"deaf of something that carries no sound is deaf", []told{
			fact(0, "disk", "disk", Unhealthy, "full"),
			fact(0, "head.usb.alexa", "head", Unhealthy, "no model", "disk"),
		}, []asked{
			{0, Unhealthy, []Component{shown("disk", Unhealthy, 0, "full", ""), shown("head.usb.alexa", Unhealthy, 0, "no model", "disk")}},
		}},
		{"a circle hides nobody", []told{
			fact(0, "a", "head", Unhealthy, "b is dead", "b"),
			fact(0, "b", "head", Unhealthy, "a is dead", "a"),
		}, []asked{
			{0, Unhealthy, []Component{shown("a", Unhealthy, 0, "b is dead", ""), shown("b", Unhealthy, 0, "a is dead", "")}},
		}},
		{"an unknown level is no good sign", []told{fact(0, "source.usb", "source", "splendid", "?")}, []asked{
			{0, Unhealthy, []Component{shown("source.usb", Unhealthy, 0, "?", "")}},
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := New(testRules)
			for _, a := range c.asks {
				for len(c.facts) > 0 && c.facts[0].at <= a.at {
					f := c.facts[0]
					m.Observe(rt.Instant(f.at), noon.Add(f.at), f.Fact)
					c.facts = c.facts[1:]
				}
				want := Report{Level: a.level, At: noon.Add(a.at), Components: a.comps}
				if diff := cmp.Diff(want, m.Report(rt.Instant(a.at), noon.Add(a.at))); diff != "" {
					t.Errorf("after %v:\n%s", a.at, diff)
				}
			}
		})
	}
}

func TestForgotten(t *testing.T) {
	m := New(Rules)
	m.Observe(0, noon, Fact{Component: "source.old", Kind: "source", Level: Unhealthy, Why: "removed"})
	m.Observe(0, noon, Fact{Component: "source.new", Kind: "source", Level: Healthy})
	m.Observe(0, noon, Fact{Component: "head.x", Kind: "head", Level: Degraded, Why: "late", DependsOn: []string{"source.old"}})
	m.Forget("source.old")
	want := []Component{shown("head.x", Degraded, 0, "late", ""), shown("source.new", Healthy, 0, "", "")}
	if r := m.Report(1, noon); r.Level != Degraded || cmp.Diff(want, r.Components) != "" {
		t.Errorf("%+v", r)
	}
}

// TestClockStep: the time of day jumps by an hour; nothing shows or clears because of that.
func TestClockStep(t *testing.T) {
	m := New(testRules)
	m.Observe(0, noon, Fact{Component: "source.usb", Kind: "source", Level: Healthy})
	m.Observe(1, noon.Add(time.Hour), Fact{Component: "source.usb", Kind: "source", Level: Degraded, Why: "late"})
	if r := m.Report(rt.Instant(499*ms), noon.Add(2*time.Hour)); r.Level != Healthy {
		t.Errorf("%+v", r)
	}
	if r := m.Report(rt.Instant(501*ms), noon.Add(-time.Hour)); r.Level != Degraded {
		t.Errorf("%+v", r)
	}
}
