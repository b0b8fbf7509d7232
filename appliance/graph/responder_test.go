package graph

import (
	"path/filepath"
	"testing"

	"orac/appliance/play"
	"orac/runbook"
	"orac/runbook/language"
)

// TestAChimeIsFoundBesideItsRunbook: the path is that of the runbook's folder, once, whatever folder the program was started in.
func TestAChimeIsFoundBesideItsRunbook(t *testing.T) {
	rb, ds := runbook.Parse([]byte(`
appliance "a" {}
device "microphone" "m" {}
device "speaker" "s" {}
model "hey_jarvis" { source = "catalog:hey_jarvis" }
listener "room" {
  device  = device.microphone.m
  models  = [model.hey_jarvis]
  speaker = device.speaker.s
  chimes { wake = "chime.wav" }
}
`), filepath.Join("house", "orac.hcl"), language.Options{})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	g, err := Compile(rb)
	if err != nil {
		t.Fatal(err)
	}
	var read []string
	parts := &Parts{Chime: func(path string) ([]play.Frame, error) {
		read = append(read, path)
		return nil, nil
	}}
	if _, err := Assemble(g, parts, Boxes{}).Build(g.Node("responder.room")); err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join("house", "chime.wav"); len(read) != 1 || read[0] != want {
		t.Errorf("read %q, want %q", read, want)
	}
}
