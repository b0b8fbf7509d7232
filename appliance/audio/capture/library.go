package capture

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unsafe"

	"github.com/gen2brain/malgo"

	"orac/appliance/audio"
)

// backends are those that ORAC uses, in order of preference. The library's own choice would fall through to one
// that invents sound.
var backends = []struct {
	name  string
	title string
	id    malgo.Backend
}{
	{"pulse", "PulseAudio", malgo.BackendPulseaudio},
	{"alsa", "ALSA", malgo.BackendAlsa},
}

// library is an open backend of the audio library. Any of its calls may block for ever.
type library struct {
	backend string
	ctx     *malgo.AllocatedContext
	passed  []string // why the backends before this one were not used
}

// without is the error for a missing device, with the reason why a better backend could not be asked
// for it.
func (l *library) without(err error) error {
	if len(l.passed) == 0 {
		return err
	}
	return fmt.Errorf("%w; %s: start the audio server, and check PULSE_SERVER and XDG_RUNTIME_DIR", err, strings.Join(l.passed, "; "))
}

// openLibrary opens the named backend, or the first that answers. An ALSA device that PulseAudio holds is busy, so ALSA
// is used only where PulseAudio does not answer.
func openLibrary(name string, log func(string)) (*library, error) {
	var notes []string
	for _, b := range backends {
		if name != "" && name != b.name {
			continue
		}
		config := malgo.ContextConfig{Alsa: malgo.AlsaContextConfig{UseVerboseDeviceEnumeration: 1}} // names, not numbers
		ctx, err := malgo.InitContext([]malgo.Backend{b.id}, config, log)
		if err == nil {
			return &library{b.name, ctx, notes}, nil
		}
		notes = append(notes, fmt.Sprintf("%s does not answer (%v)", b.title, err))
	}
	if notes == nil {
		return nil, fmt.Errorf("unknown backend %q: use pulse or alsa", name)
	}
	return nil, fmt.Errorf("%s: start the audio server, and check PULSE_SERVER and XDG_RUNTIME_DIR", strings.Join(notes, "; "))
}

// devices lists what can be recorded from. With forms, it also asks for the devices' own channels and
// rates.
func (l *library) devices(forms bool) ([]Device, error) {
	infos, err := l.ctx.Devices(malgo.Capture)
	if err != nil {
		return nil, fmt.Errorf("listing the microphones: %w", err)
	}
	var out []Device
	for _, info := range infos {
		id := idString(info.ID)
		d := Device{Backend: l.backend, ID: id, Name: info.Name(), Identity: id, Default: info.IsDefault != 0}
		if !isReal(d) {
			continue
		}
		d.Monitor = l.backend == "pulse" && strings.HasSuffix(id, ".monitor") // the server's own naming
		if forms && l.backend == "pulse" {                                    // ALSA would have to open the device
			d = l.form(d, info.ID)
		}
		out = append(out, d)
	}
	return out, nil
}

// listedCard begins the name of hardware in ALSA's list.
const listedCard = "hw:CARD="

// isReal leaves out what invents sound or is a second name of a device: PulseAudio's null devices, and all of ALSA's
// many plugins except the hardware itself. Those can still be opened by name: see Selector.pcm.
func isReal(d Device) bool {
	if d.Backend == "alsa" {
		return strings.HasPrefix(d.ID, listedCard)
	}
	return !strings.HasPrefix(d.ID, "auto_null") && d.ID != "source.null"
}

func (l *library) form(d Device, id malgo.DeviceID) Device {
	full, err := l.ctx.DeviceInfo(malgo.Capture, id, malgo.Shared)
	if err != nil {
		return d // it went away meanwhile, or reports nothing: the form is optional
	}
	for _, f := range full.Formats {
		d.Channels = max(d.Channels, int(f.Channels))
		d.Rates = append(d.Rates, int(f.SampleRate))
	}
	return d
}

// open starts d and sends its sound into r. If open blocks, the worker is killed.
func (l *library) open(d Device, r *ring, stopped func()) (*malgo.Device, error) {
	var id malgo.DeviceID
	if len(d.ID) >= len(id) {
		return nil, errors.New("its ID is too long")
	}
	copy(id[:], d.ID)
	var pin runtime.Pinner // instead of id.Pointer(), whose memory nobody frees
	pin.Pin(&id)
	defer pin.Unpin()

	config := malgo.DefaultDeviceConfig(malgo.Capture)
	config.SampleRate = audio.Rate
	config.PeriodSizeInMilliseconds = 40 // half a hop: a hop ends with a period, and longer ones save little
	config.Periods = 4
	config.Resampling.Linear.LpfOrder = 8 // the steepest there is; PulseAudio converts better, by itself
	config.Capture.DeviceID = unsafe.Pointer(&id)
	config.Capture.Format = malgo.FormatS16
	config.Capture.Channels = uint32(r.channels)
	if len(r.mixed) > 0 {
		config.Capture.Channels = 0 // as many as the device has: any other number, and the library mixes them first
	}
	config.Pulse.StreamNameCapture = "ORAC"
	hear := r.write
	_, named := (Selector{ID: d.ID}).pcm(l.backend)
	if named {
		p := newPace()
		hear = func(in []byte) {
			r.write(in)
			p.took(len(in) / (2 * r.channels))
		}
	}
	device, err := malgo.InitDevice(l.ctx.Context, config, malgo.DeviceCallbacks{
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
		if err := r.fit(l.backend, int(device.CaptureChannels())); err != nil {
			device.Uninit()
			return nil, fmt.Errorf("%s %w", d, err)
		}
	}
	if err := device.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", d, err)
	}
	return device, nil
}

func idString(id malgo.DeviceID) string {
	s, _, _ := strings.Cut(string(id[:]), "\x00")
	return s
}
