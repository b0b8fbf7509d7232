package library

import (
	"errors"
	"testing"
)

func TestPick(t *testing.T) {
	usb := Device{Backend: "pulse", ID: "alsa_input.usb-A", Name: "USB Audio", Identity: "alsa_input.usb-A", Default: true}
	usb2 := Device{Backend: "pulse", ID: "alsa_input.usb-B", Name: "USB Audio Mono", Identity: "alsa_input.usb-B"}
	pci := Device{Backend: "pulse", ID: "alsa_input.pci", Name: "Built-in", Identity: "alsa_input.pci"}
	monitor := Device{Backend: "pulse", ID: "out.monitor", Name: "Monitor of USB Audio", Identity: "out.monitor", Monitor: true}
	defaultMonitor := monitor
	defaultMonitor.Default = true
	for _, c := range []struct {
		name string
		sel  Selector
		have []Device
		want string // the ID
		err  error
	}{
		{"default", Selector{}, []Device{pci, usb, usb2, monitor}, usb.ID, nil},
		{"the only one", Selector{}, []Device{monitor, pci}, pci.ID, nil},
		{"a monitor is never the default", Selector{}, []Device{defaultMonitor}, "", Microphones.NotFound},
		{"a monitor is the server's default", Selector{}, []Device{defaultMonitor, pci}, pci.ID, nil},
		{"no default among several", Selector{}, []Device{defaultMonitor, pci, usb2}, "", Microphones.Ambiguous},
		{"nothing", Selector{}, nil, "", Microphones.NotFound},
		{"part of the name", Selector{Match: "built"}, []Device{pci, usb, monitor}, pci.ID, nil},
		{"part of the identity", Selector{Match: "USB-b"}, []Device{pci, usb, usb2}, usb2.ID, nil},
		{"the default does not decide a match", Selector{Match: "usb-"}, []Device{usb, usb2}, "", Microphones.Ambiguous},
		{"the whole name decides", Selector{Match: "usb audio"}, []Device{usb, usb2, monitor}, usb.ID, nil},
		{"a match is no monitor", Selector{Match: "monitor"}, []Device{usb, monitor}, "", Microphones.NotFound},
		{"identity", Selector{Identity: usb2.Identity}, []Device{usb, usb2}, usb2.ID, nil},
		{"identity is whole", Selector{Identity: "alsa_input.usb"}, []Device{usb, usb2}, "", Microphones.NotFound},
		{"identity of a monitor", Selector{Identity: monitor.ID}, []Device{usb, monitor}, monitor.ID, nil},
		{"the default of the start is away", Selector{Identity: usb.ID, chosen: true}, []Device{pci}, "", Microphones.NotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.sel.Pick(Microphones, c.have)
			if got.ID != c.want || !errors.Is(err, c.err) {
				t.Errorf("picked %q (%v), not %q (%v)", got.ID, err, c.want, c.err)
			}
		})
	}
}

func TestInventedDevicesAreLeftOut(t *testing.T) {
	for id, want := range map[string]bool{
		"pulse alsa_input.usb-A": true, "pulse auto_null.monitor": false, "pulse auto_null": false, "pulse source.null": false,
		"alsa hw:CARD=Device,DEV=0": true, "alsa null": false, "alsa default": false, "alsa plughw:CARD=Device,DEV=0": false,
		"alsa sysdefault:CARD=Device": false, "alsa pulse": false,
	} {
		d := Device{}
		for i := range id {
			if id[i] == ' ' {
				d.Backend, d.ID = id[:i], id[i+1:]
			}
		}
		if isReal(d) != want {
			t.Errorf("%s: listed is %v", id, !want)
		}
	}
}
