package members

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"orac/appliance/rollout"
	"orac/web/audit"
)

// writing gives a member an audit log with n records.
func writing(t *testing.T, m *model, n int) *audit.Log {
	t.Helper()
	log := audit.In(t.TempDir())
	record(t, log, n)
	m.set(func() { m.log, m.chain = log, nil })
	return log
}

var written atomic.Int64 // in the bubble of a test all logs are written at one time

func record(t *testing.T, log *audit.Log, n int) {
	t.Helper()
	for range n {
		if err := log.Append(audit.Record{Who: "core-service:orac.centre", For: "core:anna", Action: "runbook.apply", Target: fmt.Sprint(written.Add(1)), Outcome: audit.Done}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAuditsAreCollected: in pieces and over restarts of the centre; the copies can be read as one, and verified.
func TestAuditsAreCollected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, folder(t), "attic", "cellar")
		a, c := writing(t, r.models["attic"], 5), writing(t, r.models["cellar"], 3)
		stop := r.run()
		time.Sleep(2 * time.Minute)
		record(t, a, 4)
		stop()
		r.open()
		stop = r.run()
		defer stop()
		time.Sleep(2 * time.Minute)
		record(t, c, 2)
		time.Sleep(2 * time.Minute)
		list, err := r.Records(Filter{Limit: 100})
		if err != nil || len(list) != 14 {
			t.Fatalf("%d records, %v", len(list), err)
		}
		if list[0].Member != "cellar" || list[0].For != "core:anna" {
			t.Errorf("%+v", list[0])
		}
		if page, err := r.Records(Filter{Member: "attic", Limit: 100}); err != nil || len(page) != 9 {
			t.Errorf("%d of attic, %v", len(page), err)
		}
		if page, err := r.Records(Filter{Who: "core:anna", Before: list[2].At, Limit: 3}); err != nil || len(page) != 3 {
			t.Errorf("%+v, %v", page, err)
		}
		checks, err := r.Verify()
		if err != nil || len(checks) != 2 || !checks[0].OK || checks[0].Records != 9 || checks[1].Records != 5 {
			t.Errorf("%+v, %v", checks, err)
		}
		if s, _ := r.Member("attic"); s.Audit.Last != 9 || s.Audit.Problem != "" || s.Audit.Silent != "" {
			t.Errorf("%+v", s.Audit)
		}
		if len(r.told) > 0 {
			t.Error("news although all is well:", r.told)
		}
	})
}

// TestAMemberThatLies: each lie is found, both versions are kept, nothing more is taken, and the copy stays as it was.
func TestAMemberThatLies(t *testing.T) {
	for name, c := range map[string]struct {
		lie  func(t *testing.T, r *rig, m *model, was *audit.Log)
		want string
	}{
		"it forgets the end":           {func(t *testing.T, r *rig, m *model, _ *audit.Log) { writing(t, m, 3) }, "the end was cut off"},
		"it shows another log":         {func(t *testing.T, r *rig, m *model, _ *audit.Log) { writing(t, m, 5) }, "was rewritten"},
		"it shows another, longer log": {func(t *testing.T, r *rig, m *model, _ *audit.Log) { writing(t, m, 9) }, "was rewritten"},
		"it shows that of another member": {func(t *testing.T, r *rig, m *model, _ *audit.Log) {
			m.set(func() { m.log = r.models["cellar"].log })
		}, "was rewritten"},
		"a record is altered on the way": {func(t *testing.T, r *rig, m *model, was *audit.Log) {
			record(t, was, 2)
			m.set(func() {
				m.chain = func(after uint64, limit int) (audit.Chain, error) {
					c, err := was.After(after, limit, 1<<20)
					if last := len(c.Lines) - 1; last > 0 {
						c.Lines[last] = strings.Replace(c.Lines[last], "core:anna", "core:bert", 1)
					}
					return c, err
				}
			})
		}, "was altered"},
		"records are left out": {func(t *testing.T, r *rig, m *model, was *audit.Log) {
			record(t, was, 3)
			m.set(func() {
				m.chain = func(after uint64, limit int) (audit.Chain, error) {
					c, err := was.After(after, limit, 1<<20)
					c.Lines = append(c.Lines[:1:1], c.Lines[2:]...)
					return c, err
				}
			})
		}, "records were removed or added"},
		"it deletes what was not fetched": {func(t *testing.T, r *rig, m *model, was *audit.Log) {
			record(t, was, 5)
			m.set(func() {
				m.chain = func(after uint64, limit int) (audit.Chain, error) {
					c, err := was.After(7, limit, 1<<20)
					c.First = 8
					return c, err
				}
			})
		}, "what is between was deleted first"},
		"no records": {func(t *testing.T, r *rig, m *model, was *audit.Log) {
			record(t, was, 1)
			m.set(func() {
				m.chain = func(after uint64, limit int) (audit.Chain, error) {
					return audit.Chain{First: 1, Last: 6, Lines: []string{"{}", "", "x"}}, nil
				}
			})
		}, "it is not an audit record"},
		"only its past is another": {func(t *testing.T, r *rig, m *model, was *audit.Log) {
			m.set(func() {
				m.chain = func(after uint64, limit int) (audit.Chain, error) {
					c, err := was.After(after, limit, 1<<20)
					if limit == spotLines {
						for i := range c.Lines {
							c.Lines[i] = strings.Replace(c.Lines[i], "core:anna", "core:bert", 1)
						}
					}
					return c, err
				}
			})
		}, "of its past is not what was fetched before"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, folder(t), "attic", "cellar")
				was := writing(t, r.models["attic"], 5)
				writing(t, r.models["cellar"], 7)
				stop := r.run()
				time.Sleep(2 * time.Minute)
				if s, _ := r.Member("attic"); s.Audit.Last != 5 || s.Audit.Problem != "" {
					t.Fatalf("%+v", s.Audit)
				}
				c.lie(t, r, r.models["attic"], was)
				time.Sleep(20 * time.Minute)
				s, _ := r.Member("attic")
				if !strings.Contains(s.Audit.Problem, c.want) || !r.heard("the audit log of attic") {
					t.Fatalf("%+v, %v", s.Audit, r.told)
				}
				if level, why := s.Level(); level != "unhealthy" || why == "" {
					t.Errorf("%s, %s", level, why)
				}
				if v, err := r.copy("attic").Verify(); err != nil || !v.OK || v.Last < 5 {
					t.Errorf("the copy: %+v, %v", v, err)
				}
				kept, ok := r.readProblem("attic")
				if !ok || len(kept.Ours) == 0 || kept.Theirs.Last == 0 && len(kept.Theirs.Lines) == 0 {
					t.Errorf("the evidence: %+v", kept)
				}
				// It stays so after a restart, whatever the member says then.
				stop()
				r.open()
				stop = r.run()
				defer stop()
				writing(t, r.models["attic"], 6)
				time.Sleep(10 * time.Minute)
				if s, _ := r.Member("attic"); !strings.Contains(s.Audit.Problem, c.want) {
					t.Errorf("after a restart: %+v", s.Audit)
				}
				// A person looks, and it begins anew; what was is kept.
				if err := r.Renew("attic"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Minute)
				if s, _ := r.Member("attic"); s.Audit.Problem != "" || s.Audit.Last != 6 {
					t.Errorf("after it was accepted: %+v", s.Audit)
				}
				for _, file := range []string{"broken-1/problem.json", "broken-1/audit/audit.log"} {
					if _, err := os.Stat(filepath.Join(r.dir, "attic", file)); err != nil {
						t.Error(err)
					}
				}
				if err := r.Renew("attic"); !errors.Is(err, ErrNoProblem) {
					t.Error("twice:", err)
				}
			})
		})
	}
}

// TestASilentMember: away for an hour, or growing without showing records; one that was never let in is only told as closed.
func TestASilentMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, folder(t), "attic", "cellar", "kitchen")
		was := writing(t, r.models["attic"], 2)
		writing(t, r.models["cellar"], 2)
		one("kitchen", func(m *model) {
			m.chain = func(uint64, int) (audit.Chain, error) {
				return audit.Chain{}, &rollout.Error{Kind: rollout.Denied, Told: "You need the role admin."}
			}
		})(r)
		defer r.run()()
		time.Sleep(2 * time.Minute)
		one("attic", func(m *model) {
			m.chain = func(after uint64, limit int) (audit.Chain, error) {
				c, err := was.After(after, limit, 1<<20)
				c.Last, c.Lines = c.Last+7, nil
				return c, err
			}
		})(r)
		one("cellar", func(m *model) { m.off = true })(r)
		time.Sleep(50 * time.Minute)
		if s, _ := r.Member("attic"); !strings.Contains(s.Audit.Silent, "it grows, and no records come") {
			t.Errorf("%+v", s.Audit)
		}
		if s, _ := r.Member("cellar"); s.Audit.Silent != "" {
			t.Errorf("after 50 minutes: %+v", s.Audit)
		}
		time.Sleep(20 * time.Minute)
		if s, _ := r.Member("cellar"); !strings.Contains(s.Audit.Silent, "no records for 1 h") || !r.heard("the audit log of cellar: no records for") {
			t.Errorf("%+v %v", s.Audit, r.told)
		}
		if s, _ := r.Member("kitchen"); s.Audit.Silent != "" || s.Audit.Closed == "" {
			t.Errorf("%+v", s.Audit)
		}
		one("cellar", func(m *model) { m.off = false })(r)
		one("attic", func(m *model) { m.chain = nil })(r)
		time.Sleep(3 * time.Minute)
		if !r.heard("the audit log of cellar is well") || !r.heard("the audit log of attic is well") {
			t.Error(r.told)
		}
	})
}

// TestATwin: two members that show one log, from the first time on.
func TestATwin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, folder(t), "attic", "cellar")
		log := writing(t, r.models["attic"], 4)
		defer r.run()()
		time.Sleep(2 * time.Minute)
		one("cellar", func(m *model) { m.log = log })(r)
		time.Sleep(2 * time.Minute)
		if s, _ := r.Member("cellar"); s.Audit.Problem != "it is the audit log of attic" {
			t.Errorf("%+v", s.Audit)
		}
		if s, _ := r.Member("attic"); s.Audit.Problem != "" {
			t.Errorf("%+v", s.Audit)
		}
	})
}

// TestRecordsFromTheFuture are kept, and told.
func TestRecordsFromTheFuture(t *testing.T) {
	var log *audit.Log
	r := newRig(t, folder(t), "attic")
	log = writing(t, r.models["attic"], 2) // with the time of this machine: in the bubble it is the year 2000
	r.models["attic"].log = log
	synctest.Test(t, func(t *testing.T) {
		r.t = t
		r.open()
		defer r.run()()
		time.Sleep(2 * time.Minute)
		if s, _ := r.Member("attic"); s.Audit.Problem != "" || s.Audit.Last != 2 || !strings.Contains(s.Audit.Odd, "is from the future") {
			t.Errorf("%+v", s.Audit)
		}
	})
}

// TestCollectingEnds with the centre, whatever a member does.
func TestCollectingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, folder(t), "attic")
		r.models["attic"].late = time.Hour
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { r.Collector.Run(ctx); close(done) }()
		time.Sleep(30 * time.Second)
		cancel()
		<-done
	})
}
