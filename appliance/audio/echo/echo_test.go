package echo

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"orac/appliance/audio/wav"
	"orac/appliance/node"
	"orac/models"
	"orac/models/detect"
	"orac/models/infer"
	"orac/models/wake"
)

// voice speaks texts.
type voice struct {
	name string
	args []string // of the program, before the text and the file
}

func flite(name string, stretch float64) voice {
	return voice{"flite", []string{"-voice", name, "--setf", fmt.Sprintf("duration_stretch=%g", stretch)}}
}

func espeak(name string, words int) voice {
	return voice{"espeak-ng", []string{"-v", name, "-s", fmt.Sprint(words)}}
}

// The voices of the device and of people are different ones.
var (
	deviceVoices = []voice{flite("slt", 1), flite("slt", 1.2), flite("awb", 0.95), espeak("en-us", 140), espeak("en-gb+m3", 150)}
	peopleVoices = []voice{flite("kal16", 0.9), flite("kal16", 1.1), flite("kal16", 1.3), flite("rms", 0.9), flite("rms", 1.1), flite("rms", 1.3), espeak("en-us+f3", 140), espeak("en-gb-scotland+f2", 140)}
)

// spoken is a text at rate, its loudest sample at 1.
func (v voice) spoken(b *testing.B, text string) []float64 {
	file := filepath.Join(b.TempDir(), "said.wav")
	args := slices.Clone(v.args)
	if v.name == "flite" {
		args = append(args, "-t", text, "-o", file)
	} else {
		args = append(args, "-w", file, text)
	}
	if out, err := exec.Command(v.name, args...).CombinedOutput(); err != nil {
		b.Fatalf("%s: %v: %s (run make deps)", v.name, err, out)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	pcm, _, err := wav.Decode(raw)
	if err != nil {
		b.Fatal(err)
	}
	peak := 1.0
	for _, s := range pcm {
		peak = max(peak, math.Abs(float64(s)))
	}
	out := make([]float64, len(pcm))
	for i, s := range pcm {
		out[i] = float64(s) / peak
	}
	return out
}

// named are answers that say the wake word; plain are answers that do not.
var (
	named = []string{
		"The wake word of the kitchen is hey jarvis.", "I listen for hey jarvis.", "Say hey jarvis, and then what you want.",
		"Your new timer is called hey jarvis.", "I have added hey jarvis to the shopping list.", "To stop me, say hey jarvis.",
		"The last thing that I heard was hey jarvis, at seven in the evening.", "Hey jarvis is what I am called.",
	}
	plain = []string{
		"It is twenty past four in the afternoon, and the kitchen light has been on since noon.",
		"The timer for tea has three minutes left, and the timer of ten minutes is paused with five minutes left.",
		"Tomorrow will be cloudy in the morning, with some rain in the afternoon, and about twelve degrees at most.",
		"I have turned off the lights in the living room, the hallway and the bedroom, and I have locked the front door.",
	}
)

// scene is a part of what the microphone hears.
type scene struct {
	own, person    []float64 // at the loudspeaker, and at the microphone; they begin together
	from, to       int       // of the answer, in samples of the whole
	called, silent int       // the wake word of the person, from its first to its last sample; 0: none
}

// way is a way to deal with the loudspeaker.
type way struct {
	name string
	gate bool     // wake words do not count while it speaks
	args []string // of a filter in testdata; none: the sound as it is
}

var ways = []way{
	{name: "nothing"},
	{name: "gate", gate: true},
	{name: "speexdsp", args: []string{"speexdsp"}},
	{name: "speexdsp+suppress", args: []string{"speexdsp", "suppress"}},
	{name: "webrtc", args: []string{"webrtc"}},
	{name: "webrtc+noise", args: []string{"webrtc", "noise"}},
	{name: "webrtc+agnostic", args: []string{"webrtc", "agnostic"}},
}

// clocks say how well the sound that a canceller is told to be played fits what is heard.
var clocks = []struct {
	name  string
	drift float64 // of the loudspeaker against the microphone
	jump  int     // milliseconds by which the delay may differ from one answer to the next
}{
	{"one-clock", 0, 0}, {"two-clocks", 50e-6, 60},
}

const (
	quietGap = 2 * rate
	ownLoud  = 0.1             // -20 dB at the microphone, as loud as speakers that are a device with their microphone are set
	after    = 1 * time.Second // the model says so a little later
)

// quieter is by how many dB the person is quieter at the microphone than the loudspeaker.
var quieter = []float64{0, 6, 12}

// BenchmarkEcho measures the ways.
func BenchmarkEcho(b *testing.B) {
	filters := map[string]string{}
	for name, build := range map[string][]string{
		"speexdsp": {"gcc", "-O2", "testdata/speexdsp.c", "-lspeexdsp", "-lm"},
		"webrtc":   {"g++", "-O2", "-DWEBRTC_POSIX", "-DWEBRTC_AUDIO_PROCESSING_ONLY_BUILD", "-I/usr/include/webrtc_audio_processing", "testdata/webrtc.cc", "-lwebrtc_audio_processing"},
	} {
		filters[name] = filepath.Join(b.TempDir(), name)
		if out, err := exec.Command(build[0], append(build[1:], "-o", filters[name])...).CombinedOutput(); err != nil {
			b.Fatalf("%v: %v: %s (run make deps-bench)", build, err, out)
		}
	}
	ear := open(b)
	defer ear.Close()
	rnd := rand.New(rand.NewPCG(1, 15))
	device, person := point{2.5, 0.4, 1}, point{2.2, 2.3, 1.5}
	mic := point{2.55, 0.45, 1.08}
	echo, voice := living.response(device, mic), living.response(person, mic)
	var owns, calls [][]float64
	for _, v := range deviceVoices {
		for _, text := range named {
			owns = append(owns, v.spoken(b, text))
		}
	}
	for _, v := range peopleVoices {
		calls = append(calls, v.spoken(b, "hey jarvis"))
	}
	var answers [][]float64
	for _, v := range deviceVoices {
		for _, text := range plain {
			answers = append(answers, v.spoken(b, text))
		}
	}
	for _, c := range clocks {
		own := make([]scene, len(owns))
		for i, x := range owns {
			own[i] = scene{own: x}
		}
		self := place(own, echo, c.drift, c.jump, rnd)
		with := map[float64]*stage{}
		for _, quieter := range quieter {
			var list []scene
			for i := range 2 * len(answers) {
				call := at(ownLoud*math.Pow(10, -quieter/20), through(calls[i%len(calls)], voice))
				list = append(list, scene{own: answers[i%len(answers)], person: call})
			}
			with[quieter] = place(list, echo, c.drift, c.jump, rand.New(rand.NewPCG(2, uint64(quieter))))
		}
		for _, w := range ways {
			b.Run(w.name+"/"+c.name, func(b *testing.B) {
				for b.Loop() {
					_, woken := self.hear(b, ear, w, filters)
					b.ReportMetric(100*float64(woken)/float64(len(owns)), "own-wakes/100")
					wrong, calls := 0, 0
					for _, quieter := range quieter {
						heard, other := with[quieter].hear(b, ear, w, filters)
						n := len(with[quieter].scenes)
						b.ReportMetric(100*float64(heard)/float64(n), fmt.Sprintf("%%heard%gdB", -quieter))
						wrong, calls = wrong+other, calls+n
					}
					b.ReportMetric(100*float64(wrong)/float64(calls), "other-wakes/100")
				}
				b.ReportMetric(0, "ns/op") // how long it takes is no figure
			})
		}
	}
}

// stage is what is heard and played, one scene after the other.
type stage struct {
	mic, played []int16
	scenes      []scene
}

// place puts scenes one after the other. The echo differs from what is told to be played by the room, the delay of buffers, and the clocks.
func place(list []scene, echo []float64, drift float64, jump int, rnd *rand.Rand) *stage {
	s := &stage{}
	var told, heard, people []float64
	for _, x := range list {
		gap := quietGap + rnd.IntN(rate/2)
		x.from = len(told) + gap
		x.to = x.from + len(x.own)
		told = append(append(told, make([]float64, gap)...), x.own...)
		delay := rate*40/1000 + rnd.IntN(jump*rate/1000+1)
		heard = append(append(heard, make([]float64, x.from+delay-len(heard))...), through(loudspeaker(slices.Concat(x.own, make([]float64, len(echo)))), echo)...)
		if len(x.person) > 0 {
			// In the middle of the answer, once the filter has had a second of it.
			room := max(1, len(x.own)-len(x.person)-rate*3/2)
			x.called = x.from + rate + rnd.IntN(room)
			x.silent = x.called + len(x.person)
			people = append(people, make([]float64, max(0, x.called-len(people)))...)
			people = append(people, x.person...)
		}
		s.scenes = append(s.scenes, x)
	}
	n := len(told) + quietGap
	pad := func(pcm []float64) []float64 { return append(pcm, make([]float64, max(0, n-len(pcm)))...)[:n] }
	told, heard, people = pad(told), pad(heard), pad(people)
	loud := at(ownLoud, slower(heard, drift))
	hiss := noise(n, rnd)
	s.mic, s.played = make([]int16, n), make([]int16, n)
	for i := range n {
		s.mic[i] = sample(loud[i] + people[i] + hiss[i])
		s.played[i] = sample(told[i] * 0.5)
	}
	return s
}

// slower is a sound whose clock differs.
func slower(pcm []float64, drift float64) []float64 {
	if drift == 0 {
		return pcm
	}
	out := make([]float64, len(pcm))
	for i := range out {
		at := float64(i) * (1 - drift)
		k := int(at)
		if k+1 < len(pcm) {
			out[i] = pcm[k] + (at-float64(k))*(pcm[k+1]-pcm[k])
		}
	}
	return out
}

func sample(v float64) int16 {
	return int16(math.Round(min(max(v*32768, math.MinInt16), math.MaxInt16)))
}

// open opens the detector, as an appliance with one model has it.
func open(b *testing.B) *detect.Detector {
	ear, err := detect.Open(context.Background(), detect.Config{
		Store: models.Store{Dir: os.Getenv("ORAC_MODELS_DIR")}, BaseDir: ".",
		Models: []detect.Model{{Source: "catalog:hey_jarvis", Model: wake.Model{Name: "hey_jarvis", Threshold: 0.5, Cooldown: 2 * time.Second}}},
	})
	if err != nil {
		b.Fatal(err)
	}
	return ear
}

// hear counts the wake words of people that are heard, and those that are none of theirs.
func (s *stage) hear(b *testing.B, ear *detect.Detector, w way, filters map[string]string) (heard, wrong int) {
	pcm := s.mic
	if len(w.args) > 0 {
		pcm = s.filtered(b, filters[w.args[0]], w.args[1:])
	}
	if err := ear.Reset(); err != nil {
		b.Fatal(err)
	}
	met := map[int]bool{}
	var hop [infer.Hop]int16
	for ; len(pcm) >= len(hop); pcm = pcm[len(hop):] {
		copy(hop[:], pcm)
		r, err := ear.Push(&hop)
		if err != nil {
			b.Fatal(err)
		}
		if len(r.Detections) == 0 {
			continue
		}
		now := int(r.At.Seconds() * rate)
		in := func(from, to int, more time.Duration) bool { return now >= from && now <= to+int(more.Seconds()*rate) }
		if w.gate && slices.ContainsFunc(s.scenes, func(x scene) bool { return in(x.from, x.to, node.Echoes) }) {
			continue
		}
		i := slices.IndexFunc(s.scenes, func(x scene) bool { return x.silent > 0 && in(x.called, x.silent, after) })
		switch {
		case i < 0:
			wrong++
		case !met[i]:
			met[i] = true
			heard++
		}
	}
	return heard, wrong
}

// filtered is the sound of the microphone after a filter.
func (s *stage) filtered(b *testing.B, program string, args []string) []int16 {
	in := make([]byte, 0, 4*len(s.mic))
	for i := range s.mic {
		in = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(in, uint16(s.mic[i])), uint16(s.played[i]))
	}
	cmd := exec.Command(program, args...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	raw, err := cmd.Output()
	if err != nil {
		b.Fatalf("%s: %v", program, err)
	}
	out := make([]int16, len(raw)/2)
	for i := range out {
		out[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	return out
}
