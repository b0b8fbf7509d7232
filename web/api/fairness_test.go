package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"orac/appliance/status"
	"orac/appliance/turns"
	"orac/runbook"
	"orac/web/auth"
)

// TestStrangersAtAnAddressHoldUpNobody: whoever asks without a login, shows what is wrong, or guesses at people and services, from
// the address that the owner has too. The owner's requests and logins go on; who has never been there waits.
func TestStrangersAtAnAddressHoldUpNobody(t *testing.T) {
	few := func(rb *runbook.Runbook) {
		l := &rb.Web.Limits
		l.Anonymous, l.PerAddress = 5, 20
	}
	login := func(rig *rig, name, word string) int {
		return rig.call(auth.Nobody, "POST", "/api/auth/login", loginInput{name, word, false}).Code
	}
	for name, flood := range map[string]func(*rig){
		"requests":  func(r *rig) { r.call(auth.Nobody, "GET", "/api/health", nil) },
		"no routes": func(r *rig) { r.call(auth.Nobody, "GET", "/nothing", nil) },
		"wrong tokens": func(r *rig) {
			req := r.request(auth.Nobody, "GET", "/api/status", nil)
			req.Header.Set("Authorization", "Bearer x.y.z")
			r.do(req)
		},
		"wrong sessions": func(r *rig) {
			req := r.request(auth.Nobody, "GET", "/api/status", nil)
			req.AddCookie(&http.Cookie{Name: "orac_session", Value: "xyz"})
			r.do(req)
		},
		"other hosts": func(r *rig) {
			req := r.request(auth.Nobody, "GET", "/api/status", nil)
			req.Host = "evil.test"
			r.do(req)
		},
		"guesses at a service": func(r *rig) {
			r.call(auth.Nobody, "POST", "/api/auth/service-token", serviceTokenInput{"core", "wrong"})
		},
		"guesses at other people": func(r *rig) { login(r, "mallory", "wrong") },
		"guesses at viewers":      func(r *rig) { login(r, "viewer", "wrong") },
		"refresh tokens":          func(r *rig) { r.call(auth.Nobody, "POST", "/api/auth/refresh", refreshInput{"x"}) },
	} {
		t.Run(name, func(t *testing.T) {
			rig := newRigWith(t, few)
			if code := login(rig, "admin", password); code != 200 {
				t.Fatal(code)
			}
			pair := get[auth.Token](rig, rig.call(auth.Nobody, "POST", "/api/auth/login", loginInput{"operator", password, false}), 200)
			for range 100 {
				flood(rig)
			}
			if w := rig.call(auth.Nobody, "POST", "/api/auth/refresh", refreshInput{pair.Refresh}); w.Code != 200 {
				t.Errorf("a refresh token that is good is held up: %d %s", w.Code, w.Body)
			}
			if code := rig.call(auth.Nobody, "GET", "/api/health", nil).Code; code != 429 && !strings.HasPrefix(name, "guesses") {
				t.Errorf("the flood is no flood: %d", code)
			}
			if w := rig.call(auth.Admin, "GET", "/api/status", nil); w.Code != 200 {
				t.Errorf("who is logged in is held up: %d %s", w.Code, w.Body)
			}
			if code := login(rig, "admin", password); code != 200 {
				t.Errorf("who was there before cannot log in: %d", code)
			}
			// By the page, too.
			form := rig.request(auth.Nobody, "POST", "/login", "username=admin&password="+strings.ReplaceAll(password, " ", "+"))
			form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if w := rig.do(form); w.Code != http.StatusSeeOther {
				t.Errorf("nor by the page: %d", w.Code)
			}
		})
	}
}

// TestGuessesAtAServiceHoldUpNoPerson: also one who was never there, and over a restart the others.
func TestGuessesAtAServiceHoldUpNoPerson(t *testing.T) {
	rig := newRig(t)
	for range 30 {
		rig.call(auth.Nobody, "POST", "/api/auth/service-token", serviceTokenInput{"core", "wrong"})
	}
	w := rig.call(auth.Nobody, "POST", "/api/auth/service-token", serviceTokenInput{"core", strings.Repeat("core-secret-", 4)})
	rig.problem("the service itself", w, Slower)
	if w := rig.call(auth.Nobody, "POST", "/api/auth/login", loginInput{"viewer", password, false}); w.Code != 200 {
		t.Errorf("a person is held up: %d %s", w.Code, w.Body)
	}
}

// TestWhoCountsForWhom: a person's requests are counted by person, so that many of them at one address do not share a budget, and
// one with many addresses has one.
func TestWhoCountsForWhom(t *testing.T) {
	rig := newRigWith(t, func(rb *runbook.Runbook) { rb.Web.Limits.PerAddress = 10 })
	passed := func(role auth.Role) (n int) {
		for range 30 {
			if rig.call(role, "GET", "/api/auth/me", nil).Code == 200 {
				n++
			}
		}
		return n
	}
	for _, role := range auth.Roles() {
		if n := passed(role); n != 10 {
			t.Errorf("the %s had %d answers", role, n)
		}
	}
}

// TestSharesOfAnything: of any takers in any order none is over what is free to it, admins find the places that are kept, who has
// none gets one while there is any, and all is given back.
func TestSharesOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(2, 40).Draw(t, "most")
		kept := rapid.IntRange(1, max(1, most/4)).Draw(t, "kept")
		s := &shares{}
		have := map[string][]auth.Identity{}
		n, others := 0, 0
		for range rapid.IntRange(0, 120).Draw(t, "steps") {
			who := auth.Identity{Kind: auth.User, Name: rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "who"), Role: auth.Viewer}
			if who.Name == "e" {
				who.Role = auth.Admin
			}
			mine := have[who.Name]
			if rapid.Bool().Draw(t, "leave") && len(mine) > 0 {
				s.leave(who)
				have[who.Name], n = mine[1:], n-1
				if who.Role != auth.Admin {
					others--
				}
				continue
			}
			free := most - n
			if who.Role != auth.Admin {
				free = min(free, max(1, most-kept)-others)
			}
			got := s.take(who, most, kept)
			if want := free > 0 && (len(mine) == 0 || len(mine) < free); got != want {
				t.Fatalf("%s has %d, %d of %d are taken: %v", who.Name, len(mine), n, most, got)
			}
			if got {
				have[who.Name], n = append(mine, who), n+1
				if who.Role != auth.Admin {
					others++
				}
			}
			if n > most || others > max(1, most-kept) || s.taken() != n {
				t.Fatalf("%d of %d are taken, %d by others than admins", n, most, others)
			}
		}
	})
}

// TestConnectionsAreShared: two viewers with all the connections that they get, each of which is in use, leave some for admins, and
// give back what is closed.
func TestConnectionsAreShared(t *testing.T) {
	const most = 20
	c := &conns{most: func() int { return most }, proxy: func(a netip.Addr) bool { return a == netip.MustParseAddr("192.0.2.7") }}
	connect := func(from string) net.Conn {
		conn, other := net.Pipe()
		t.Cleanup(func() { other.Close() })
		at := &addressed{conn, from}
		if !c.admit(at) {
			return nil
		}
		return at
	}
	use := func(conn net.Conn, name string, role auth.Role) bool {
		c.state(conn, http.StateActive)
		ctx := context.WithValue(t.Context(), noteKey{}, note{c, conn})
		return claim(httptest.NewRequestWithContext(ctx, "GET", "/", nil), auth.Identity{Kind: auth.User, Name: name, Role: role})
	}
	counts := map[string]int{}
	var open []net.Conn
	for n := range 3 * most {
		who := fmt.Sprint("viewer", n%2)
		conn := connect("127.0.0.1:1")
		if conn == nil {
			break
		}
		if !use(conn, who, auth.Viewer) {
			(&counted{conn, c}).Close()
			continue
		}
		if !use(conn, who, auth.Viewer) { // another request on it costs nothing
			t.Error("a second request is refused")
		}
		counts[who]++
		open = append(open, conn)
	}
	if counts["viewer0"] == 0 || counts["viewer1"] == 0 || counts["viewer0"]+counts["viewer1"] > most-most/10 {
		t.Errorf("%v of %d", counts, most)
	}
	if conn := connect("127.0.0.1:1"); conn == nil || !use(conn, "viewer2", auth.Viewer) {
		t.Error("a third one has none")
	} else {
		open = append(open, conn)
	}
	for n := range most { // many viewers
		if conn := connect("127.0.0.1:1"); conn != nil {
			if use(conn, fmt.Sprint("more", n), auth.Viewer) {
				open = append(open, conn)
			} else {
				(&counted{conn, c}).Close()
			}
		}
	}
	conn := connect("127.0.0.1:1")
	if conn == nil || !use(conn, "admin", auth.Admin) {
		t.Error("an admin has none")
	}
	open = append(open, conn)
	for _, conn := range open {
		(&counted{conn, c}).Close()
	}
	if c.claims.taken() != 0 || len(c.claims.of) != 0 || len(c.open) != 0 {
		t.Errorf("%d are left, %v", c.claims.taken(), c.claims.of)
	}
	// A trusted proxy's connections carry requests of many: they are nobody's, and one address may have all.
	for n := range most {
		conn := connect("192.0.2.7:1")
		if conn == nil || !use(conn, "viewer", auth.Viewer) {
			t.Fatalf("connection %d of a proxy is refused", n)
		}
	}
}

// addressed is a connection from an address.
type addressed struct {
	net.Conn
	from string
}

func (a *addressed) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(a.from))
}

// TestCostlyRequestsTakeTurns: what goes through texts in this process does so one at a time for each who asks. Every route of the
// runbook is costly, or leaves the work to the child that evaluates texts, where there are turns as well.
func TestCostlyRequestsTakeTurns(t *testing.T) {
	rig := newRig(t)
	child := []string{"runbook", "validate", "plan", "apply", "planRollback", "rollback"}
	for _, r := range rig.server.routes {
		if r.Tag == "runbook" && r.Role == auth.Admin && r.Costly == slices.Contains(child, r.Name) {
			t.Errorf("%s: who bounds what it costs?", r.Name)
		}
	}
	rig.server.costly = turns.New(2, 1)
	going, err := rig.server.costly.Take(t.Context(), auth.Identity{Kind: auth.User, Name: "admin"}.Subject())
	rig.must(err)
	rig.problem("an edit beside another", rig.call(auth.Admin, "POST", "/api/runbook/edit", map[string]any{"operations": []any{}}), Slower)
	get[status.Plan](rig, rig.call(auth.Admin, "POST", "/api/runbook/plan", sourceInput{testRunbook}), 200)
	going()
	if w := rig.call(auth.Admin, "GET", "/api/runbook/blocks", nil); w.Code != 200 || !rig.server.costly.Idle() {
		t.Errorf("when it is over: %d %s", w.Code, w.Body)
	}
}
