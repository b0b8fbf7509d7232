//go:build !race

package core

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/models"
)

// TestAnEnginesModelIsFetchedAsAnyOther: a plan names it, and it is fetched before the graph runs; without a way to fetch it, nothing runs.
func TestAnEnginesModelIsFetchedAsAnyOther(t *testing.T) {
	g := compiled(t, read(t, []byte(`
appliance "x" {}
device "microphone" "a" { match = "a" }
model "m" { source = "catalog:alexa" }
listener "one" {
  device  = device.microphone.a
  models  = [model.m]
  deliver = [stt.local]
}
stt "local" {
  protocol = "embedded"
  model    = "moonshine_base"
}
`)))
	there := false
	parts := world()
	parts.Engine = func(s graph.Speech) (func(*rt.Task) (node.EngineProcess, error), error) {
		if !there {
			return nil, fmt.Errorf("%s: %w", s.Address, &models.MissingError{Names: []string{"silero_vad", "moonshine_base"}, Host: "packages.example"})
		}
		return func(*rt.Task) (node.EngineProcess, error) { return nil, errors.New("nobody speaks") }, nil
	}
	if _, err := NewRunner(g, parts); err == nil {
		t.Fatal("it runs without the model")
	}
	there = true
	r, err := NewRunner(g, parts)
	if err != nil {
		t.Fatal(err)
	}
	there = false
	p, err := r.Prepare(g)
	if err != nil {
		t.Fatal(err)
	}
	if want := []status.Fetch{{Block: "stt.local", Host: "packages.example", Model: "silero_vad, moonshine_base"}}; !slices.Equal(p.fetches(), want) {
		t.Errorf("the plan fetches %+v", p.fetches())
	}
	r.parts.Fetch = func(_ *rt.Task, list []graph.Lacking, _ time.Duration) error {
		there = len(list) == 1 && slices.Equal(list[0].Names, []string{"silero_vad", "moonshine_base"})
		return nil
	}
	if p, err = r.complete(nil, p, time.Minute); err != nil || len(p.lacks) > 0 {
		t.Errorf("it is not complete: %v", err)
	}
}
