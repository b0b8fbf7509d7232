package hearing

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"orac/appliance/audio/wav"
	"orac/models/moonshine"
)

// halves is an engine whose pieces have six seconds, and that hears what it is given to say, piece after piece.
type halves struct {
	says    []moonshine.Transcript
	lengths []int
	err     error
}

const six = 6 * moonshine.Rate

func (h *halves) Piece(pcm []int16) (int, error) {
	if len(pcm) < six {
		return 0, nil
	}
	return six, nil
}

func (h *halves) Transcribe(pcm []int16, stop func() bool) (moonshine.Transcript, error) {
	h.lengths = append(h.lengths, len(pcm))
	if h.err != nil {
		return moonshine.Transcript{}, h.err
	}
	said := h.says[0]
	h.says = h.says[1:]
	return said, nil
}

func file(t *testing.T, seconds int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "speech.wav")
	f, err := os.Create(path)
	if err == nil {
		err = wav.Encode(f, make([]int16, seconds*moonshine.Rate))
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func said(text string, from time.Duration, confidence float64) moonshine.Transcript {
	return moonshine.Transcript{Text: text, Confidence: confidence, From: from, To: from + time.Second,
		Words: []moonshine.Word{{Text: text, Confidence: confidence}}}
}

func TestTranscribeJoinsThePieces(t *testing.T) {
	e := &halves{says: []moonshine.Transcript{said("One.", time.Second, 0.5), {Nothing: moonshine.Noise}, said("Two.", 2*time.Second, 1)}}
	var parts []float64
	got, err := Transcribe(t.Context(), e, file(t, 14), nil, func(part float64) { parts = append(parts, part) })
	if err != nil {
		t.Fatal(err)
	}
	if got.Text != "One. Two." || got.Confidence != 0.75 || got.Nothing != "" || got.Seconds != 14 || len(got.Pieces) != 2 {
		t.Errorf("%+v", got)
	}
	if p := got.Pieces; p[0].From != 1 || p[0].To != 2 || p[1].From != 14 || p[1].To != 15 || p[1].Words[0].Text != "Two." {
		t.Errorf("%+v", p)
	}
	if len(e.lengths) != 3 || e.lengths[0] != six || e.lengths[2] != 2*moonshine.Rate {
		t.Errorf("pieces of %d samples", e.lengths)
	}
	if len(parts) != 3 || parts[2] != 1 || parts[0] > parts[1] {
		t.Errorf("progress %v", parts)
	}
}

func TestTranscribeSaysWhyThereIsNoText(t *testing.T) {
	e := &halves{says: []moonshine.Transcript{{Nothing: moonshine.Noise}, {Nothing: moonshine.Silence}}}
	got, err := Transcribe(t.Context(), e, file(t, 12), nil, func(float64) {})
	if err != nil || got.Nothing != moonshine.Noise || got.Text != "" || got.Pieces == nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTranscribeStopsAndFails(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Transcribe(ctx, &halves{}, file(t, 12), nil, func(float64) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	broken := errors.New("broken")
	if _, err := Transcribe(t.Context(), &halves{err: broken}, file(t, 12), nil, func(float64) {}); !errors.Is(err, broken) {
		t.Errorf("a broken engine: %v", err)
	}
	if _, err := Transcribe(t.Context(), &halves{}, "nowhere.wav", nil, func(float64) {}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
