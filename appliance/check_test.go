package appliance_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"orac/appliance"
	"orac/appliance/graph"
	"orac/runbook"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGoldenChecks compares what Check says of every runbook in testdata/checks with the file beside it, and the language
// allows each.
func TestGoldenChecks(t *testing.T) {
	files, err := filepath.Glob("testdata/checks/*.hcl")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		rb, ds := runbook.Load(file, runbook.Options{})
		if len(ds) > 0 {
			t.Errorf("%s: %v", file, ds)
			continue
		}
		var got strings.Builder
		if err := appliance.Check(rb).Render(&got, runbook.RenderOptions{}); err != nil {
			t.Fatal(err)
		}
		golden := strings.TrimSuffix(file, ".hcl") + ".golden"
		if *update {
			if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got.String()); d != "" {
			t.Errorf("%s (-want +got):\n%s", golden, d)
		}
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
}`), "orac.hcl", runbook.Options{})
	if rb == nil {
		t.Fatal(ds)
	}
	if got := appliance.Needs(rb); !slices.Equal(got, []string{"onnxruntime", "melspectrogram", "embedding_model", "hey_jarvis"}) {
		t.Errorf("without the gate it needs %q", got)
	}
	rb.Listeners[0].VADThreshold = 0.5
	if got := appliance.Needs(rb); !slices.Contains(got, "silero_vad") {
		t.Errorf("with the gate it needs %q", got)
	}
}
