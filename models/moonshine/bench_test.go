package moonshine

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"orac/models/modelstest"
)

// claims are what models/README.md promises of each model.
var claims = map[string]struct {
	realtime, latency, memory float64 // CPU per second of sound; ms for a command of 3 s; MB
	commands, recorded        float64 // word error rates, in %
}{
	"moonshine_tiny": {0.08, 350, 260, 25, 8},
	"moonshine_base": {0.15, 600, 360, 12, 5},
}

// BenchmarkEngine measures the engine on the sounds that make bench makes, and checks the claims. Run it once for each model: the memory is that
// of the whole process. CPU time counts, so that other work on the machine does not: the engine has one thread.
func BenchmarkEngine(b *testing.B) {
	dir := modelstest.Dir(b) + "/../commands"
	for _, name := range Names() {
		b.Run(strings.TrimPrefix(name, "moonshine_"), func(b *testing.B) {
			claim := claims[name]
			files, r := load(b, name), runtime(b)
			began := cpu(b)
			e, err := Open(r, files, Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer e.Close()
			opened := ms(cpu(b) - began)
			most := func(value, limit float64, unit string) {
				b.ReportMetric(value, unit)
				if value > limit {
					b.Errorf("%s: %.3g %s, more than the %.3g that is promised", name, value, unit, limit)
				}
			}
			for b.Loop() {
				commands, recorded := measure(b, e, clips(b, dir, "command-")), measured{}
				all := commands
				if list := find(b, dir, "recorded-"); len(list) > 0 {
					recorded = measure(b, e, list)
					all.add(recorded)
					most(recorded.wer(), claim.recorded, "%wrong-words-recorded")
				}
				most(commands.wer(), claim.commands, "%wrong-words-commands")
				most(all.used.Seconds()/all.cut.Seconds(), claim.realtime, "CPU-s/s-of-speech")
				most(all.latency(), claim.latency, "ms-for-3-s")
			}
			most(resident(b), claim.memory, "MB-resident")
			b.ReportMetric(opened, "ms-CPU-to-open")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// measured is what transcribing some clips took.
type measured struct {
	words, wrong int
	cut, used    time.Duration
	three        []float64 // ms of each clip, scaled to 3 s of speech
}

func measure(b *testing.B, e *Engine, list []clip) (m measured) {
	for _, c := range list {
		began := cpu(b)
		got, err := e.Transcribe(c.pcm, nil)
		if err != nil {
			b.Fatal(err)
		}
		took := cpu(b) - began
		m.words += len(spoken(c.text))
		m.wrong += wrongWords(spoken(c.text), spoken(got.Text))
		m.cut += got.To - got.From
		m.used += took
		if length := got.To - got.From; length > 2*time.Second && length < 4*time.Second {
			m.three = append(m.three, ms(took)*3/length.Seconds())
		}
	}
	return m
}

func (m *measured) add(other measured) {
	m.words, m.wrong, m.cut, m.used = m.words+other.words, m.wrong+other.wrong, m.cut+other.cut, m.used+other.used
	m.three = append(m.three, other.three...)
}

func (m measured) wer() float64 { return 100 * float64(m.wrong) / float64(m.words) }

// latency is the median.
func (m measured) latency() float64 {
	slices.Sort(m.three)
	return m.three[len(m.three)/2]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// cpu is the CPU time of this process.
func cpu(b *testing.B) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}

// resident is the memory of this process in MB.
func resident(b *testing.B) float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		b.Fatal(err)
	}
	return float64(kb) / 1000
}
