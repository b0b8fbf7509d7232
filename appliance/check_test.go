package appliance_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"orac/appliance"
	"orac/appliance/graph"
	"orac/models"
	"orac/models/infer"
	"orac/models/modelstest"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/testkit"
)

// TestGoldenChecks compares what Check says of every runbook in testdata/checks with the file beside it, and the language
// allows each.
func TestGoldenChecks(t *testing.T) {
	files, err := filepath.Glob("testdata/checks/*.hcl")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		rb, ds := runbook.Load(file, language.Options{})
		if len(ds) > 0 {
			t.Errorf("%s: %v", file, ds)
			continue
		}
		var got strings.Builder
		if err := appliance.Check(rb).Render(&got, language.RenderOptions{}); err != nil {
			t.Fatal(err)
		}
		testkit.Golden(t, strings.TrimSuffix(file, ".hcl")+".golden", got.String())
		if g, err := graph.Compile(rb); err != nil && !appliance.Check(rb).HasErrors() {
			t.Errorf("%s: Check says nothing of what Compile refuses: %v, %v", file, g, err)
		}
	}
}

func TestNeeds(t *testing.T) {
	rb, ds := runbook.Parse([]byte(`
appliance "a" {}
device "microphone" "m" {}
model "jarvis" { source = "catalog:hey_jarvis" }
model "alexa" {
  source  = "catalog:alexa"
  enabled = false
}
model "own" { source = "own.onnx" }
listener "l" {
  device        = device.microphone.m
  models        = values(model)
  vad_threshold = 0
}`), "orac.hcl", language.Options{})
	if rb == nil {
		t.Fatal(ds)
	}
	if got := appliance.Needs(rb); !slices.Equal(got, []string{"onnxruntime", "melspectrogram", "embedding_model", "hey_jarvis"}) {
		t.Errorf("without the gate it needs %q", got)
	}
	catalogued := *rb
	catalogued.Models = slices.DeleteFunc(slices.Clone(rb.Models), func(m runbook.Model) bool { return m.Source == "own.onnx" })
	catalogued.Listeners = slices.Clone(rb.Listeners)
	catalogued.Listeners[0].Models = slices.DeleteFunc(slices.Clone(rb.Listeners[0].Models), func(a runbook.Address) bool { return a == "model.own" })
	if got := appliance.Needs(&catalogued); slices.Contains(got, "onnxruntime") != infer.NeedsRuntime() {
		t.Errorf("with models of the catalogue alone it needs %q", got)
	}
	rb.Listeners[0].VADThreshold = 0.5
	if got := appliance.Needs(rb); !slices.Contains(got, "silero_vad") {
		t.Errorf("with the gate it needs %q", got)
	}
	rb.Listeners = nil
	rb.Wyomings = []runbook.Wyoming{{Address: "wyoming.stt", Name: "stt", Serve: runbook.ServeSTT, Engine: "stt.local"}}
	if got := appliance.Needs(rb); len(got) != 0 {
		t.Errorf("without ears it needs %q", got)
	}
	rb.Wyomings[0].Serve = runbook.ServeWake
	if got := appliance.Needs(rb); !slices.Equal(got, []string{"onnxruntime", "melspectrogram", "embedding_model", "hey_jarvis"}) {
		t.Errorf("hearing for others it needs %q", got)
	}
}

// TestWithoutEarsNoNetworkOfTheEarsIsNeeded: the inference opens without them, and a model says which one is missing.
func TestWithoutEarsNoNetworkOfTheEarsIsNeeded(t *testing.T) {
	whole, part := models.Store{Dir: modelstest.Dir(t)}, models.Store{Dir: t.TempDir()}
	for _, name := range []string{"onnxruntime", "hey_jarvis"} {
		e, err := models.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(whole.Dir, e.File), filepath.Join(part.Dir, e.File)); err != nil {
			t.Fatal(err)
		}
	}
	i, err := appliance.OpenInference(t.Context(), part, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = i.Model(graph.ModelFile{Model: graph.Model{Address: "model.jarvis", Name: "jarvis", Source: "catalog:hey_jarvis"}})
	if err == nil || !strings.Contains(err.Error(), "melspectrogram") {
		t.Errorf("%v", err)
	}
}
