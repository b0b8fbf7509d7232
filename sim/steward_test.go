//go:build !race

package sim_test

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"orac/appliance/core"
	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/health"
	"orac/appliance/incident"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/status"
)

// TestAnApplyThatDoesNotDoWellIsTakenBack gives the hall a device that cannot be opened: the old graph is back by itself.
func TestAnApplyThatDoesNotDoWellIsTakenBack(t *testing.T) {
	for seed := range uint64(10) {
		text := twoRooms
		disk := virtual.NewDisk(1 << 30)
		r := house(t, seed, func(k *rt.Task, r *core.Runner) error {
			s, err := steward(k, r, disk, &text)
			if err != nil {
				return err
			}
			_ = k.Sleep(10 * time.Second)
			text = strings.NewReplacer(`device "microphone" "hall"`, `device "microphone" "missing"`, "device.microphone.hall", "device.microphone.missing").Replace(twoRooms)
			plan, err := s.Plan(k, status.PlanRequest{Origin: owner})
			if err != nil || len(plan.Problems) == 0 {
				return fmt.Errorf("a device that nobody knows is not blocked: %+v, %v", plan, err)
			}
			if _, err := s.Apply(k, status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: owner}, Hash: plan.Hash}, silentSteps); err == nil {
				return errors.New("a blocked plan was applied")
			}
			text = strings.Replace(twoRooms, `identity = "hall"`, `identity = "dead"`, 1)
			began := k.Now()
			a, err := s.Apply(k, status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: owner}}, silentSteps)
			if err != nil {
				return err
			}
			if a.OK || !a.RolledBack || !strings.Contains(a.Why, "source.hall gave no sound") || a.Generation != 1 {
				return fmt.Errorf("%+v", a)
			}
			if took := k.Now().Sub(began); took > 11*time.Second {
				return fmt.Errorf("it took %v", took)
			}
			_ = k.Sleep(3 * time.Second)
			if after := generations(r); after["source.hall"] == 0 {
				return fmt.Errorf("the old one does not run again: %v", after)
			}
			return nil
		})
		_ = r
	}
}

// TestTheMachinesUserGoesFirst: a change of the network whose health is watched for long, or which fetches for long, makes room for
// one of this machine's user, and is taken back; none of the network comes in between.
func TestTheMachinesUserGoesFirst(t *testing.T) {
	stranger := status.OnNetwork("user:eve")
	slow := strings.Replace(quick, `health_gate = "2s"`, `health_gate = "10m"`, 1)
	slow = strings.Replace(slow, "threshold = 0.5", "threshold = 0.4", 1)
	for name, theirs := range map[string]string{"a long gate": slow, "a long fetch": elsewhere} {
		text, s := quick, newShop()
		ours := strings.Replace(quick, "threshold = 0.5", "threshold = 0.6", 1)
		s.Fetch = func(k *rt.Task, _ []graph.Lacking, within time.Duration) error { return k.Sleep(within) }
		s.house(t, quick, func(k *rt.Task, r *core.Runner) error {
			st, err := steward(k, r, virtual.NewDisk(1<<30), &text)
			if err != nil {
				return err
			}
			change := func(k *rt.Task, o status.Origin, text string) (status.Applied, error) {
				return st.Apply(k, status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: o}.Text(text)}, silentSteps)
			}
			var a status.Applied
			var refused error
			eve := k.Go("eve", func(k *rt.Task) error {
				a, refused = change(k, stranger, theirs)
				if _, again := change(k, stranger, theirs); again == nil {
					return errors.New("another of hers came in between")
				}
				return nil
			})
			_ = k.Sleep(3 * time.Second)
			began := k.Now()
			mine, err := change(k, owner, ours)
			if took := k.Now().Sub(began); err != nil || !mine.OK || took > 10*time.Second {
				return fmt.Errorf("%s: mine: %+v, %v after %v", name, mine, err, took)
			}
			if err := k.Wait(eve, k.Now().Add(time.Minute)); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if a.OK || refused == nil && !a.RolledBack || !strings.Contains(a.Why+fmt.Sprint(refused), "goes first") {
				return fmt.Errorf("%s: hers: %+v, %v", name, a, refused)
			}
			if got := r.Graph().Runbook.Models[0].Threshold; got != 0.6 || r.Graph().Runbook.Models[1].SHA256 != "" {
				return fmt.Errorf("%s: what runs has the threshold %v", name, got)
			}
			return nil
		})
	}
}

// TestGenerationsAreKeptAndReturnedTo applies two changes, refuses a plan that is out of date, and rolls back.
func TestGenerationsAreKeptAndReturnedTo(t *testing.T) {
	text := twoRooms
	disk := virtual.NewDisk(1 << 30)
	house(t, 1, func(k *rt.Task, r *core.Runner) error {
		s, err := steward(k, r, disk, &text)
		if err != nil {
			return err
		}
		for i, threshold := range []string{"0.6", "0.7"} {
			text = strings.Replace(twoRooms, "threshold = 0.5", "threshold = "+threshold, 1)
			plan, err := s.Plan(k, status.PlanRequest{Origin: owner})
			if err != nil || !plan.Changes {
				return fmt.Errorf("%+v, %v", plan, err)
			}
			a, err := s.Apply(k, status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: owner}, Hash: plan.Hash}, silentSteps)
			if err != nil || !a.OK || a.Generation != i+2 {
				return fmt.Errorf("%+v, %v", a, err)
			}
			if again, err := s.Plan(k, status.PlanRequest{Origin: owner}); err != nil || again.Changes {
				return fmt.Errorf("after it was applied: %+v, %v", again, err)
			}
		}
		plan, _ := s.Plan(k, status.PlanRequest{Origin: owner})
		text += "\n# a word more\n"
		var refused *status.Refusal
		if _, err := s.Apply(k, status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: owner}, Hash: plan.Hash}, silentSteps); !errors.As(err, &refused) || refused.Code != status.Changed {
			return fmt.Errorf("a plan that is out of date: %v", err)
		}
		if text, err := s.Text(k, 2); err != nil || !strings.Contains(text, "threshold = 0.6") {
			return fmt.Errorf("the text of generation 2: %v\n%s", err, text)
		}
		back, err := s.PlanRollback(k, status.RollbackRequest{Generation: 1, Origin: owner})
		if err != nil || !back.Changes || back.Hash == plan.Hash {
			return fmt.Errorf("the plan of a rollback: %+v, %v", back, err)
		}
		if _, err := s.Rollback(k, status.RollbackRequest{Generation: 2, Hash: back.Hash, Origin: owner}, silentSteps); !errors.As(err, &refused) || refused.Code != status.Changed {
			return fmt.Errorf("a rollback that was not planned: %v", err)
		}
		if back, err = s.PlanRollback(k, status.RollbackRequest{Generation: 0, Origin: owner}); err != nil {
			return err
		}
		a, err := s.Rollback(k, status.RollbackRequest{Generation: 0, Hash: back.Hash, Origin: owner}, silentSteps)
		if err != nil || !a.OK || a.Generation != 4 {
			return fmt.Errorf("rollback: %+v, %v", a, err)
		}
		if got := r.Graph().Runbook.Models[0].Threshold; got != 0.6 {
			return fmt.Errorf("threshold %v after the rollback", got)
		}
		if _, err := s.Rollback(k, status.RollbackRequest{Generation: 99, Hash: "", Origin: owner}, silentSteps); !errors.As(err, &refused) || refused.Code != status.Unknown {
			return fmt.Errorf("rollback to nothing: %v", err)
		}
		if _, err := s.Text(k, 99); !errors.As(err, &refused) || refused.Code != status.Unknown {
			return fmt.Errorf("text of nothing: %v", err)
		}
		// What nothing that runs is about is in force, and kept, all the same; and the same text a second time is nothing.
		text = strings.Replace(twoRooms, "threshold = 0.5", "threshold = 0.6", 1) + "\nmodel \"alexa\" {\n  source = \"catalog:alexa\"\n}\n"
		for range 2 {
			if a, err = s.Apply(k, status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: owner}}, silentSteps); err != nil || !a.OK || a.Generation != 5 {
				return fmt.Errorf("a model that nobody names: %+v, %v", a, err)
			}
		}
		before := text
		text += "\nmodel \"weather\" {\n  source = \"catalog:weather\"\n}\n"
		disk.Fail = func(op, _ string) error {
			if op == "create" {
				return syscall.ENOSPC
			}
			return nil
		}
		if a, err = s.Apply(k, status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: owner}}, silentSteps); err != nil || a.OK || !a.RolledBack {
			return fmt.Errorf("a text that cannot be kept: %+v, %v", a, err)
		}
		disk.Fail = nil
		if a, err = s.Apply(k, status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: owner}}, silentSteps); err != nil || !a.OK || a.Generation != 6 {
			return fmt.Errorf("and then it can: %+v, %v", a, err)
		}
		text = before
		if a, err = s.Apply(k, status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: owner}}, silentSteps); err != nil || !a.OK {
			return fmt.Errorf("and back: %+v, %v", a, err)
		}
		if list := r.Graph().Runbook.Models; list[len(list)-1].Name != "alexa" {
			return fmt.Errorf("in force are %+v", list)
		}
		return nil
	})
}

// TestARotatedSecretIsNoGeneration: it comes into force, pushes none out, and a start with it looks like one with what ran; and what
// a change has put in place is taken back when it does not come into force.
func TestARotatedSecretIsNoGeneration(t *testing.T) {
	text := twoRooms + "service_account \"a\" {\n secret = secret(\"a\")\n}\nuser \"ann\" {\n role = \"admin\"\n password_hash = secret(\"ann\")\n}\n"
	hashes := []string{"$2a$12$d4N329hnE7Q/EF7VQyFAIOmobQ0CGXNw.CjDZhrtrcjQyh/gRgWAe", "$2a$12$d4N329hnE7Q/EF7VQyFAIOmobQ0CGXNw.CjDZhrtrcjQyh/gRgWAu"}
	secret := hashes[0]
	house(t, 1, func(k *rt.Task, r *core.Runner) error {
		s, err := steward(k, r, virtual.NewDisk(1<<30), &text)
		if err != nil {
			return err
		}
		s.Language = file{&text, &secret}
		if a, err := s.Apply(k, status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: owner}}, silentSteps); err != nil || !a.OK || a.Generation != 2 {
			return fmt.Errorf("%+v, %v", a, err)
		}
		rotate := func(to string) core.Change {
			was := secret
			return core.Change{
				ApplyRequest: status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: status.OnNetwork("user:ann")}},
				Begin:        func() error { secret = to; return nil },
				Undo:         func() error { secret = was; return nil },
				Edit:         func(text string) (string, error) { return text, nil },
			}
		}
		for i := range 12 {
			began := k.Now()
			a, err := s.Change(k, rotate(hashes[(i+1)%2]), silentSteps)
			if err != nil || !a.OK || a.Generation != 2 || k.Now() != began {
				return fmt.Errorf("rotation %d took %v: %+v, %v", i, k.Now().Sub(began), a, err)
			}
			if got := r.Graph().Runbook.Users[0].PasswordHash.Reveal(); got != hashes[(i+1)%2] {
				return fmt.Errorf("%q is in force", got)
			}
		}
		if list, err := s.Kept.List(k); err != nil || len(list) != 2 {
			return fmt.Errorf("%+v, %v", list, err)
		}
		if !s.Kept.IsInForce(k, r.Graph().Runbook.Inputs()) {
			return errors.New("the next start will take it for a change")
		}
		if err := s.Begin(k, []byte(text)); err != nil || s.Generation() != 2 {
			return fmt.Errorf("the next start makes generation %d: %v", s.Generation(), err)
		}
		before := secret
		if _, err := s.Change(k, rotate("no hash"), silentSteps); err == nil || secret != before {
			return fmt.Errorf("a hash that is none: %v; the secret is %q", err, secret)
		}
		// While another goes on, nothing of a change is done; not even its beginning.
		text = strings.Replace(text, "threshold = 0.5", "threshold = 0.6", 1)
		child := k.Go("owner", func(k *rt.Task) error {
			_, err := s.Apply(k, status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: owner}}, silentSteps)
			return err
		})
		_ = k.Sleep(time.Second)
		var refused *status.Refusal
		if _, err := s.Change(k, rotate(hashes[1]), silentSteps); !errors.As(err, &refused) || refused.Code != status.Busy || secret != before {
			return fmt.Errorf("beside another: %v; the secret is %q", err, secret)
		}
		if err := k.Wait(child, rt.Never); err != nil {
			return err
		}
		text += "# a draft\n"
		if a, err := s.Change(k, rotate(before), silentSteps); err != nil || !a.OK { // a comment more is no other thing
			return fmt.Errorf("%+v, %v", a, err)
		}
		text = strings.Replace(text, "threshold = 0.6", "threshold = 0.7", 1)
		if _, err := s.Change(k, rotate(hashes[1]), silentSteps); !errors.As(err, &refused) || refused.Code != status.OutOfStep || secret != before {
			return fmt.Errorf("with a draft in the file: %v; the secret is %q", err, secret)
		}
		return nil
	})
}

// TestTheOneBefore is the generation before, and no other in its place.
func TestTheOneBefore(t *testing.T) {
	text := twoRooms
	disk := virtual.NewDisk(1 << 30)
	house(t, 1, func(k *rt.Task, r *core.Runner) error {
		s, err := steward(k, r, disk, &text)
		if err != nil {
			return err
		}
		for _, threshold := range []string{"0.6", "0.7"} {
			text = strings.Replace(twoRooms, "threshold = 0.5", "threshold = "+threshold, 1)
			if a, err := s.Apply(k, status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: owner}}, silentSteps); err != nil || !a.OK {
				return fmt.Errorf("%+v, %v", a, err)
			}
		}
		if err := rt.WriteFile(k, disk, "generations/0000000002", "runbook.hcl", []byte("appliance \"other\" {}\n")); err != nil {
			return err
		}
		var refused *status.Refusal
		if _, err := s.Rollback(k, status.RollbackRequest{Origin: owner}, silentSteps); !errors.As(err, &refused) || !strings.Contains(refused.Message, "generation 2, the one before, cannot be used") {
			return fmt.Errorf("the one before is damaged: %v", err)
		}
		if _, err := s.Rollback(k, status.RollbackRequest{Generation: 1, Running: 2, Origin: owner}, silentSteps); !errors.As(err, &refused) || refused.Code != status.Changed {
			return fmt.Errorf("another runs by now: %v", err)
		}
		a, err := s.Rollback(k, status.RollbackRequest{Generation: 1, Running: 3, Origin: owner}, silentSteps)
		if err != nil || !a.OK || r.Graph().Runbook.Models[0].Threshold != 0.5 {
			return fmt.Errorf("%+v, %v", a, err)
		}
		return nil
	})
}

// TestTheMonitorSeesAndEndsAnIncident lets a server be away: degraded, one incident, healthy again.
func TestTheMonitorSeesAndEndsAnIncident(t *testing.T) {
	w := world(t, speech(2, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0))
	w.Loop = true
	w.STT.Down = func(at rt.Instant) bool { return at > rt.Instant(60*time.Second) && at < rt.Instant(100*time.Second) }
	var log *incident.Log
	seen := map[health.Level]bool{}
	w.Script = func(k *rt.Task, r *core.Runner) error {
		log = incident.New(incident.Budget{Restarts: 5, Per: time.Hour}, nil)
		m := &core.Monitor{Runner: r, Log: log, FS: w.Disk, Events: w.Watch}
		k.Go("monitor", m.Run)
		for i := range 240 {
			if err := k.Sleep(time.Second); err != nil {
				return err
			}
			level := m.Report().Level
			if seen[level] = true; i > 5 && i < 55 && level != health.Healthy {
				return fmt.Errorf("after %d s: %+v", i, m.Report())
			}
		}
		if got := m.Report(); got.Level != health.Healthy {
			return fmt.Errorf("at the end: %+v", got)
		}
		list := log.Recent(k.Now(), 10)
		if len(list) != 1 || list[0].Component != "stt.whisper" || list[0].Recovered.IsZero() || list[0].Duration < 30*time.Second {
			return fmt.Errorf("incidents: %+v", list)
		}
		return nil
	}
	w.Watch = rt.NewMailbox[event.Event]("events to the monitor", 1024)
	if r := w.Run(5 * time.Minute); r.Script != nil {
		t.Error(r.Script)
	}
	if !seen[health.Degraded] || seen[health.Unhealthy] {
		t.Errorf("levels seen: %v", seen)
	}
}
