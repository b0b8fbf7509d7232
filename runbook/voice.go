package runbook

import (
	"fmt"
	"slices"
	"time"

	"orac/runbook/language"
)

// Voice is what the appliance is heard by.
type Voice struct {
	Speakers []Speaker
	TTSs     []TTS
}

var voice = []*language.BlockType{speakerBlock, ttsBlock}

// Speaker selects one output of the machine.
type Speaker struct {
	Address      Address
	Name         string
	Match        string        `hcl:"match"`
	Identity     string        `hcl:"identity"`
	ID           string        `hcl:"id"`
	Backend      string        `hcl:"backend"` // auto, pulse or alsa
	Volume       float64       `hcl:"volume"`  // 0 to 1
	Stall        time.Duration `hcl:"stall"`
	StartTimeout time.Duration `hcl:"start_timeout"`
}

var speakerBlock = &language.BlockType{
	Type: "device", Variant: "speaker", Named: true,
	Doc:  "A loudspeaker. Without match, identity or id it is the output that is the system's default when ORAC starts. `orac devices` lists the devices.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Speakers }),
	Example: `device "speaker" "kitchen" {
  match = "USB"
}`,
	Attributes: slices.Concat(selecting("sink", `"alsa_output.usb-0d8c_USB_Audio-00.analog-stereo"`,
		"The backend's own identifier: the name of a PulseAudio sink, or any PCM that ALSA opens. ALSA is used with backend alsa, or when no PulseAudio answers."), []language.Attribute{
		{Name: "volume", Kind: language.Float, Gives: language.Tunes, OnChange: language.InPlace, Default: "0.8", Min: "0", Max: "1",
			Doc: "How loud everything is played. Half of it is heard as about half as loud. If somebody changes it while ORAC runs, that lasts until this value changes."},
		{Name: "stall", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "1s", Min: "500ms", Max: "30s",
			Doc: "If the device takes no sound for this long, the playback process is killed and started again. It goes on where it was."},
		{Name: "start_timeout", Kind: language.Duration, Gives: language.Tunes, OnChange: language.Restart, Default: "5s", Min: "1s", Max: "60s",
			Doc: "How long the device may take to be opened."},
	}),
	Rules: []language.Rule{language.AtMostOneOf("match", "identity", "id")},
}

// speakersDiffer refuses two blocks that select the same device: a device is opened once.
func speakersDiffer(value any, d *language.Document) (found language.Diagnostics) {
	type selection struct{ backend, match, identity, id string }
	first := map[selection]Address{}
	for _, s := range value.(*Runbook).Speakers {
		which := selection{s.Backend, s.Match, s.Identity, s.ID}
		other, taken := first[which]
		if !taken {
			first[which] = s.Address
			continue
		}
		found = append(found, d.Problem(s.Address, "", language.Error, fmt.Sprintf("%s selects the same device as %s", s.Address, other),
			"Use one device block for all that is played there, or give each block its own match, identity or id."))
	}
	return found
}

// Speaker finds a speaker by its address.
func (rb *Runbook) Speaker(a Address) (Speaker, bool) {
	return find(rb.Speakers, a, func(s *Speaker) Address { return s.Address })
}
