package docstest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"

	"orac/appliance/audio/wav"
)

// release makes the archive that people download: make dist builds the real one. Its readers have fetched the models
// already.
func (s *Sandbox) release() {
	s.t.Helper()
	const name = "orac-VERSION-linux-amd64"
	dir := filepath.Join(s.Dir, "home/release", name)
	if _, err := os.Stat(dir); err == nil {
		return
	}
	s.take(filepath.Join(s.root, "examples/systemd/orac.service"), filepath.Join("home/release", name, "systemd/orac.service"))
	s.must(os.Symlink(s.self, filepath.Join(dir, "orac")))
	s.must(os.Mkdir(filepath.Join(dir, "completions"), 0o755))
	script := `"$0" man man && "$0" completion bash >completions/orac.bash && "$0" completion zsh >completions/_orac && "$0" completion fish >completions/orac.fish`
	fill := exec.Command("/bin/bash", "-c", script, filepath.Join(dir, "orac"))
	fill.Dir, fill.Env = dir, s.env
	if out, err := fill.CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	s.link(filepath.Join(s.root, ".orac/models"), "home/.local/share/orac/models")
	out, err := exec.Command("tar", "-C", filepath.Dir(dir), "-czf", filepath.Join(s.Dir, name+".tar.gz"), name).CombinedOutput()
	if err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
}

// setAside puts the recording that help shows where refused recordings are.
func (s *Sandbox) setAside() {
	s.t.Helper()
	dir := filepath.Join(s.Dir, ".orac/spool/refused")
	if _, err := os.Stat(filepath.Join(dir, utteranceID+".wav")); err == nil {
		return
	}
	about, err := json.Marshal(map[string]any{"id": utteranceID, "listener": "kitchen", "device": "demo", "model": "hey_jarvis", "samples": 16000,
		"deliver": []string{"local"}, "refused": []map[string]string{{"stt": "local", "cause": "the engine failed"}}})
	s.must(err)
	f, err := os.OpenFile(filepath.Join(s.Dir, "aside.wav"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	s.must(err)
	s.must(wav.Encode(f, make([]int16, 16000)))
	s.must(f.Close())
	s.must(os.MkdirAll(dir, 0o700))
	s.must(os.WriteFile(filepath.Join(dir, utteranceID+".json"), about, 0o600))
	s.must(os.Rename(filepath.Join(s.Dir, "aside.wav"), filepath.Join(dir, utteranceID+".wav")))
}
