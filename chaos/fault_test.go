package chaos

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"orac/appliance/audio"
	"orac/runbook"
	"orac/runbook/language"
)

// TestAFaultIsTakenBackOnce: Undo does nothing without Apply, acts after an Apply that failed, and does nothing again.
func TestAFaultIsTakenBackOnce(t *testing.T) {
	undone, broken := 0, errors.New("half of it happened")
	f := once("fault", func() error { return broken }, func() error { undone++; return nil })
	if err := f.Undo(); err != nil || undone != 0 {
		t.Errorf("before Apply: %v, undone %d times", err, undone)
	}
	if err := f.Apply(); !errors.Is(err, broken) {
		t.Errorf("Apply: %v", err)
	}
	for range 2 {
		if err := f.Undo(); err != nil || undone != 1 {
			t.Errorf("after Apply: %v, undone %d times", err, undone)
		}
	}
}

func TestTruncateAndBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := Truncate(path)
	for _, step := range []struct {
		do   func() error
		want string
	}{{f.Apply, "01234"}, {f.Undo, "0123456789"}} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != step.want {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// TestTrimKeepsWhatIsSpoken: one loud second between silences gets the silence of a command around it, and keeps every sample.
func TestTrimKeepsWhatIsSpoken(t *testing.T) {
	pcm := make([]int16, 40*audio.HopSamples)
	for i := 10 * audio.HopSamples; i < 22*audio.HopSamples; i++ {
		pcm[i] = int16(5000 + i%100)
	}
	got := trim(pcm)
	if len(got) != (before+12+after)*audio.HopSamples {
		t.Fatalf("%d samples", len(got))
	}
	for i := range 12 * audio.HopSamples {
		if got[before*audio.HopSamples+i] != pcm[10*audio.HopSamples+i] {
			t.Fatalf("sample %d differs", i)
		}
	}
}

// TestRunbooksAreGood: whatever is broken in a row, it is not the language.
func TestRunbooksAreGood(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "broken.onnx"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, b := range []Runbook{{}, {Threshold: 0.4}, {Device: "nomic"}, {Warn: "16MiB", Restart: "17MiB"}, {Command: "/bin/true"}, {Model: "broken.onnx"}, {Web: "127.0.0.1:7171"}} {
		file := filepath.Join(dir, "orac.hcl")
		if err := b.write(file, dir, "http://127.0.0.1:7272"); err != nil {
			t.Fatal(err)
		}
		if _, problems := runbook.Load(file, language.Options{}); problems.HasErrors() {
			t.Errorf("%+v: %v", b, problems)
		}
	}
}
