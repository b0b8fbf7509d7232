package appliance

import (
	"strings"
	"testing"
	"time"

	"orac/appliance/statedir"
)

// TestAnEndThatNobodySaw: a run that ended in good order leaves nothing; of one that did not the next says what ended it, and what
// of its recordings is there.
func TestAnEndThatNobodySaw(t *testing.T) {
	now := time.Date(2026, 1, 17, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		left    string // in the file; "": the end of a run with boot "one"
		clean   bool
		boot    string
		because string
	}{
		"in good order":         {clean: true, boot: "one"},
		"killed":                {boot: "one", because: "killed or crashed: by kill -9"},
		"a power cut":           {boot: "two", because: "the machine went down"},
		"a kernel without name": {boot: "", because: "it was killed, it crashed, or its machine went down"},
		"a torn note":           {left: `{"pid": 12`, boot: "two", because: "did not stop cleanly"},
		"an empty note":         {left: "\n", boot: "two", because: "did not stop cleanly"},
		"a hostile note":        {left: `{"pid": 1, "boot": "\u001b[2J", "at": "2026-01-17T12:00:00Z"}`, boot: "two", because: "the machine went down"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := statedir.Open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			before, end, err := beginRun(d, "one", 1234, now)
			if before != nil || err != nil {
				t.Fatalf("the first start: %+v, %v", before, err)
			}
			spoolDir, err := d.Sub("spool")
			if err != nil {
				t.Fatal(err)
			}
			defer spoolDir.Close()
			for _, file := range []string{"a.part", "a.json", "b.pcm", "b.json", "c.pcm"} {
				if err := spoolDir.WriteFile(file, []byte("x")); err != nil {
					t.Fatal(err)
				}
			}
			if c.clean {
				end()
			}
			if c.left != "" {
				if err := d.WriteFile(runningFile, []byte(c.left)); err != nil {
					t.Fatal(err)
				}
			}
			before, end, err = beginRun(d, c.boot, 1235, now.Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			if c.because == "" {
				if before != nil {
					t.Fatalf("an incident of nothing: %+v", before)
				}
				return
			}
			if before == nil || !strings.Contains(before.Cause, c.because) || before.Evidence == "" {
				t.Fatalf("got %+v", before)
			}
			if want := "completed 1 recording that had been cut off; 2 recordings on disk waiting for delivery"; !strings.Contains(before.Found, want) {
				t.Errorf("it found %s", before.Found)
			}
			end()
			if again, _, err := beginRun(d, c.boot, 1236, now); again != nil || err != nil {
				t.Errorf("told twice: %+v, %v", again, err)
			}
		})
	}
}
