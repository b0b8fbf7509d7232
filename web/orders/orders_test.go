package orders

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orac/appliance/core"
	"orac/appliance/entity"
	"orac/appliance/status"
	"orac/runbook/testkit"
	"orac/web/audit"
)

const before = `# what people wrote stays
model "hey_jarvis" {
  source    = "catalog:hey_jarvis" # the best
  threshold = 0.5
}

model "alexa" {
  source  = "catalog:alexa"
  enabled = false
}
`

// house is an appliance that does what it is told, unless fail says why not.
type house struct {
	did     []string
	fail    error
	refused string // why what an apply makes does not prove good
	file    string
	text    string // that came into force last
	origin  status.Origin
	during  func()
}

func (h *house) note(format string, args ...any) error {
	h.did = append(h.did, fmt.Sprintf(format, args...))
	return h.fail
}

func (h *house) Mute(_ context.Context, r status.MuteRequest) (status.Muting, error) {
	return status.Muting{}, h.note("mute %s by %s", r.Listener, r.By)
}
func (h *house) Unmute(_ context.Context, r status.MuteRequest) (status.Muting, error) {
	return status.Muting{}, h.note("unmute %s by %s", r.Listener, r.By)
}
func (h *house) WakeSound(_ context.Context, r status.WakeSoundRequest) error {
	return h.note("wake sound %s %v by %s", r.Listener, r.On, r.By)
}
func (h *house) Say(_ context.Context, r status.SayRequest) (status.Said, error) {
	return status.Said{}, h.note("say %q at %s", r.Text, r.Speaker)
}
func (h *house) Restart(_ context.Context, by string) (status.Restarting, error) {
	return status.Restarting{}, h.note("restart by %s", by)
}

func (h *house) Change(_ context.Context, c core.Change, _ func(string)) (status.Applied, error) {
	h.origin = c.Origin
	text, err := os.ReadFile(h.file)
	if err != nil {
		return status.Applied{}, err
	}
	fresh, err := c.Edit(string(text))
	if err != nil {
		return status.Applied{}, err
	}
	if err := h.note("apply"); err != nil {
		return status.Applied{}, err
	}
	if h.during != nil {
		h.during()
	}
	if h.refused != "" {
		return status.Applied{Why: h.refused}, nil
	}
	h.text = fresh
	c.Kept(fresh, nil)
	return status.Applied{OK: true}, nil
}

// book returns a book of orders of a house, and what its audit log has recorded since the last time.
func book(t *testing.T) (*Book, *house, func() []string) {
	t.Helper()
	dir := t.TempDir()
	testkit.Must(t, os.Chmod(dir, 0o700))
	h := &house{file: filepath.Join(dir, "orac.hcl")}
	testkit.Must(t, os.WriteFile(h.file, []byte(before), 0o644))
	b := &Book{Log: audit.In(dir), Appliance: func() (Appliance, status.PlanRequest, bool) { return h, status.PlanRequest{File: h.file}, true }}
	seen := 0
	return b, h, func() (list []string) {
		n := 0
		testkit.Must(t, b.Log.Each(func(l audit.Line) error {
			if n++; n > seen {
				list = append(list, fmt.Sprintf("%s %s %s %s from %s: %s", l.Who, l.Way, l.Action, l.Target, l.From, l.Outcome))
			}
			return nil
		}))
		seen = n
		return list
	}
}

var by = By{Block: "esphome.home", From: netip.MustParseAddr("192.0.2.7")}

// entityOf is an entity as whoever shows it has it.
func entityOf(t *testing.T, id string) entity.Entity {
	t.Helper()
	for _, e := range entity.List(entity.Of{Listener: "kitchen", Speaker: "room", WakeSound: true, Words: []entity.Word{{Model: "hey_jarvis", Phrase: "hey jarvis"}}}) {
		if e.ID == id {
			return e
		}
	}
	t.Fatalf("there is no %s", id)
	return entity.Entity{}
}

// TestOrders: each does one thing, in the name of the block that gave it, and is in the audit log before and after.
func TestOrders(t *testing.T) {
	for _, x := range []struct {
		id     string
		to     entity.State
		did    string
		action string
	}{
		{entity.IDMute, entity.State{On: true}, "mute kitchen by esphome.home", "mute listener.kitchen"},
		{entity.IDMute, entity.State{}, "unmute kitchen by esphome.home", "unmute listener.kitchen"},
		{entity.IDWakeSound, entity.State{On: true}, "wake sound kitchen true by esphome.home", "wake_sound listener.kitchen"},
		{entity.IDRestart, entity.State{}, "restart by esphome.home", "restart appliance"},
		{entity.IDThreshold + "hey_jarvis", entity.State{Number: 0.45}, "apply", "config.model model"},
	} {
		for _, fails := range []error{nil, errors.New("no")} {
			b, h, log := book(t)
			h.fail = fails
			if err := b.Set(t.Context(), by, entityOf(t, x.id), x.to); !errors.Is(err, fails) {
				t.Errorf("%s: %v", x.id, err)
			}
			if got := strings.Join(h.did, ", "); got != x.did {
				t.Errorf("%s: it does %q", x.id, got)
			}
			end := "done"
			if fails != nil {
				end = "failed"
			}
			want := fmt.Sprintf("esphome.home esphome %s from 192.0.2.7: ", x.action)
			if got := log(); len(got) != 2 || got[0] == got[1] || !strings.HasPrefix(got[0], want) || got[1] != want+end {
				t.Errorf("%s, %v: %q", x.id, fails, got)
			}
		}
	}
}

// TestWhatNobodyMaySet is refused before anything is done or recorded.
func TestWhatNobodyMaySet(t *testing.T) {
	for _, x := range []struct {
		id string
		to entity.State
	}{
		{entity.IDThreshold + "hey_jarvis", entity.State{Number: 0}},
		{entity.IDThreshold + "hey_jarvis", entity.State{Number: 1.01}},
		{entity.IDThreshold + "hey_jarvis", entity.State{Number: math.NaN()}},
		{entity.IDThreshold + "hey_jarvis", entity.State{Number: math.Inf(1)}},
		{entity.IDWake, entity.State{Text: "x"}},
		{entity.IDUpdate, entity.State{}},
		{entity.IDMedia, entity.State{}},
	} {
		b, h, log := book(t)
		if err := b.Set(t.Context(), by, entityOf(t, x.id), x.to); err == nil || len(h.did) > 0 || len(log()) > 0 {
			t.Errorf("%s, %+v: %v, %q", x.id, x.to, err, h.did)
		}
	}
}

// TestChangesOfModels go into the runbook's file, and nothing else of it changes.
func TestChangesOfModels(t *testing.T) {
	read := func(h *house) string {
		text, err := os.ReadFile(h.file)
		testkit.Must(t, err)
		return string(text)
	}
	b, h, _ := book(t)
	testkit.Must(t, b.Threshold(t.Context(), by, "hey_jarvis", 0.45))
	if got := read(h); got != strings.Replace(before, "0.5", "0.45", 1) || got != h.text || h.origin != status.OnNetwork("esphome.home") {
		t.Errorf("%s, %v", got, h.origin)
	}
	testkit.Must(t, b.WakeWords(t.Context(), by, map[string]bool{"hey_jarvis": false, "alexa": true}))
	if got := read(h); !strings.Contains(got, "enabled = true") || !strings.Contains(got, "enabled   = false") || !strings.Contains(got, "# the best") || len(h.did) != 2 {
		t.Errorf("%s, %q", got, h.did)
	}

	b, h, log := book(t)
	h.refused = "the microphone gives nothing"
	if err := b.Threshold(t.Context(), by, "hey_jarvis", 0.45); err == nil || err.Error() != h.refused || read(h) != before {
		t.Errorf("what did not prove good: %v\n%s", err, read(h))
	}
	if got := log(); len(got) != 2 || !strings.HasSuffix(got[1], "failed") {
		t.Errorf("%q", got)
	}

	b, h, _ = book(t)
	h.during = func() { testkit.Must(t, os.WriteFile(h.file, []byte("# mine\n"), 0o644)) }
	if err := b.Threshold(t.Context(), by, "hey_jarvis", 0.45); !errors.Is(err, errChanged) || read(h) != "# mine\n" {
		t.Errorf("what somebody else wrote: %v\n%s", err, read(h))
	}

	b, h, _ = book(t)
	if err := b.Threshold(t.Context(), by, "unknown", 0.45); err == nil || len(h.did) > 0 || read(h) != before {
		t.Errorf("a model that is not there: %v, %q", err, h.did)
	}
}

// TestNothingIsDoneUnrecorded: without the audit log nothing is changed, nor while the appliance starts.
func TestNothingIsDoneUnrecorded(t *testing.T) {
	b, h, _ := book(t)
	b.Log = audit.In(filepath.Join(t.TempDir(), "missing"))
	if err := b.Mute(t.Context(), by, "kitchen", true); err == nil || !strings.Contains(err.Error(), "audit log") || len(h.did) > 0 {
		t.Errorf("%v, %q", err, h.did)
	}
	b, h, log := book(t)
	b.Appliance = func() (Appliance, status.PlanRequest, bool) { return nil, status.PlanRequest{}, false }
	if err := b.Restart(t.Context(), by); !errors.Is(err, errStarting) || len(h.did) > 0 || len(log()) > 0 {
		t.Errorf("%v, %q", err, h.did)
	}
}
