package members

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"orac/appliance/health"
	"orac/runbook"
	"orac/web/auth"
)

// TestWhatIsKnownOfAMember: what it says, how its clock goes, and how its runbook drifts.
func TestWhatIsKnownOfAMember(t *testing.T) {
	for name, c := range map[string]struct {
		set   func(m *model)
		level health.Level
		why   string
		drift string
		skew  float64
	}{
		"well":           {func(*model) {}, health.Healthy, "", "none", 0},
		"ill":            {func(m *model) { m.level = health.Unhealthy }, health.Degraded, "it is unhealthy: because", "none", 0},
		"its file":       {func(m *model) { m.text += "# mine\n" }, health.Healthy, "", "its file is not what runs", 0},
		"a second ahead": {func(m *model) { m.clock = time.Second }, health.Healthy, "", "none", 0},
		"behind":         {func(m *model) { m.clock = -time.Minute }, health.Degraded, "its clock is off by 1 min", "none", -60},
		"away":           {func(m *model) { m.off = true }, health.Degraded, "away: connection refused", "not known yet", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, folder(t), "attic")
				one("attic", c.set)(r)
				defer r.run()()
				time.Sleep(time.Minute)
				s, _ := r.Member("attic")
				if level, why := s.Level(); level != c.level || why != c.why || s.Drift.Words() != c.drift || s.Skew != c.skew {
					t.Errorf("%s (%s), drift %q, skew %v", level, why, s.Drift.Words(), s.Skew)
				}
				if l := r.Listeners(); len(l) != 1 || l[0].Component != "member.attic" || l[0].Level != c.level || l[0].Why != c.why {
					t.Errorf("%+v", l)
				}
			})
		})
	}
}

// TestAMemberIsChangedThere: after a push that is drift.
func TestAMemberIsChangedThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, folder(t), "attic")
		defer r.run()()
		r.push(threshold)
		time.Sleep(time.Minute)
		if s, _ := r.Member("attic"); s.Drift.Words() != "none" {
			t.Error(s.Drift.Words())
		}
		one("attic", func(m *model) { m.text += "# mine\n"; m.runs = m.text; m.gen++ })(r)
		time.Sleep(time.Minute)
		if s, _ := r.Member("attic"); s.Drift.Words() != "changed there since the last push" {
			t.Error(s.Drift.Words())
		}
	})
}

// TestHowOftenMembersAreAsked: four times a minute, and its runbook once.
func TestHowOftenMembersAreAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, folder(t), "attic")
		defer r.run()()
		time.Sleep(time.Hour)
		n := 0
		one("attic", func(m *model) { n = m.asked })(r)
		if n < 60*5-20 || n > 60*6+40 { // with its audit log
			t.Errorf("asked %d times in an hour", n)
		}
	})
}

// houseOf is the runbook of an issuer with members.
func houseOf(names ...string) *runbook.Runbook {
	rb := &runbook.Runbook{}
	rb.Issuer.URL = issuer
	for _, name := range names {
		rb.Members = append(rb.Members, runbook.Member{Address: runbook.Address("member." + name), Name: name, URL: "https://" + name + ".test"})
	}
	return rb
}

// tokens issues tokens, and counts them.
type tokens struct {
	mu     sync.Mutex // guards issued
	issued int
}

func (k *tokens) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.issued
}

func (k *tokens) IssuerURL() string { return issuer }
func (k *tokens) CentreToken(member, by string) (auth.Token, error) {
	if member == "stranger" {
		return auth.Token{}, auth.ErrTarget
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.issued++
	return auth.Token{Token: member + " " + by, Expires: time.Now().Add(auth.CentreLife)}, nil
}

// wire answers as members do that are well.
type wire struct {
	mu    sync.Mutex // guards asked
	asked map[string]int
}

// of is how often a member was asked.
func (w *wire) of(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked[name]
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	name, _, _ := strings.Cut(r.URL.Host, ".")
	w.mu.Lock()
	w.asked[name]++
	w.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+name+" " {
		return nil, errors.New("another's token: " + r.Header.Get("Authorization"))
	}
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"appliance":"x","generation":1,"health":{"status":"healthy"}}`))}, nil
}

// TestTheCentreFollowsTheRunbook: members come and go with it, each with its own token, which is used again; without an issuer nobody is
// asked and nobody is known.
func TestTheCentreFollowsTheRunbook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, w := &tokens{}, &wire{asked: map[string]int{}}
		c := New(Options{StateDir: t.TempDir(), Tokens: k, Transport: func(m runbook.Member) (http.RoundTripper, error) {
			if m.Name == "damaged" {
				return nil, errors.New("its ca cannot be read")
			}
			return w, nil
		}})
		done := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { c.Run(ctx); close(done) }()
		time.Sleep(time.Minute)
		c.Use(houseOf("attic", "cellar"))
		time.Sleep(2 * time.Minute)
		list := c.List()
		if len(list) != 2 || list[0].Presence != Here || w.of("cellar") < 6 || k.count() > 4 {
			t.Fatalf("%+v %d %d", list, w.of("cellar"), k.count())
		}
		before := list[0].LastSeen
		c.Use(houseOf("attic", "kitchen"))
		if list = c.List(); len(list) != 2 || !list[0].LastSeen.Equal(before) || list[1].Presence != Unasked {
			t.Errorf("%+v", list)
		}
		was := w.of("cellar")
		time.Sleep(2 * time.Minute)
		if w.of("cellar") != was || w.of("kitchen") == 0 {
			t.Error("who is asked:", w.of("cellar"), w.of("kitchen"))
		}
		if err := c.Check(houseOf("damaged")); err == nil || !strings.Contains(err.Error(), "member.damaged") {
			t.Error(err)
		}
		c.Use(&runbook.Runbook{})
		was = w.of("kitchen")
		time.Sleep(5 * time.Minute)
		if len(c.List()) != 0 || len(c.Listeners()) != 0 || w.of("kitchen") != was {
			t.Errorf("without an issuer: %+v %d", c.List(), w.of("kitchen"))
		}
		if _, err := c.Start("x", "anna"); err == nil {
			t.Error("a push begins")
		}
		cancel()
		<-done
	})
}
