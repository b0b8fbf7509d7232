package sttserver

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"orac/runbook"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/peers"
	"orac/web/peers/peertest"
	"orac/web/schema"
	"orac/web/trust"
)

// ask makes a good request to a route.
func (r *rig) ask(who peertest.As, route Route) int {
	path := strings.NewReplacer("{topic}", "kitchen", "{filename}", "t-1.wav").Replace(route.Path)
	switch {
	case strings.HasPrefix(route.Path, "/stt/v1/stream"):
		return r.send(who, path, sound(0.5)).Code
	case route.Path == "/stt/v1/heartbeat":
		return r.Call(who, route.Method, path, `{"instance_id":"a","source":"hey_orac","models":[]}`).Code
	}
	return r.Call(who, route.Method, path, "").Code
}

// TestEveryRouteAsEveryone: who has the right gets in, and nobody else does; what was refused is on record.
func TestEveryRouteAsEveryone(t *testing.T) {
	r := newRig(t)
	callers := map[string]struct {
		peertest.As
		may func(peers.Right) bool
	}{
		"nobody":             {peertest.As{}, func(peers.Right) bool { return false }},
		"the legacy peer":    {peertest.LegacyPeer, func(x peers.Right) bool { return x.Legacy }},
		"its neighbour":      {peertest.As{From: "192.0.2.78"}, func(peers.Right) bool { return false }},
		"hey_orac":           {peertest.As{Token: r.Token("hey_orac")}, func(x peers.Right) bool { return x.Permission != "" || x.Anybody }},
		"hey_orac, narrowed": {peertest.As{Token: r.Token("hey_orac", Heartbeat)}, func(x peers.Right) bool { return x.Permission == Heartbeat || x.Anybody }},
		"beats":              {peertest.As{Token: r.Token("beats")}, func(x peers.Right) bool { return x.Permission == Heartbeat || x.Anybody }},
		"nothing":            {peertest.As{Token: r.Token("nothing")}, func(x peers.Right) bool { return x.Anybody }},
		"a viewer":           {peertest.As{Token: r.User(auth.Viewer)}, func(x peers.Right) bool { return x.Anybody || x.Role == auth.Viewer }},
		"an operator":        {peertest.As{Token: r.User(auth.Operator)}, func(x peers.Right) bool { return true }},
		"an admin":           {peertest.As{Token: r.User(auth.Admin)}, func(x peers.Right) bool { return true }},
	}
	for _, route := range Routes() {
		for name, c := range callers {
			code := r.ask(c.As, route)
			known := c.Token != "" || name == "the legacy peer"
			switch {
			case route.Right.Open || c.may(route.Right):
				if code != 200 && !(code == 422 && strings.Contains(route.Path, "/ws/")) { // no WebSocket in a test's writer
					t.Errorf("%s as %s: %d", route.Pattern(), name, code)
				}
			case known && code != http.StatusForbidden, !known && code != http.StatusUnauthorized:
				t.Errorf("%s as %s: %d", route.Pattern(), name, code)
			}
		}
	}
	for _, record := range r.Records("stt.listen") {
		if record.Target != "t-1.wav" {
			t.Errorf("a recording was played without its name on record: %+v", record)
		}
	}
	if list := r.Records("stt.request"); len(list) == 0 || list[0].Outcome != audit.Denied {
		t.Errorf("refusals are not on record: %+v", list)
	}
	if list := r.Records("stt.preload"); len(list) == 0 {
		t.Error("no record of loading the model")
	}
}

// TestATokenForAnotherAudience is refused, although the account is known here and its signature is good.
func TestATokenForAnotherAudience(t *testing.T) {
	r := newRigWith(t, func(rb *runbook.Runbook) {
		peertest.Account(rb, "orac_stt", runbook.CoreAudience, Transcribe, Heartbeat)
	})
	r.ForItsAudience("hey_orac", "orac_stt", runbook.CoreAudience,
		func(who peertest.As) *httptest.ResponseRecorder { return r.send(who, "/stt/v1/stream", sound(0.5)) },
		func() int { _, n := r.engine.last(); return n })
}

// TestBadCredentials: 401 as a problem document, one record of each kind, and a reason only for those who have the secret.
func TestBadCredentials(t *testing.T) {
	r := newRig(t)
	signed := func(change map[string]any) string {
		now := time.Now()
		c := jwt.MapClaims{"iss": "orac", "aud": "orac-stt", "sub": "hey_orac", "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Minute).Unix(), "permissions": []string{Transcribe}}
		kid := any("hey_orac")
		for k, v := range change {
			if k == "kid" {
				kid = v
				continue
			}
			c[k] = v
		}
		token := jwt.NewWithClaims(jwt.SigningMethodHS256, c)
		token.Header["kid"] = kid
		text, err := token.SignedString([]byte(peertest.Secret))
		r.Must(err)
		return text
	}
	past, future := time.Now().Add(-time.Hour).Unix(), time.Now().Add(time.Hour).Unix()
	for name, c := range map[string]struct{ token, why, told string }{
		"another audience": {signed(map[string]any{"aud": "orac-core"}), "token: for somebody else", "audience"},
		"expired":          {signed(map[string]any{"exp": past, "iat": past, "nbf": past}), "token: expired", "expired"},
		"not yet valid":    {signed(map[string]any{"nbf": future, "exp": future + 60}), "token: not yet valid", "not valid yet"},
		"unknown kid":      {signed(map[string]any{"kid": "mallory"}), "token: key or algorithm unknown", ""},
		"no key":           {"orac_key_0123456789ab_canary", "key: unknown", ""},
		"words":            {"canary", "token: malformed", ""},
	} {
		before := len(r.Records("token.refused")) + len(r.Records("key.refused"))
		w := r.send(peertest.As{Token: c.token}, "/stt/v1/stream", sound(0.5))
		p := r.Problem(name, w, schema.Unauthenticated)
		if (c.told == "") != (p.Detail == "") || !strings.Contains(p.Detail, c.told) || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s is told %q", name, p.Detail)
		}
		list := append(r.Records("token.refused"), r.Records("key.refused")...)
		found := false
		for _, record := range list {
			found = found || record.Why == c.why && record.Outcome == audit.Denied
		}
		if !found || len(list) != before+1 {
			t.Errorf("%s: %d records", name, len(list)-before)
		}
	}
	if _, n := r.engine.last(); n > 0 {
		t.Error("the engine heard something")
	}
	if strings.Contains(r.Logs(), "canary") {
		t.Error("a credential is in the log")
	}
	w := r.Call(peertest.As{}, "GET", "/health/live", "")
	if w.Code != 200 {
		t.Errorf("alive: %d", w.Code)
	}
	w = r.Call(peertest.As{Token: "canary"}, "GET", "/health/live", "") // a liveness probe with a stale token still learns that the process is there
	if w.Code != 200 {
		t.Errorf("alive, with a bad token: %d", w.Code)
	}
}

// TestWhoAsksTooOften is told when to come back; others are served.
func TestWhoAsksTooOften(t *testing.T) {
	r := newRigWith(t, func(rb *runbook.Runbook) { rb.STTServers[0].PerPeer = 3 })
	codes := map[int]int{}
	for range 5 {
		codes[r.Call(peertest.As{Token: r.Token("hey_orac")}, "GET", "/stt/v1/health", "").Code]++
	}
	if codes[200] != 3 || codes[429] != 2 {
		t.Errorf("%v", codes)
	}
	if w := r.Call(peertest.As{Token: r.Token("beats")}, "GET", "/stt/v1/health", ""); w.Code != 200 {
		t.Errorf("another: %d", w.Code)
	}
}

// atCore is an issuer whose tokens the server of a rig trusts.
type atCore struct{ *auth.Guard }

func (c atCore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == trust.KeysPath {
		keys, _ := c.IssuerKeys()
		_, _ = w.Write(trust.EncodeKeys(keys))
		return
	}
	_ = json.NewEncoder(w).Encode(c.Introspect(r.FormValue("token")))
}

// TestTokensOfAnIssuer: an account of the issuer may do here what both runbooks say, over real sockets between the two.
func TestTokensOfAnIssuer(t *testing.T) {
	core, err := auth.Open(t.TempDir(), []byte("another key"))
	if err != nil {
		t.Fatal(err)
	}
	defer core.Close()
	site := httptest.NewServer(atCore{core})
	defer site.Close()
	book := declared(t)
	book.Appliance.Name, book.Issuer.URL = "core", site.URL
	book.Members = []runbook.Member{{Address: "member.stt", Name: "stt"}, {Address: "member.other", Name: "other"}}
	for i := range book.ServiceAccounts {
		book.ServiceAccounts[i].Members = []runbook.Address{"member.stt", "member.other"}
	}
	if err := core.Use(book); err != nil {
		t.Fatal(err)
	}
	r := newRigWith(t, func(rb *runbook.Runbook) {
		rb.Appliance.Name, rb.ServiceAccounts = "stt", nil
		rb.Auth.Trust = runbook.Trust{Issuer: site.URL, Role: "viewer", Permissions: []string{Transcribe}}
	})
	token := func(account, member string) string {
		who, err := core.AccountOf(account, peertest.Secret, netip.MustParseAddr("192.0.2.5"))
		r.Must(err)
		token, err := core.TokenFor(who.Proof(), auth.Grant{Audience: member})
		r.Must(err)
		return token.Token
	}
	good := token("hey_orac", "stt")
	for what, c := range map[string]struct {
		token string
		code  int
	}{
		"an account that may transcribe": {good, 200}, "one that may not": {token("nothing", "stt"), 403}, "a token for another member": {token("hey_orac", "other"), 401},
		"one that may do what is not admitted here": {token("beats", "stt"), 403},
	} {
		if w := r.send(peertest.As{Token: c.token}, "/stt/v1/stream", sound(0.5)); w.Code != c.code {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	if w := r.Call(peertest.As{Token: good}, "POST", "/stt/v1/heartbeat", `{"instance_id":"a","source":"hey_orac","models":[]}`); w.Code != 403 {
		t.Errorf("a permission that the server does not admit: %d", w.Code)
	}
	if !strings.Contains(r.Logs(), `"who":"core-service:hey_orac"`) || strings.Contains(r.Logs(), good) {
		t.Error("the log does not say who it was, or shows the token")
	}
	other := token("hey_orac", "stt")
	r.Must(core.DB.LogOutEverywhere("service:hey_orac"))
	if w := r.send(peertest.As{Token: other}, "/stt/v1/stream", sound(0.5)); w.Code != 401 {
		t.Errorf("a token that was ended: %d", w.Code)
	}
}
