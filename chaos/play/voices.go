package play

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"orac/appliance/audio"
	"orac/appliance/audio/wav"
	"orac/chaos"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/scenario"
	"orac/sim/trial/schedule"
	"orac/sim/trial/tally"
)

// maxSound is how much of a sound file is read: half an hour.
const maxSound = 64 << 20

// voices are the sounds that scenarios play.
type voices struct {
	dir    string             // where `make deps` stores spoken words
	words  map[string][]int16 // wake words read so far
	speech chaos.Speech
	said   int
}

// commanded is the only wake word with recorded commands; the other wake words are recorded without a command.
const commanded = "hey_jarvis"

// sound returns the samples of a sound of a scenario: 16 kHz mono.
func (v *voices) sound(p scenario.Sound, rb *runbook.Runbook, seed uint64) ([]int16, error) {
	switch {
	case p.Play == "noise":
		pcm := make([]int16, 2*audio.Rate)
		fillNoise(pcm, schedule.Stream(seed, "sound "+string(p.Address)), p.Level)
		return pcm, nil
	case p.Play != "speech":
		return readSound(p.Play)
	}
	word, err := wakeWord(p, rb)
	if err != nil {
		return nil, err
	}
	if p.Command == 0 {
		if pcm := v.words[word]; pcm != nil {
			return pcm, nil
		}
		pcm, err := readSound(filepath.Join(v.dir, word+".wav"))
		if errors.Is(err, os.ErrNotExist) {
			err = fmt.Errorf("no recording of %q: there is no %s.wav in %s", word, word, v.dir)
		}
		if err == nil {
			v.words[word] = pcm
		}
		return pcm, err
	}
	if word != commanded {
		return nil, fmt.Errorf("recorded commands exist only for %s, and the model is %s: write command = \"0s\", or play a WAV file", commanded, word)
	}
	if v.speech == nil {
		if v.speech, err = chaos.LoadSpeech(v.dir); err != nil {
			return nil, err
		}
	}
	v.said++
	return v.speech.Nth(v.said - 1), nil
}

// wakeWord returns the name in the catalogue of the model whose word is spoken.
func wakeWord(p scenario.Sound, rb *runbook.Runbook) (string, error) {
	for _, m := range rb.Models {
		if p.Model != "" && m.Name != p.Model {
			continue
		}
		word, ok := strings.CutPrefix(m.Source, "catalog:")
		if !ok || !identity().MatchString(word) {
			return "", fmt.Errorf("the wake word of %s is not known: its source is %q", m.Address, m.Source)
		}
		return word, nil
	}
	return "", fmt.Errorf("the runbook has no model %q", p.Model)
}

// readSound reads a WAV file.
func readSound(path string) ([]int16, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSound {
		return nil, fmt.Errorf("%s: it is not a regular file of at most %v", path, language.Size(maxSound))
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pcm, _, err := wav.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return pcm, nil
}

// play is a sound of a run.
type play struct {
	tally.Sound
	due    time.Duration
	device string
	pcm    []int16
}
