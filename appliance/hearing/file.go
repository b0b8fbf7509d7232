package hearing

import (
	"context"
	"io"
	"math"
	"slices"

	"orac/appliance/audio"
	"orac/appliance/audio/wav"
	"orac/models/detect"
	"orac/models/wake"
)

// Heard is what was heard in a file, as orac detect --json prints it.
type Heard struct {
	File       string               `json:"file"`
	Seconds    float64              `json:"seconds"`
	Hops       int64                `json:"hops"`
	Detections []Detection          `json:"detections"`
	Max        map[string]float64   `json:"max"`
	Scores     map[string][]float64 `json:"scores,omitempty"`

	// Alone lists the channels in which something is heard although the mix of all channels has nothing: an array often has one
	// good channel.
	Alone []Alone `json:"alone,omitempty"`

	Mixed int    `json:"-"` // channels of the file, if all were mixed
	Note  string `json:"-"` // what is wrong with the file, although it can be read
}

// Detection is a wake word that was heard. At is in seconds from the start of the file.
type Detection struct {
	Model string  `json:"model"`
	Class string  `json:"class,omitempty"`
	At    float64 `json:"at"`
	Score float64 `json:"score"`
}

// Alone is what was heard in one channel of a file.
type Alone struct {
	Channel    int         `json:"channel"`
	Detections []Detection `json:"detections"`
}

// File runs a detector on a file: on these channels of it, or on the mix of all and, if that has nothing, on each by itself. It calls
// progress at every hop with the part of the file that has been heard.
func File(ctx context.Context, d *detect.Detector, file string, channels []int, progress func(part float64)) (*Heard, error) {
	h, err := once(ctx, d, file, channels, progress)
	if err != nil || len(h.Detections) > 0 || h.Mixed < 2 {
		return h, err
	}
	for channel := range h.Mixed {
		alone, err := once(ctx, d, file, []int{channel}, progress)
		if err != nil {
			return nil, err
		}
		if len(alone.Detections) > 0 {
			h.Alone = append(h.Alone, Alone{channel, alone.Detections})
		}
	}
	return h, nil
}

func once(ctx context.Context, d *detect.Detector, file string, channels []int, progress func(part float64)) (*Heard, error) {
	sound, err := wav.Open(file, channels...)
	if err != nil {
		return nil, err
	}
	defer sound.Close()
	if err := d.Reset(); err != nil {
		return nil, err
	}
	total := sound.Info().Duration()
	h := &Heard{
		File: file, Seconds: round(total.Seconds(), 3), Detections: []Detection{}, Max: map[string]float64{}, Scores: map[string][]float64{},
		Note: sound.Info().Note,
	}
	if len(channels) == 0 {
		h.Mixed = sound.Info().Channels
	}
	rules := d.Models()
	for _, m := range rules {
		h.Max[m.Name], h.Scores[m.Name] = 0, []float64{}
	}
	for {
		var pcm [audio.HopSamples]int16
		n, err := sound.Read(pcm[:])
		if err != nil && err != io.EOF {
			return nil, err
		}
		if n < len(pcm) || ctx.Err() != nil { // an incomplete hop at the end is ignored
			return h, ctx.Err()
		}
		hop, err := d.Push(&pcm)
		if err != nil {
			return nil, err
		}
		h.add(rules, hop)
		progress(float64(h.Hops) * audio.HopTime.Seconds() / total.Seconds())
	}
}

// add adds the result of one hop.
func (h *Heard) add(rules []wake.Model, hop detect.Result) {
	h.Hops++
	for i, m := range rules {
		var best float64
		for class, v := range hop.Scores[i].Values {
			if !hop.Scores[i].Masked && !slices.Contains(m.Ignored, class) {
				best = max(best, float64(v))
			}
		}
		best = round(best, 6)
		h.Scores[m.Name] = append(h.Scores[m.Name], best)
		h.Max[m.Name] = max(h.Max[m.Name], best)
	}
	for _, f := range hop.Detections {
		h.Detections = append(h.Detections, Detection{f.Model, f.Class, round(f.At.Seconds(), 2), round(float64(f.Score), 6)})
	}
}

// round rounds to the given number of decimals.
func round(f float64, decimals int) float64 {
	p := math.Pow10(decimals)
	return math.Round(f*p) / p
}
