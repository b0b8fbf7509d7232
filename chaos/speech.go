package chaos

import (
	"fmt"
	"os"
	"path/filepath"

	"orac/appliance/audio"
	"orac/appliance/audio/wav"
)

// Speech are spoken commands, each with a wake word: what `make deps` makes.
type Speech map[string][]int16

// commands are the sounds that a person says to the appliance.
var commands = []string{"hey_jarvis_lights_on", "hey_jarvis_lights_off", "hey_jarvis_time"}

const (
	// quiet is the RMS below which a hop is no speech: 0.01 of full scale, the default of record.silence_threshold.
	quiet = 327
	// A command is cut from the recorded speech with this many hops of 80 ms of silence before and after it: enough for a
	// recording to end (silence 300 ms, grace 400 ms) before the next begins.
	before, after = 4, 12
)

// LoadSpeech reads the commands of a folder, and cuts off the silence around them.
func LoadSpeech(dir string) (Speech, error) {
	s := Speech{}
	for _, name := range commands {
		b, err := os.ReadFile(filepath.Join(dir, name+".wav"))
		if err != nil {
			return nil, fmt.Errorf("%w: run make deps", err)
		}
		pcm, _, err := wav.Decode(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s[name] = trim(pcm)
	}
	return s, nil
}

// Say gives n commands one after the other, in turn.
func (s Speech) Say(n int) (pcm []int16) {
	for i := range n {
		pcm = append(pcm, s[commands[i%len(commands)]]...)
	}
	return pcm
}

// trim gives what is spoken with a little silence around it.
func trim(pcm []int16) []int16 {
	const hop = audio.HopSamples
	first, last := -1, 0
	for i := 0; (i+1)*hop <= len(pcm); i++ {
		if audio.RMS(pcm[i*hop:(i+1)*hop]) >= quiet {
			if first < 0 {
				first = i
			}
			last = i + 1
		}
	}
	first = max(0, first)
	out := make([]int16, (before+last-first+after)*hop)
	copy(out[before*hop:], pcm[first*hop:last*hop])
	return out
}

// Nth is the n-th command, in turn.
func (s Speech) Nth(n int) []int16 { return s[commands[n%len(commands)]] }
