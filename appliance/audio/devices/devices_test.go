package devices

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/audio/library"
	"orac/appliance/audio/workers"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/runbook"
	"orac/runbook/testkit"
)

var (
	pulse = []library.Device{
		{Backend: "pulse", ID: "in.usb", Name: "USB Mic", Identity: "in.usb", Default: true},
		{Backend: "pulse", ID: "out.usb.monitor", Name: "Monitor of USB Speaker", Identity: "out.usb.monitor", Monitor: true},
		{Backend: "pulse", ID: "in.pci", Name: "Built-in", Identity: "in.pci"},
	}
	sinks = []library.Device{
		{Backend: "pulse", ID: "out.usb", Name: "USB Speaker", Identity: "out.usb"},
		{Backend: "pulse", ID: "out.hdmi", Name: "Television", Identity: "out.hdmi", Default: true},
		{Backend: "alsa", ID: "hw:CARD=Hat,DEV=0", Name: "Hat", Identity: "hw:CARD=Hat,DEV=0"},
	}
)

// TestABlockIsShownAtTheDeviceThatItOpens, and nowhere if it would open none.
func TestABlockIsShownAtTheDeviceThatItOpens(t *testing.T) {
	rb := &runbook.Runbook{
		Hearing: runbook.Hearing{Microphones: []runbook.Microphone{
			{Address: "device.microphone.first", Backend: "auto"},
			{Address: "device.microphone.near", Backend: "auto", Match: "usb"},
			{Address: "device.microphone.away", Backend: "auto", Identity: "in.gone"},
		}},
		Voice: runbook.Voice{Speakers: []runbook.Speaker{
			{Address: "device.speaker.default", Backend: "auto"},
			{Address: "device.speaker.usb", Backend: "auto", Match: "speaker"},
			{Address: "device.speaker.hat", Backend: "alsa", Match: "hat"},
			{Address: "device.speaker.either", Backend: "auto", Match: "e"},
			{Address: "device.speaker.pcm", Backend: "alsa", ID: "plughw:CARD=Hat"},
		}},
	}
	l := Listing{Devices: plain(pulse), Speakers: plain(sinks), Backends: []string{"pulse", "alsa"}}
	l.Mark(rb)
	var got []string
	for _, d := range slices.Concat(l.Devices, l.Speakers) {
		for _, b := range d.Blocks {
			got = append(got, fmt.Sprintf("%s %s", d.ID, b))
		}
	}
	want := []string{
		"in.usb device.microphone.first", "in.usb device.microphone.near",
		"out.usb device.speaker.usb", "out.hdmi device.speaker.default", "hw:CARD=Hat,DEV=0 device.speaker.hat",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestBothAreListed side by side, and what one cannot tell, nobody can.
func TestBothAreListed(t *testing.T) {
	world := virtual.New(1, time.Unix(0, 0), nil)
	defer world.Close()
	root := rt.New(world, "test", func(k *rt.Task) error {
		slow := func(devices []library.Device, notes []string, err error) func(*rt.Task) (workers.Listing, error) {
			return func(t *rt.Task) (workers.Listing, error) {
				_ = t.Sleep(time.Second)
				return workers.Listing{Devices: devices, Backends: []string{"pulse"}, Notes: notes}, err
			}
		}
		l, err := list(k, slow(pulse, []string{"no ALSA"}, nil), slow(sinks, []string{"no ALSA", "no HDMI"}, nil))
		testkit.Must(t, err)
		if len(l.Devices) != 3 || len(l.Speakers) != 3 || strings.Join(l.Notes, ", ") != "no ALSA, no HDMI" || k.Now() != rt.Instant(time.Second) {
			t.Errorf("after %v: %+v", time.Duration(k.Now()), l)
		}
		hangs := errors.New("it hangs")
		if _, err := list(k, slow(nil, nil, nil), slow(nil, nil, hangs)); !errors.Is(err, hangs) {
			t.Errorf("speakers that cannot be listed: %v", err)
		}
		return nil
	})
	world.Run(rt.Instant(time.Minute))
	testkit.Must(t, root.Err())
}
