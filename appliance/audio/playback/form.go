package playback

import (
	"orac/appliance/audio/resample"
	"orac/appliance/play"
)

// bothSides is how many channels of a device get the sound: all of a mono or stereo device, and the front two of a larger one, whose others are
// a centre, a bass and what is behind people.
const bothSides = 2

// form makes of what the ring holds what a device takes: its rate and its channels. Only the audio library's thread uses it, and it does not
// allocate once it has been used.
type form struct {
	ring     *ring
	channels int
	conv     *resample.Resampler // nil: the device plays at play.Rate
	mono     [formed]int16
	in       [formed]float32
	ready    []int16 // at the device's rate; from at on not yet taken
	at       int
}

// formed is how many samples are converted at a time, 2.5 ms. Where the ring becomes empty, so much silence may follow before what comes next.
const formed = play.Rate / 400

// libraryRate is the rate to ask the audio library for: that of the device, unless it is one that nobody here can convert to.
func libraryRate(device int) int {
	if _, err := resample.Between(play.Rate, device); err != nil {
		return play.Rate
	}
	return device
}

// newForm is for a rate that libraryRate has returned.
func newForm(r *ring, rate, channels int) *form {
	f := &form{ring: r, channels: channels}
	if rate != play.Rate {
		conv, err := resample.Between(play.Rate, rate)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		f.conv = conv
	}
	return f
}

// fill fills out with frames of the device.
func (f *form) fill(out []byte) {
	for size := 2 * f.channels; len(out) >= size; {
		if f.at == len(f.ready) {
			f.more(len(out) / size)
		}
		for ; f.at < len(f.ready) && len(out) >= size; f.at++ {
			s := f.ready[f.at]
			for c := range f.channels {
				if c >= bothSides {
					s = 0
				}
				out[2*c], out[2*c+1] = byte(s), byte(uint16(s)>>8)
			}
			out = out[size:]
		}
	}
}

// more makes samples ready, at most as many as are wanted if nothing is converted.
func (f *form) more(wanted int) {
	f.at = 0
	if f.conv == nil {
		f.ready = f.mono[:min(wanted, len(f.mono))]
		f.ring.samples(f.ready)
		return
	}
	f.ring.samples(f.mono[:])
	for i, s := range f.mono {
		f.in[i] = float32(s)
	}
	f.ready = f.conv.Process(f.ready[:0], f.in[:])
}
