package sim

import (
	"errors"
	"fmt"
	"io"
	"os"

	"orac/appliance/audio"
)

// maxSound bounds a sound that a scenario plays: ten minutes.
const maxSound = 10 * 60 * audio.Rate

// readAll reads a sound to its end.
func readAll(s audio.Sound) (pcm []int16, err error) {
	var piece [audio.HopSamples]int16
	for {
		n, err := s.Read(piece[:])
		if pcm = append(pcm, piece[:n]...); len(pcm) > maxSound {
			return nil, fmt.Errorf("the sound is longer than %v", audio.Time(maxSound))
		}
		if errors.Is(err, io.EOF) {
			return pcm, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func openRecording(path string) (io.ReadCloser, error) { return os.Open(path) }
