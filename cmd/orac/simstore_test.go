package main

import (
	"os"
	"path/filepath"
	"testing"

	"orac/runbook/language"
	"orac/runbook/scenario"
)

// TestSimulationsFindTheModelsOfTheirRunbook: with -f, in a scenario that names one, and in the folder that make run has filled.
func TestSimulationsFindTheModelsOfTheirRunbook(t *testing.T) {
	t.Setenv("ORAC_MODELS_DIR", "")
	t.Setenv("ORAC_STATE_DIR", "")
	t.Setenv("XDG_DATA_HOME", filepath.Join(t.TempDir(), "data"))
	dir := t.TempDir()
	t.Chdir(dir)
	book := func(path, state string) {
		t.Helper()
		text := "appliance \"a\" {\n  state_dir = \"" + state + "\"\n}\n\ndevice \"microphone\" \"m\" {}\n\nmodel \"alexa\" {\n  source = \"catalog:alexa\"\n}\n\n" +
			"listener \"l\" {\n  device = device.microphone.m\n  models = [model.alexa]\n}\n\nuser \"anna\" {\n  role          = \"admin\"\n  password_hash = secret(\"none\")\n}\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	book("mine.hcl", "mine")
	book(defaultFile, "here")
	load := func(runs string) []*scenario.Scenario {
		t.Helper()
		sc, problems := scenario.Parse([]byte("scenario \"s\" {\n  runbook = \""+runs+"\"\n  for = \"1h\"\n}\nexpect \"e\" {\n  holds = lost == 0\n}\n"), "s.hcl", language.Options{})
		if sc == nil {
			t.Fatal(problems)
		}
		return []*scenario.Scenario{sc}
	}
	models := func(state string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(state, "models"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	a := &app{file: defaultFile}
	is := func(when, got, want string) {
		t.Helper()
		if abs, err := filepath.Abs(got); err != nil || abs != filepath.Join(dir, want) {
			t.Errorf("%s: %s, not %s (%v)", when, got, want, err)
		}
	}
	models("here")
	is("make run has filled it", a.simStore(load("mine.hcl"), "", language.Options{}).Dir, "here/models")
	models("mine")
	is("a scenario's runbook", a.simStore(load("mine.hcl"), "", language.Options{}).Dir, "mine/models")
	is("-f", a.simStore(load(defaultFile), "mine.hcl", language.Options{}).Dir, "mine/models")
	models("named")
	a.stateDir = filepath.Join(dir, "named")
	is("--state-dir", a.simStore(load("mine.hcl"), "", language.Options{}).Dir, "named/models")
}
