// Package library reaches the machine's microphones and speakers by the audio library: it opens a backend, lists devices, and finds the one
// that is meant. It is used in workers alone: any of its calls may block for ever, and so may those of what is opened with it.
package library

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unsafe"

	"github.com/gen2brain/malgo"
)

// Backends are those that ORAC uses, in order of preference. The library's own choice would fall through to one
// that invents sound.
var Backends = []struct {
	Name, Title string
	id          malgo.Backend
}{
	{"pulse", "PulseAudio", malgo.BackendPulseaudio},
	{"alsa", "ALSA", malgo.BackendAlsa},
}

// Library is an open backend of the audio library.
type Library struct {
	Backend string
	Context *malgo.AllocatedContext

	passed []string // why the backends before this one were not used
}

// Without is the error for a missing device, with the reason why a better backend could not be asked
// for it.
func (l *Library) Without(err error) error {
	if len(l.passed) == 0 {
		return err
	}
	return fmt.Errorf("%w; %s: start the audio server, and check PULSE_SERVER and XDG_RUNTIME_DIR", err, strings.Join(l.passed, "; "))
}

// Open opens the named backend, or the first that answers. An ALSA device that PulseAudio holds is busy, so ALSA
// is used only where PulseAudio does not answer.
func Open(name string, log func(string)) (*Library, error) {
	var notes []string
	for _, b := range Backends {
		if name != "" && name != b.Name {
			continue
		}
		config := malgo.ContextConfig{Alsa: malgo.AlsaContextConfig{UseVerboseDeviceEnumeration: 1}} // names, not numbers
		ctx, err := malgo.InitContext([]malgo.Backend{b.id}, config, log)
		if err == nil {
			return &Library{b.Name, ctx, notes}, nil
		}
		notes = append(notes, fmt.Sprintf("%s does not answer (%v)", b.Title, err))
	}
	if notes == nil {
		return nil, fmt.Errorf("unknown backend %q: use pulse or alsa", name)
	}
	return nil, fmt.Errorf("%s: start the audio server, and check PULSE_SERVER and XDG_RUNTIME_DIR", strings.Join(notes, "; "))
}

// Devices lists what there is for a use. With forms, it also asks for the devices' own channels and
// rates.
func (l *Library) Devices(u *Use, forms bool) ([]Device, error) {
	infos, err := l.Context.Devices(u.kind)
	if err != nil {
		return nil, fmt.Errorf("listing the %ss: %w", u.Noun, err)
	}
	var out []Device
	for _, info := range infos {
		id := idString(info.ID)
		d := Device{Backend: l.Backend, ID: id, Name: info.Name(), Identity: id, Default: info.IsDefault != 0}
		if !isReal(d) {
			continue
		}
		d.Monitor = l.Backend == "pulse" && strings.HasSuffix(id, ".monitor") // the server's own naming
		if forms && l.Backend == "pulse" {                                    // ALSA would have to open the device
			d = l.form(u, d, info.ID)
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

func (l *Library) form(u *Use, d Device, id malgo.DeviceID) Device {
	full, err := l.Context.DeviceInfo(u.kind, id, malgo.Shared)
	if err != nil {
		return d // it went away meanwhile, or reports nothing: the form is optional
	}
	for _, f := range full.Formats {
		d.Channels = max(d.Channels, int(f.Channels))
		d.Rates = append(d.Rates, int(f.SampleRate))
	}
	return d
}

// Pointer is the device's ID as the library takes it, until done is called.
func (d Device) Pointer() (p unsafe.Pointer, done func(), err error) {
	id := new(malgo.DeviceID)
	if len(d.ID) >= len(id) {
		return nil, nil, errors.New("its ID is too long")
	}
	copy(id[:], d.ID)
	var pin runtime.Pinner // instead of id.Pointer(), whose memory nobody frees
	pin.Pin(id)
	return unsafe.Pointer(id), pin.Unpin, nil
}

func idString(id malgo.DeviceID) string {
	s, _, _ := strings.Cut(string(id[:]), "\x00")
	return s
}
