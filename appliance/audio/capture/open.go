package capture

import (
	"fmt"

	"github.com/gen2brain/malgo"

	"orac/appliance/audio"
	"orac/appliance/audio/library"
)

// openDevice starts d and sends its sound into r. If it blocks, the worker is killed.
func openDevice(l *library.Library, d Device, r *ring, stopped func()) (*malgo.Device, error) {
	id, done, err := d.Pointer()
	if err != nil {
		return nil, err
	}
	defer done()

	config := malgo.DefaultDeviceConfig(malgo.Capture)
	config.SampleRate = audio.Rate
	config.PeriodSizeInMilliseconds = 40 // half a hop: a hop ends with a period, and longer ones save little
	config.Periods = 4
	config.Resampling.Linear.LpfOrder = 8 // the steepest there is; PulseAudio converts better, by itself
	config.Capture.DeviceID = id
	config.Capture.Format = malgo.FormatS16
	config.Capture.Channels = uint32(r.channels)
	if len(r.mixed) > 0 {
		config.Capture.Channels = 0 // as many as the device has: any other number, and the library mixes them first
	}
	config.Pulse.StreamNameCapture = "ORAC"
	hear := r.write
	_, named := (Selector{ID: d.ID}).PCM(l.Backend)
	if named {
		p := newPace()
		hear = func(in []byte) {
			r.write(in)
			p.took(len(in) / (2 * r.channels))
		}
	}
	device, err := malgo.InitDevice(l.Context.Context, config, malgo.DeviceCallbacks{
		Data: func(_, in []byte, _ uint32) { hear(in) },
		Stop: stopped,
	})
	if err != nil && named {
		return nil, fmt.Errorf("ALSA cannot open the PCM %q: %w; arecord -L lists known PCMs, and asound.conf defines more; "+
			"a known one may be busy or unplugged", d.ID, err)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", d, err)
	}
	if len(r.mixed) > 0 {
		if err := r.fit(l.Backend, int(device.CaptureChannels())); err != nil {
			device.Uninit()
			return nil, fmt.Errorf("%s %w", d, err)
		}
	}
	if err := device.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", d, err)
	}
	return device, nil
}
