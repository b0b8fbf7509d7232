package sound_test

import (
	"hash/fnv"
	"math"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/models"
	"orac/sim/trial/sound"
)

func rms(pcm []int16) float64 { return float64(audio.RMS(pcm)) }

func TestNoiseHasItsLevelAndNoTwoHopsAlike(t *testing.T) {
	seen := map[[audio.HopSamples]int16]bool{}
	for seed := range uint64(3) {
		for _, level := range []int{30, 300, 3000, sound.MaxRMS} {
			pcm := sound.Noise{Seed: seed, RMS: level}.Of(10 * time.Second)
			if got := rms(pcm); math.Abs(got-float64(level)) > 0.03*float64(level)+1 {
				t.Errorf("seed %d: level %.1f, want %d", seed, got, level)
			}
			sum := 0
			for _, v := range pcm {
				sum += int(v)
			}
			if mean := math.Abs(float64(sum) / float64(len(pcm))); mean > 0.02*float64(level)+1 {
				t.Errorf("seed %d, level %d: mean %.1f", seed, level, mean)
			}
			for i := 0; i < len(pcm); i += audio.HopSamples {
				hop := [audio.HopSamples]int16(pcm[i:])
				if seen[hop] {
					t.Fatalf("seed %d, level %d: hop %d was there before", seed, level, i/audio.HopSamples)
				}
				seen[hop] = true
			}
		}
	}
}

// TestAnyPartOfNoiseIsThatOfTheWhole: also where it does not begin at a multiple of four.
func TestAnyPartOfNoiseIsThatOfTheWhole(t *testing.T) {
	n := sound.Noise{Seed: 5, RMS: 1000}
	whole := n.Of(time.Second)
	for at := range 50 {
		part := make([]int16, 333)
		n.Fill(int64(at), part)
		for i := range part {
			if part[i] != whole[at+i] {
				t.Fatalf("from %d: sample %d is %d, not %d", at, i, part[i], whole[at+i])
			}
		}
	}
}

// TestACommandIsHeardAsSpeech: by endpointing, whose frames are 20 ms long and whose default level is 328; and no note fills
// any hop of it.
func TestACommandIsHeardAsSpeech(t *testing.T) {
	for seed := range uint64(20) {
		pcm := sound.Command(3*time.Second, seed)
		for i := 0; i+320 <= len(pcm); i += 320 {
			if l := rms(pcm[i : i+320]); l < 2500 || l > 8000 {
				t.Fatalf("seed %d: the level at %v is %.0f", seed, audio.Time(i), l)
			}
		}
		if peak := audio.Peak(pcm); peak > 12000 {
			t.Errorf("seed %d: peak %d", seed, peak)
		}
		for i := 0; i+audio.HopSamples <= len(pcm); i += 111 {
			if i+audio.HopSamples > len(pcm) {
				break
			}
			if h := sound.Listen((*[audio.HopSamples]int16)(pcm[i:])); h.Note >= 0 {
				t.Errorf("seed %d: the note %d at %v", seed, h.Note, audio.Time(i))
			}
		}
	}
}

// TestEveryNoteIsHeard in any whole hop of it, whatever its phase, alone, clipped, and with noise as strong as it is.
func TestEveryNoteIsHeard(t *testing.T) {
	heard := map[uint8]bool{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"} {
		word := sound.Word(name)
		if d := audio.Time(len(word)); d != sound.WordTime {
			t.Fatalf("a word of %v", d)
		}
		loud := sound.Mix(word, word, word, word) // clips
		noisy := sound.Mix(word, sound.Noise{Seed: 1, RMS: 8400}.Of(sound.WordTime))
		for i, note := range sound.Tune(name) {
			heard[note] = true
			if i > 0 && note == sound.Tune(name)[i-1] {
				t.Errorf("%s: the note %d twice in a row", name, note)
			}
			from := i * sound.NoteHops * audio.HopSamples
			for shift := 0; shift <= audio.HopSamples; shift += 97 {
				for kind, pcm := range map[string][]int16{"alone": word, "clipped": loud, "in noise": noisy} {
					if h := sound.Listen((*[audio.HopSamples]int16)(pcm[from+shift:])); h.Note != int(note) {
						t.Errorf("%s, %s, note %d, shifted by %d: heard %d", name, kind, note, shift, h.Note)
					}
				}
			}
		}
	}
	if len(heard) != sound.Notes {
		t.Errorf("only the notes %v were tried", heard)
	}
}

func TestSilenceAndNoiseHaveNoNotes(t *testing.T) {
	for _, level := range []int{0, 30, 300, 1000, 5000, sound.MaxRMS} {
		pcm := sound.Noise{Seed: uint64(level), RMS: level}.Of(time.Minute)
		for i := 0; i < len(pcm); i += audio.HopSamples {
			if h := sound.Listen((*[audio.HopSamples]int16)(pcm[i:])); h.Note >= 0 {
				t.Errorf("level %d: the note %d in hop %d", level, h.Note, i/audio.HopSamples)
			}
		}
	}
}

func TestTheCataloguesModelsHaveTunesOfTheirOwn(t *testing.T) {
	seen := map[[sound.Tones]uint8]string{}
	for _, e := range models.Catalogue() {
		tune := sound.Tune(e.Name)
		if other, ok := seen[tune]; ok {
			t.Errorf("%s and %s have the same tune", other, e.Name)
		}
		seen[tune] = e.Name
	}
}

func TestMixIsAsLongAsTheLongestAndClips(t *testing.T) {
	got := sound.Mix([]int16{1, 30000, -30000}, []int16{2, 30000, -30000, 7})
	if want := []int16{3, math.MaxInt16, math.MinInt16, 7}; len(got) != 4 || [4]int16(got) != [4]int16(want) {
		t.Errorf("%v", got)
	}
	if got := sound.Join(sound.Silence(time.Second/2), []int16{1}); len(got) != 8001 {
		t.Errorf("%d samples", len(got))
	}
}

// TestSoundsAreTheSameOnEveryMachine: the sums were computed on amd64.
func TestSoundsAreTheSameOnEveryMachine(t *testing.T) {
	h := fnv.New64a()
	for _, pcm := range [][]int16{sound.Word("hey_jarvis"), sound.Command(2*time.Second, 7), sound.Noise{Seed: 9, RMS: 100}.Of(time.Second)} {
		for _, v := range pcm {
			h.Write([]byte{byte(v), byte(v >> 8)})
		}
	}
	if got, want := h.Sum64(), uint64(goldenSum); got != want {
		t.Errorf("the sounds have the sum %#x, not %#x", got, want)
	}
}

const goldenSum = 0xa813a605cfbd5edc

func BenchmarkListen(b *testing.B) {
	for name, pcm := range map[string][]int16{"quiet": sound.Noise{RMS: 100}.Of(audio.HopTime), "loud": sound.Word("a")} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				sound.Listen((*[audio.HopSamples]int16)(pcm))
			}
		})
	}
}

func BenchmarkNoise(b *testing.B) {
	var pcm [audio.HopSamples]int16
	for i := int64(0); b.Loop(); i++ {
		sound.Noise{RMS: 100}.Fill(i*audio.HopSamples, pcm[:])
	}
}
