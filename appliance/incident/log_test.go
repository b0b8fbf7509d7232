package incident

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"orac/appliance/record"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/status"
)

var noon = time.Date(2026, 1, 17, 12, 0, 0, 0, time.UTC)

// inVirtualTime runs f as a task, and fails the test unless f comes to its end.
func inVirtualTime(t *testing.T, f func(d *virtual.Driver, k *rt.Task)) {
	t.Helper()
	d := virtual.New(1, noon, nil)
	defer d.Close()
	root := rt.New(d, "root", func(k *rt.Task) error { f(d, k); return nil })
	d.Run(rt.Never)
	if !root.Done() || root.Err() != nil {
		t.Fatalf("done %v, error %v", root.Done(), root.Err())
	}
}

var hourly = Budget{Restarts: 5, Per: time.Hour}

func sleep(t *testing.T, k *rt.Task, d time.Duration) {
	t.Helper()
	if err := k.Sleep(d); err != nil {
		t.Fatal(err)
	}
}

func TestFromDetectionToRecovery(t *testing.T) {
	inVirtualTime(t, func(d *virtual.Driver, k *rt.Task) {
		l := New(hourly, nil)
		id, fresh := l.Open(k, "source.usb", "no sound for 2s", "stacks")
		if !fresh || id == "" {
			t.Errorf("%q, %v", id, fresh)
		}
		sleep(t, k, time.Second)
		d.JumpWall(time.Hour) // changes no duration
		l.Action(k, id, "killed the capture process")
		if i := l.Recent(k.Now(), 10); len(i) != 1 || i[0].Duration != time.Second || !i[0].Recovered.IsZero() {
			t.Errorf("going on: %+v", i)
		}
		sleep(t, k, time.Second)
		if !l.Recover(k, id) || l.Recover(k, id) || l.Action(k, id, "late") {
			t.Error("an incident can be ended once, and then changes no more")
		}
		sleep(t, k, time.Minute)
		want := status.Incident{ID: id, Component: "source.usb", Cause: "no sound for 2s", Detected: noon,
			Recovered: noon.Add(time.Hour + 2*time.Second), Duration: 2 * time.Second, Actions: []string{"killed the capture process"}, Evidence: "stacks"}
		if got, ok := l.Get(k.Now(), id); !ok || cmp.Diff(want, got) != "" {
			t.Error(cmp.Diff(want, got))
		}
	})
}

func TestOneIncidentWhileItGoesOn(t *testing.T) {
	inVirtualTime(t, func(_ *virtual.Driver, k *rt.Task) {
		l := New(hourly, nil)
		a, _ := l.Open(k, "stt.whisper", "refused", "")
		b, fresh := l.Open(k, "stt.whisper", "refused", "evidence")
		if a != b || fresh {
			t.Errorf("%s and %s, fresh %v", a, b, fresh)
		}
		if i, _ := l.Get(k.Now(), a); i.Evidence != "evidence" {
			t.Errorf("evidence that came later: %q", i.Evidence)
		}
		other, _ := l.Open(k, "stt.whisper", "timed out", "")
		third, _ := l.Open(k, "stt.other", "refused", "")
		if n := l.RecoverAll(k, "stt.whisper"); n != 2 {
			t.Errorf("%d ended", n)
		}
		again, fresh := l.Open(k, "stt.whisper", "refused", "")
		if !fresh || again == a || other == third || len(l.Recent(k.Now(), 2)) != 2 || l.Recent(k.Now(), 2)[0].ID != again {
			t.Errorf("after its end it is a new one: %v, %v", again, fresh)
		}
	})
}

func TestBounds(t *testing.T) {
	inVirtualTime(t, func(_ *virtual.Driver, k *rt.Task) {
		l := New(hourly, nil)
		first, _ := l.Open(k, "goes on", "first", "")
		for n := range 3 * Kept {
			id, _ := l.Open(k, "c", fmt.Sprint(n), "")
			l.Recover(k, id)
			l.Restarted(k, fmt.Sprint(n), "x", 0)
		}
		if n := len(l.Recent(k.Now(), 1000)); n != Kept {
			t.Errorf("%d incidents", n)
		}
		if _, ok := l.Get(k.Now(), first); !ok {
			t.Error("one that goes on went before those that were over")
		}
		if r := l.Restarts(1000); len(r) != Kept || r[0].Component != fmt.Sprint(3*Kept-1) {
			t.Errorf("%d restarts, newest %+v", len(r), r[0])
		}
		for n := range 3 * Kept {
			l.Open(k, "never ends", fmt.Sprint(n), "")
		}
		if n := len(l.Recent(k.Now(), 1000)); n != Kept {
			t.Errorf("%d incidents that go on", n)
		}
		id, _ := l.Open(k, strings.Repeat("é", 500), strings.Repeat("é", 5000)+"\xff", strings.Repeat("é", 100_000))
		for n := range 100 {
			l.Action(k, id, fmt.Sprint(n, strings.Repeat("é", 5000)))
		}
		i, _ := l.Get(k.Now(), id)
		if len(i.Component) > maxName || len(i.Cause) > maxLine || len(i.Evidence) > maxEvidence || len(i.Evidence) < maxEvidence-40 ||
			!utf8.ValidString(i.Cause+i.Evidence) {
			t.Errorf("%d, %d, %d bytes", len(i.Component), len(i.Cause), len(i.Evidence))
		}
		if len(i.Actions) != maxActions || i.Actions[maxActions-1] != "… and 37 more" || len(i.Actions[0]) > maxLine {
			t.Errorf("%d actions, the last %q", len(i.Actions), i.Actions[len(i.Actions)-1])
		}
	})
}

func TestRestartBudget(t *testing.T) {
	inVirtualTime(t, func(_ *virtual.Driver, k *rt.Task) {
		l := New(Budget{Restarts: 3, Per: time.Hour}, nil)
		var raised []int
		restart := func(n int) {
			if a, ok := l.Restarted(k, "source.usb", "stuck", 41*time.Millisecond); ok {
				raised = append(raised, n)
				if a.Component != "source.usb" || a.Restarts != 4 || !strings.Contains(a.String(), "4 times within 1h") {
					t.Errorf("%v", a)
				}
			}
		}
		for n := range 8 {
			restart(n)
			sleep(t, k, time.Minute)
		}
		if a := l.Alerts(k.Now()); len(a) != 1 || a[0].Restarts != 8 || l.Count(k.Now(), "source.usb", time.Hour) != 8 {
			t.Errorf("%v", a)
		}
		sleep(t, k, 56*time.Minute) // they are 57 to 64 minutes old: three are left, which is the budget and not below it
		restart(8)
		if a := l.Alerts(k.Now()); len(a) != 1 {
			t.Errorf("%v", a)
		}
		sleep(t, k, 2*time.Hour)
		if a := l.Alerts(k.Now()); len(a) != 0 {
			t.Errorf("after two hours: %v", a)
		}
		for n := 10; n < 14; n++ {
			restart(n)
		}
		if diff := cmp.Diff([]int{3, 13}, raised); diff != "" {
			t.Error(diff)
		}
		if l.Count(k.Now(), "other", time.Hour) != 0 {
			t.Error("restarts of another component")
		}
	})
}

// page is a book that can refuse.
type page struct {
	full      bool
	tries     int
	incidents map[string]status.Incident
	restarts  []string
}

var errFull = errors.New("no space left on device")

func (p *page) SaveIncident(i status.Incident) error {
	if p.tries++; p.full {
		return errFull
	}
	p.incidents[i.ID] = i
	return nil
}

func (p *page) AddRestart(r record.Restart) error {
	if p.tries++; p.full {
		return errFull
	}
	p.restarts = append(p.restarts, r.Component)
	return nil
}

// TestKeeperOutlastsAFullDisk: what the disk refused is written when it takes it, an incident once and in its newest state.
func TestKeeperOutlastsAFullDisk(t *testing.T) {
	inVirtualTime(t, func(_ *virtual.Driver, k *rt.Task) {
		out := rt.NewMailbox[Record]("records", 64)
		book := &page{full: true, incidents: map[string]status.Incident{}}
		var trouble []error
		keeper := &Keeper{Book: book, In: out, Trouble: func(_ *rt.Task, err error) { trouble = append(trouble, err) }}
		task := k.Go("keeper", keeper.Run)
		l := New(hourly, out)
		id, _ := l.Open(k, "disk", "full", "")
		l.Action(k, id, "spooling in memory")
		l.Restarted(k, "spool", "write failed", time.Second)
		l.Recover(k, id)
		sleep(t, k, time.Minute)
		if len(book.incidents) != 0 || book.tries < 6 {
			t.Errorf("while the disk is full: %+v", book)
		}
		book.full = false
		sleep(t, k, retryEvery)
		want, _ := l.Get(k.Now(), id)
		if diff := cmp.Diff(map[string]status.Incident{id: want}, book.incidents); diff != "" || len(book.restarts) != 1 {
			t.Errorf("%v\n%s", book.restarts, diff)
		}
		l.Restarted(k, "last", "stop", 0)
		task.Stop()
		if err := k.Wait(task, k.Now().Add(time.Minute)); !errors.Is(err, rt.ErrStopped) || len(book.restarts) != 2 {
			t.Errorf("at the stop: %v, %v", err, book.restarts)
		}
		if len(trouble) != 2 || !errors.Is(trouble[0], errFull) || trouble[1] != nil {
			t.Errorf("told of %v", trouble)
		}
	})
}

// TestKeeperIsBounded: a disk that never takes anything costs no more memory than the log itself.
func TestKeeperIsBounded(t *testing.T) {
	inVirtualTime(t, func(_ *virtual.Driver, k *rt.Task) {
		keeper := &Keeper{Book: &page{full: true}}
		for n := range 2000 {
			keeper.hold(Record{Restart: &record.Restart{ID: fmt.Sprint(n)}})
		}
		over := status.Incident{ID: "a", Recovered: noon}
		keeper.hold(Record{Incident: &over})
		keeper.hold(Record{Incident: &status.Incident{ID: "a", Actions: []string{"late"}}})
		last := keeper.unsaved[len(keeper.unsaved)-1]
		if len(keeper.unsaved) != maxUnsaved || last.Incident == nil || last.Incident.Recovered.IsZero() {
			t.Errorf("%d records, the last %+v", len(keeper.unsaved), last)
		}
	})
}

// TestEvidenceThatComesLater is taken once, and by an incident that goes on.
func TestEvidenceThatComesLater(t *testing.T) {
	inVirtualTime(t, func(_ *virtual.Driver, k *rt.Task) {
		l := New(hourly, nil)
		id, _ := l.Open(k, "source.usb", "the last sound came 2s ago", "")
		if !l.Explain(k, id, "stacks") || l.Explain(k, id, "other stacks") || l.Explain(k, "nobody", "stacks") {
			t.Error("evidence is taken twice, or not at all")
		}
		l.Recover(k, id)
		if i, _ := l.Get(k.Now(), id); i.Evidence != "stacks" || l.Explain(k, id, "late") {
			t.Errorf("%+v", i)
		}
	})
}
