package hearing

import (
	"context"
	"io"
	"strings"

	"orac/appliance/audio/wav"
	"orac/models/moonshine"
)

// Engine turns speech into text; moonshine.Engine does.
type Engine interface {
	Piece(pcm []int16) (samples int, err error)
	Transcribe(pcm []int16, stop func() bool) (moonshine.Transcript, error)
}

// Transcribed is what was said in a file, as orac transcribe --json prints it.
type Transcribed struct {
	File       string           `json:"file"`
	Seconds    float64          `json:"seconds"`
	Text       string           `json:"text"`
	Confidence float64          `json:"confidence"`
	Nothing    moonshine.Reason `json:"nothing,omitempty"`
	Pieces     []Said           `json:"pieces"`

	Note string `json:"-"` // what is wrong with the file, although it can be read
}

// Said is what was said between two pauses. From and To are in seconds from the start of the file.
type Said struct {
	From       float64      `json:"from"`
	To         float64      `json:"to"`
	Text       string       `json:"text"`
	Confidence float64      `json:"confidence"`
	Words      []SpokenWord `json:"words"`
}

// SpokenWord is one word, with the punctuation that follows it.
type SpokenWord struct {
	Text       string  `json:"text"`
	Confidence float64 `json:"confidence"`
}

// Readable tells what is wrong with a file, without its sound being read.
func Readable(file string, channels []int) error {
	sound, err := wav.Open(file, channels...)
	if err != nil {
		return err
	}
	return sound.Close()
}

// Transcribe turns the speech in a file into text, piece by piece: it holds only some seconds of the file. It calls progress with the part
// of the file that is done.
func Transcribe(ctx context.Context, e Engine, file string, channels []int, progress func(part float64)) (*Transcribed, error) {
	sound, err := wav.Open(file, channels...)
	if err != nil {
		return nil, err
	}
	defer sound.Close()
	total := sound.Info().Duration().Seconds()
	t := &Transcribed{File: file, Seconds: round(total, 3), Pieces: []Said{}, Note: sound.Info().Note, Nothing: moonshine.Silence}
	var (
		waiting []int16 // read, and not in a piece yet
		done    int     // samples in pieces
		ended   bool
	)
	for !ended || len(waiting) > 0 {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !ended {
			if waiting, ended, err = more(sound, waiting); err != nil {
				return nil, err
			}
		}
		n, err := e.Piece(waiting)
		if err != nil {
			return nil, err
		}
		if n == 0 && !ended {
			continue
		}
		if n == 0 {
			n = len(waiting)
		}
		if err := t.piece(ctx, e, waiting[:n], done); err != nil {
			return nil, err
		}
		waiting, done = waiting[n:], done+n
		progress(min(1, float64(done)/moonshine.Rate/max(total, 0.001)))
	}
	t.join()
	return t, nil
}

// more reads five seconds.
func more(sound *wav.File, waiting []int16) (all []int16, ended bool, err error) {
	buffer := make([]int16, 5*moonshine.Rate)
	n, err := sound.Read(buffer)
	if err == io.EOF || err == nil && n < len(buffer) {
		ended, err = true, nil
	}
	return append(waiting, buffer[:n]...), ended, err
}

// piece adds what is said in a piece that begins so many samples from the start of the file.
func (t *Transcribed) piece(ctx context.Context, e Engine, pcm []int16, from int) error {
	said, err := e.Transcribe(pcm, func() bool { return ctx.Err() != nil })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	if said.Nothing != "" {
		if said.Nothing != moonshine.Silence { // says more
			t.Nothing = said.Nothing
		}
		return nil
	}
	began := float64(from) / moonshine.Rate
	s := Said{From: round(began+said.From.Seconds(), 2), To: round(began+said.To.Seconds(), 2), Text: said.Text, Confidence: round(said.Confidence, 3)}
	for _, w := range said.Words {
		s.Words = append(s.Words, SpokenWord{w.Text, round(w.Confidence, 3)})
	}
	t.Pieces = append(t.Pieces, s)
	return nil
}

// join makes the text of the whole file. Its confidence is the mean of the words'.
func (t *Transcribed) join() {
	var texts []string
	sum, words := 0.0, 0
	for _, p := range t.Pieces {
		texts = append(texts, p.Text)
		for _, w := range p.Words {
			sum += w.Confidence
			words++
		}
	}
	t.Text = strings.Join(texts, " ")
	if words > 0 {
		t.Confidence, t.Nothing = round(sum/float64(words), 3), ""
	}
}
