package sentence

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"orac/appliance/act"
)

// large is a home of 1000 entities in 40 rooms, and 500 templates of a runbook.
func large() Grammar {
	h := &act.Home{Backend: "home", Version: "large"}
	colours := []string{"red", "left", "big", "old", "oak", "iron", "round", "tall", "new", "north"}
	things := []struct{ domain, class, name string }{{"light", "", "lamp"}, {"light", "", "spot"}, {"switch", "outlet", "socket"}, {"cover", "blind", "blind"}, {"climate", "", "radiator"}, {"media_player", "speaker", "speaker"},
		{"fan", "", "fan"}, {"sensor", "temperature", "temperature"}, {"binary_sensor", "window", "window"}, {"lock", "", "lock"}}
	for i := range 3 {
		h.Floors = append(h.Floors, act.Floor{ID: fmt.Sprintf("floor%d", i), Name: []string{"Ground floor", "First floor", "Second floor"}[i], Level: i})
	}
	for i := range 40 {
		h.Areas = append(h.Areas, act.Area{ID: fmt.Sprintf("area%d", i), Name: standIn().Areas[i%14].Name + []string{"", " annex", " upper"}[i/14], Floor: fmt.Sprintf("floor%d", i%3)})
	}
	for i := range 1000 {
		t := things[i%len(things)]
		a := h.Areas[i%40]
		h.Entities = append(h.Entities, act.Entity{ID: fmt.Sprintf("%s.e%d", t.domain, i), Domain: t.domain, Class: t.class, Area: a.ID, Enabled: true,
			Name: a.Name + " " + colours[i/40%10] + " " + t.name})
	}
	g := Grammar{English: true, Homes: []*act.Home{h}}
	syllables := []string{"bar", "del", "fin", "kor", "lum", "mas", "nev", "pol", "rik", "sun"}
	for i := range 100 {
		in := Intent{Name: fmt.Sprintf("intent%d", i), Backend: "x", Slots: map[string]Slot{"drink": {Words: map[string][]string{"coffee": {"coffee", "a cup of coffee"}, "tea": nil}}}}
		for j := range 5 {
			name := syllables[i%10] + syllables[i/10] + " " + syllables[j]
			in.Sentences = append(in.Sentences, fmt.Sprintf("(make|brew|prepare) [me] [a|some] %s {drink} [with {percent} milk] [(in|on) [the] {area}]", name))
		}
		g.Intents = append(g.Intents, in)
	}
	return g
}

// most reports a figure, and fails if it is above what is promised.
func most(b *testing.B, value, limit float64, unit string) {
	b.ReportMetric(value, unit)
	if value > limit {
		b.Errorf("%.3g %s, more than the %v that is promised", value, unit, limit)
	}
}

// BenchmarkCompile compiles 500 templates beside the shipped English, with 1000 entities.
func BenchmarkCompile(b *testing.B) {
	g := large()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	m, problems := Compile(g)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if len(problems) > 0 || m.Templates() < 500 {
		b.Fatal(m.Templates(), problems)
	}
	for b.Loop() {
		Compile(g)
	}
	most(b, float64(b.Elapsed().Milliseconds())/float64(b.N), 200, "ms-compile")
	most(b, float64(after.HeapAlloc-before.HeapAlloc)/1e6, 20, "MB-matcher")
	runtime.KeepAlive(m)
}

// BenchmarkRead reads sentences of the corpus over a home of 1000 entities, with 500 templates beside the English.
func BenchmarkRead(b *testing.B) {
	m, _ := Compile(large())
	read := func(b *testing.B, texts []string, least, limit float64) {
		runtime.LockOSThread() // CPU time of the thread counts, so that other work on the machine does not
		defer runtime.UnlockOSThread()
		var took []time.Duration
		all := time.Duration(0)
		for i := 0; b.Loop(); i++ {
			began := cpu(b)
			m.Read(texts[i%len(texts)], Context{Area: "area1", Now: corpusTime})
			took = append(took, cpu(b)-began)
			all += took[len(took)-1]
		}
		if rate := float64(len(took)) / all.Seconds(); rate < least {
			b.Errorf("%.0f sentences a second, and %v are promised", rate, least)
		} else {
			b.ReportMetric(rate, "sentences/s")
		}
		most(b, percentile(took, 0.5).Seconds()*1e6, 1e9, "p50-µs")
		most(b, percentile(took, 0.99).Seconds()*1e3, limit, "p99-ms")
		b.ReportMetric(0, "ns/op")
	}
	var clean []string
	corpus(b, func(s spoken, _ []string) { clean = append(clean, s.text) })
	b.Run("own", func(b *testing.B) {
		read(b, []string{"brew me some barlum fin coffee with ten percent milk in the kitchen", "turn on the kitchen red lamp", "turn off the lights in the hall", "set the office to 20 degrees"}, 10_000, 5)
	})
	b.Run("corpus", func(b *testing.B) { read(b, clean, 0, 5) })
	b.Run("nots", func(b *testing.B) { read(b, nots(b), 0, 5) })
}

// BenchmarkUnderstanding says how many sentences of the corpus are understood, and how: see TestCorpus, TestHeard and TestNots for the
// bounds.
func BenchmarkUnderstanding(b *testing.B) {
	var exact, near, acted score
	for b.Loop() {
		exact, acted = score{}, score{}
		corpus(b, func(s spoken, _ []string) {
			r, _ := english().Read(s.text, s.context)
			exact.add(r, s.meaning)
		})
		near, _ = withErrors(b, english(), func(spoken, string, act.Reading) {})
		for _, text := range nots(b) {
			r, _ := english().Read(text, Context{Area: "kitchen"})
			acted.add(r, "")
		}
	}
	percent := func(n, of int) float64 { return 100 * float64(n) / float64(max(1, of)) }
	b.ReportMetric(percent(exact.right, exact.all()), "%right-sentences")
	b.ReportMetric(percent(near.right, near.all()), "%right-with-an-error")
	b.ReportMetric(percent(near.wrong, near.all()), "%wrong-with-an-error")
	most(b, float64(acted.right+acted.wrong), 0, "false-actions")
	b.ReportMetric(0, "ns/op")
}

func percentile(list []time.Duration, p float64) time.Duration {
	slices.Sort(list)
	return list[int(float64(len(list)-1)*p)]
}

// cpu is the CPU time of the thread.
func cpu(b *testing.B) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}
