package language_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"orac/runbook"
	"orac/runbook/language"
)

const namesFiles = `
appliance "a" {}
device "wav" "demo" {
  path = "demo.wav"
}
model "own" {
  source = "own.onnx"
}
model "known" {
  source = "catalog:hey_jarvis"
}
`

// inFolder evaluates a runbook beside files.
func inFolder(t *testing.T, files map[string]string, named map[string]language.Input) *runbook.Runbook {
	t.Helper()
	folder := fstest.MapFS{}
	for name, text := range files {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	rb, ds := runbook.Parse([]byte(namesFiles), "orac.hcl", language.Options{Named: named, Open: func(path string) (fs.File, error) { return folder.Open(path) }})
	if rb == nil {
		t.Fatal(ds)
	}
	return rb
}

// TestAReplacedFileIsAChange: what is in a file that an attribute names counts, and the change names the attribute.
func TestAReplacedFileIsAChange(t *testing.T) {
	first := map[string]string{"demo.wav": "sound", "own.onnx": "network"}
	old := inFolder(t, first, nil)
	if c := runbook.Compare(old, inFolder(t, first, nil)); len(c) > 0 {
		t.Errorf("the same files are a change: %+v", c)
	}
	changes := func(files map[string]string) (list []string) {
		for _, c := range runbook.Compare(old, inFolder(t, files, nil)) {
			for _, a := range c.Attributes {
				list = append(list, string(c.Address)+"."+a.Name+" "+string(a.OnChange)+": "+a.Old+" -> "+a.New+" | "+strings.TrimSpace(a.Source))
			}
		}
		return list
	}
	for _, c := range []struct {
		files map[string]string
		want  []string
	}{
		{map[string]string{"demo.wav": "sound", "own.onnx": "another network"},
			[]string{`model.own.source restart: "own.onnx" (sha256 3009be769fb8) -> "own.onnx" (sha256 846aff4fd6d2) | source = "own.onnx"`}},
		{map[string]string{"demo.wav": "another sound", "own.onnx": "network"},
			[]string{`device.wav.demo.path restart: "demo.wav" (sha256 dd29442deca6) -> "demo.wav" (sha256 532e06ce9d0c) | path = "demo.wav"`}},
		{map[string]string{"demo.wav": "sound"},
			[]string{`model.own.source restart: "own.onnx" (sha256 3009be769fb8) -> "own.onnx" (missing) | source = "own.onnx"`}},
	} {
		if diff := cmp.Diff(c.want, changes(c.files)); diff != "" {
			t.Errorf("%v: (-want +got)\n%s", c.files, diff)
		}
	}
}

// TestFilesAsTheyWereKnown are not looked at again.
func TestFilesAsTheyWereKnown(t *testing.T) {
	then := inFolder(t, map[string]string{"demo.wav": "sound", "own.onnx": "network"}, nil)
	named := map[string]language.Input{}
	for _, in := range then.Inputs().List {
		if in.Kind == language.InputNamed {
			named[in.Name] = in
		}
	}
	today := inFolder(t, map[string]string{"own.onnx": "another network"}, named)
	if today.Inputs().Hash() != then.Inputs().Hash() || len(runbook.Compare(then, today)) > 0 {
		t.Errorf("%+v", today.Inputs())
	}
	if in, ok := today.NamedFile("model.own", "source"); !ok || in.Hash != language.TextHash("network") {
		t.Errorf("%+v, %v", in, ok)
	}
	for _, x := range [][2]string{{"model.known", "source"}, {"model.own", "threshold"}, {"model.own", "nothing"}, {"model.nobody", "source"}} {
		if in, ok := today.NamedFile(language.Address(x[0]), x[1]); ok {
			t.Errorf("%s.%s names %+v", x[0], x[1], in)
		}
	}
}
