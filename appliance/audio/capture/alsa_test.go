package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/appliance/audio/library"
	"orac/appliance/rt"
	"orac/runbook/testkit"
)

// alsa is a machine without an audio server whose asound.conf makes the PCM "kitchen": two channels, of which the first is 1000
// and the second -2000 for ever. It has no card at all.
func alsa(t *testing.T) Spec {
	t.Helper()
	dir := t.TempDir()
	var raw []byte
	for range 60 * 16000 {
		raw = binary.LittleEndian.AppendUint16(raw, 1000)
		raw = binary.LittleEndian.AppendUint16(raw, uint16(65536-2000))
	}
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "two.raw"), raw, 0o600))
	conf := fmt.Sprintf(`</usr/share/alsa/alsa.conf>
pcm.kitchen {
  type file
  slave.pcm "null"
  file "/dev/null"
  infile "%s/two.raw"
  format "raw"
}
`, dir)
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "asound.conf"), []byte(conf), 0o600))
	self, err := os.Executable()
	testkit.Must(t, err)
	return Spec{Worker: []string{self}, StartTimeout: 5 * time.Second,
		Env: []string{asWorker + "=1", "ALSA_CONFIG_PATH=" + filepath.Join(dir, "asound.conf"), "PULSE_SERVER=unix:" + dir + "/none"}}
}

// TestAnyPCMIsOpenedByItsName, whether ALSA lists it or not, and one that is none says so.
func TestAnyPCMIsOpenedByItsName(t *testing.T) {
	s := alsa(t)
	inRealTime(t, func(task *rt.Task) error {
		for _, c := range []struct {
			backend string
			channel []int
			want    int16
		}{{"alsa", []int{0}, 1000}, {"", []int{1}, -2000}, {"alsa", []int{1, 0}, -500}} {
			s := s
			s.Selector, s.Backend, s.Channel = Selector{ID: "kitchen"}, c.backend, c.channel
			source := New(s)
			if err := source.Check(task); err != nil {
				return err
			}
			st, err := source.Open(task)
			if err != nil {
				return err
			}
			var pcm [1280]int16
			for range 2 { // the library begins with some silence
				if err = st.Read(task, &pcm, within(task, 2*time.Second)); err != nil {
					t.Errorf("channels %v: %v", c.channel, err)
				}
			}
			if pcm[0] != c.want || pcm[1279] != c.want || st.Identity() != "kitchen" {
				t.Errorf("channels %v of %s give %d, not %d", c.channel, st.Identity(), pcm[0], c.want)
			}
			st.Close(task)
		}
		return nil
	})
}

func TestWhatALSADoesNotOpen(t *testing.T) {
	s := alsa(t)
	inRealTime(t, func(task *rt.Task) error {
		for _, c := range []struct {
			id      string
			channel []int
			is      error
			want    string
		}{
			{"garden", nil, nil, `ALSA cannot open the PCM "garden"`},
			{"garden", nil, nil, "arecord -L"},
			{"hw:CARD=Away,DEV=0", nil, ErrNotFound, "no microphone is connected"},
			{"null", nil, ErrNotFound, "null is not a microphone"},
			{"kitchen", []int{2}, nil, "there is no channel 2"},
		} {
			s := s
			s.Selector, s.Backend, s.Channel = Selector{ID: c.id}, "alsa", c.channel
			_, err := New(s).Open(task)
			if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", c.id, err)
			}
		}
		return nil
	})
}

// TestFasterThanTime: what leads to a file or to nothing is held back, and no device is.
func TestFasterThanTime(t *testing.T) {
	now := time.Unix(1e9, 0)
	var slept time.Duration
	p := &pace{now: func() time.Time { return now }, sleep: func(d time.Duration) { slept += d; now = now.Add(d) }}
	for range 100_000 { // over an hour of a device that is half a hundredth too fast
		p.took(640)
		now = now.Add(40*time.Millisecond - 200*time.Microsecond)
	}
	if slept != 0 {
		t.Errorf("a device was held back for %v", slept)
	}
	now = now.Add(3 * time.Second) // late, and then all at once
	for range 25 {
		p.took(640)
	}
	if slept != 0 {
		t.Errorf("a device that was late was held back for %v", slept)
	}
	for range 250 {
		p.took(640)
	}
	if slept < 9500*time.Millisecond || slept > 10*time.Second {
		t.Errorf("10 s of sound at once took %v", slept)
	}
}

// TestWhatIsNotListed is taken for a PCM only where ALSA is asked.
func TestWhatIsNotListed(t *testing.T) {
	card := Device{Backend: "alsa", ID: "hw:CARD=Mic,DEV=0", Name: "Mic", Identity: "hw:CARD=Mic,DEV=0"}
	for _, c := range []struct {
		backend, id string
		listed      bool
		err         string
	}{
		{"alsa", card.ID, true, ""},
		{"alsa", "hw:1,0", false, ""},
		{"alsa", "plughw:CARD=Mic,DEV=0", false, ""},
		{"alsa", "default", false, ""},
		{"alsa", "null", false, "silent for ever"},
		{"alsa", "hw:CARD=Other,DEV=0", false, "no such microphone"},
		{"pulse", "dsnoop:CARD=Mic", false, `backend = "alsa"`},
	} {
		d, listed, err := (Selector{ID: c.id}).Find(library.Microphones, c.backend, []Device{card})
		if listed != c.listed || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) || err == nil && d.ID != c.id {
			t.Errorf("%s of %s: %v, %v, %v", c.id, c.backend, d, listed, err)
		}
	}
}
