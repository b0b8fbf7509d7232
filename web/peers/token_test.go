package peers_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"orac/web/auth"
	"orac/web/gate"
	"orac/web/peers/peertest"
)

// forge signs whatever claims and header a test wants with the secret of the accounts.
func forge(t *testing.T, head map[string]any, claims map[string]any) string {
	t.Helper()
	now := time.Now()
	c := jwt.MapClaims{"iss": "orac", "aud": "orac-test", "sub": "worker", "jti": "1", "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Minute).Unix(), "permissions": []string{work, see}}
	for k, v := range claims {
		if c[k] = v; v == nil {
			delete(c, k)
		}
	}
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, c)
	token.Header["kid"] = "worker"
	for k, v := range head {
		if token.Header[k] = v; v == nil {
			delete(token.Header, k)
		}
	}
	text, err := token.SignedString([]byte(peertest.Secret))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestForgedTokens at the listener of a server: none is taken, none is answered by anything but 401, and nothing is acted on. All but the
// first rows are signed with the right secret, so that only what is said of them is wrong.
func TestForgedTokens(t *testing.T) {
	r := newRig(t)
	part := base64.RawURLEncoding.EncodeToString
	good := forge(t, nil, nil)
	if w := r.Call(peertest.As{Token: good}, "POST", "/v1/work", `{}`); w.Code != 200 {
		t.Fatalf("a good one: %d %s", w.Code, w.Body)
	}
	pieces := strings.Split(good, ".")
	public, private, err := ed25519.GenerateKey(rand.Reader)
	r.Must(err)
	edwards := func(head map[string]any) string {
		token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{"iss": "orac", "aud": "orac-test", "sub": "worker", "jti": "1", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "permissions": []string{work}})
		for k, v := range head {
			token.Header[k] = v
		}
		text, err := token.SignedString(private)
		r.Must(err)
		return text
	}
	jwk := map[string]any{"kty": "OKP", "crv": "Ed25519", "x": part(public), "kid": "worker"}
	past := time.Now().Add(-time.Hour).Unix()
	for name, token := range map[string]string{
		"no algorithm":              part([]byte(`{"alg":"none","kid":"worker"}`)) + "." + pieces[1] + ".",
		"no algorithm, signed":      part([]byte(`{"alg":"none","kid":"worker"}`)) + "." + pieces[1] + "." + pieces[2],
		"nOnE":                      part([]byte(`{"alg":"nOnE","kid":"worker"}`)) + "." + pieces[1] + ".",
		"no signature":              pieces[0] + "." + pieces[1] + ".",
		"another's claims":          pieces[0] + "." + strings.Split(forge(t, nil, map[string]any{"exp": time.Now().Add(time.Hour).Unix()}), ".")[1] + "." + pieces[2],
		"another algorithm's name":  part([]byte(`{"alg":"HS512","kid":"worker"}`)) + "." + pieces[1] + "." + pieces[2],
		"a key of its own":          edwards(map[string]any{"kid": "worker", "jwk": jwk}),
		"a key by its thumbprint":   edwards(map[string]any{"kid": part(public)}),
		"a key at an address":       edwards(map[string]any{"kid": "worker", "jku": "http://127.0.0.1:1/jwks.json", "x5u": "http://127.0.0.1:1/x.pem"}),
		"the public key as secret":  hmacWith(t, public),
		"padding":                   pieces[0] + "=." + pieces[1] + "." + pieces[2],
		"a trailing byte":           good + "A",
		"a newline":                 pieces[0] + "." + pieces[1] + "\n." + pieces[2],
		"five parts":                good + "." + pieces[1] + "." + pieces[2],
		"a token in a token":        part([]byte(`{"alg":"HS256","cty":"JWT","kid":"worker"}`)) + "." + part([]byte(good)) + "." + pieces[2],
		"twice":                     good + " " + good,
		"a critical header":         forge(t, map[string]any{"crit": []string{"b64"}, "b64": false}, nil),
		"a critical header of none": forge(t, map[string]any{"crit": []string{}}, nil),
		"a kid that is a path":      forge(t, map[string]any{"kid": "../../secrets/worker"}, nil),
		"a kid that is a device":    forge(t, map[string]any{"kid": "/dev/null"}, nil),
		"a kid that is SQL":         forge(t, map[string]any{"kid": "worker' OR '1'='1"}, nil),
		"a kid that is a list":      forge(t, map[string]any{"kid": []string{"worker"}}, nil),
		"a kid with a zero":         forge(t, map[string]any{"kid": "worker\x00"}, nil),
		"a kid in capitals":         forge(t, map[string]any{"kid": "WORKER"}, nil),
		"no kid":                    forge(t, map[string]any{"kid": nil}, nil),
		"another's kid":             forge(t, map[string]any{"kid": "watcher"}, nil),
		"another's name":            forge(t, nil, map[string]any{"sub": "watcher"}),
		"no name":                   forge(t, nil, map[string]any{"sub": nil}),
		"another issuer":            forge(t, nil, map[string]any{"iss": "evil"}),
		"no issuer":                 forge(t, nil, map[string]any{"iss": nil}),
		"no audience":               forge(t, nil, map[string]any{"aud": nil}),
		"an empty audience":         forge(t, nil, map[string]any{"aud": []string{}}),
		"expired":                   forge(t, nil, map[string]any{"iat": past - 60, "nbf": past - 60, "exp": past}),
		"for ever":                  forge(t, nil, map[string]any{"exp": nil}),
		"for a year":                forge(t, nil, map[string]any{"exp": time.Now().Add(365 * 24 * time.Hour).Unix()}),
		"of no time":                forge(t, nil, map[string]any{"iat": nil}),
		"of tomorrow":               forge(t, nil, map[string]any{"iat": time.Now().Add(24 * time.Hour).Unix()}),
		"a time that is text":       forge(t, nil, map[string]any{"exp": "9999999999"}),
		"a time beyond numbers":     forge(t, nil, map[string]any{"exp": json.RawMessage("1e400")}),
		"8 KB":                      forge(t, nil, map[string]any{"x": strings.Repeat("x", 8<<10)}),
		"8 KB of head":              forge(t, map[string]any{"x": strings.Repeat("x", 8<<10)}, nil),
		"deep":                      part([]byte(`{"alg":"HS256","kid":`+strings.Repeat("[", 2000)+strings.Repeat("]", 2000)+`}`)) + "." + pieces[1] + "." + pieces[2],
		"binary":                    "\xff\xfe\xfd",
		"a refresh token":           "orac_refresh_" + strings.Repeat("a", 40),
	} {
		for _, from := range []string{"", peertest.LegacyPeer.From} { // a bad token makes nobody a legacy peer
			if w := r.Call(peertest.As{Token: token, From: from}, "POST", "/v1/work", `{}`); w.Code != http.StatusUnauthorized {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
	}
	if n := r.did.Load(); n != 1 {
		t.Errorf("%d were acted on", n)
	}
	for _, secret := range []string{pieces[2], peertest.Secret} {
		if strings.Contains(r.Logs(), secret) {
			t.Error("the log holds a credential")
		}
	}
}

func hmacWith(t *testing.T, key []byte) string {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": "orac", "aud": "orac-test", "sub": "worker", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "permissions": []string{work}})
	token.Header["kid"] = "worker"
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestWhereATokenStands: only in one Authorization header. In the address, in a cookie and in a form it would be in logs, and a browser
// would send it for others.
func TestWhereATokenStands(t *testing.T) {
	r := newRig(t)
	good := forge(t, nil, nil)
	for name, c := range map[string]struct {
		change func(*http.Request)
		code   int
	}{
		"in the header":  {func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+good) }, 200},
		"in the address": {func(q *http.Request) { q.URL.RawQuery = "access_token=" + good + "&token=" + good }, 401},
		"in a cookie": {func(q *http.Request) {
			q.Header.Set("Cookie", "orac_session="+good+"; __Host-orac="+good+"; token="+good)
		}, 401},
		"as a password":         {func(q *http.Request) { q.SetBasicAuth("worker", good) }, 401},
		"for a proxy":           {func(q *http.Request) { q.Header.Set("Proxy-Authorization", "Bearer "+good) }, 401},
		"of another scheme":     {func(q *http.Request) { q.Header.Set("Authorization", "DPoP "+good) }, 401},
		"without a scheme":      {func(q *http.Request) { q.Header.Set("Authorization", good) }, 401},
		"behind a bad one":      {func(q *http.Request) { q.Header["Authorization"] = []string{"Bearer x", "Bearer " + good} }, 401},
		"in front of a bad one": {func(q *http.Request) { q.Header["Authorization"] = []string{"Bearer " + good, "Bearer x"} }, 401},
		"as another's header":   {func(q *http.Request) { q.Header.Set("X-Api-Key", good); q.Header.Set("X-Forwarded-User", "worker") }, 401},
	} {
		q := r.Request(peertest.As{}, "POST", "/v1/work", strings.NewReader(`{}`))
		c.change(q)
		if w := r.Do(q); w.Code != c.code {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if strings.Contains(r.Logs(), strings.Split(good, ".")[2]) {
		t.Error("the log holds a token")
	}
}

// TestRefusalsFillNoAuditLog: who has no right asks again and again, each time about something else: some of it is on record, and it pushes no other
// record out.
func TestRefusalsFillNoAuditLog(t *testing.T) {
	r := newRig(t)
	nothing, viewer := peertest.As{Token: r.Token("nothing")}, peertest.As{Token: r.User(auth.Viewer)}
	for i := range 300 {
		r.Call(nothing, "GET", fmt.Sprint("/things/", i), "")
		r.Call(viewer, "DELETE", fmt.Sprint("/things/", i), "")
		r.Call(peertest.As{Token: fmt.Sprint("bad", i)}, "GET", "/ready", "")
	}
	if list, err := r.Audit.Page(0, 1000, nil); err != nil || len(list) > gate.DenialBurst {
		t.Errorf("%d records, %v", len(list), err)
	}
}

// TestHostilePaths: what stands in a path leads nowhere, and is in no answer as it was.
func TestHostilePaths(t *testing.T) {
	r := newRig(t)
	viewer := peertest.As{Token: r.User(auth.Viewer)}
	for _, path := range []string{
		"/things/..%2f..%2fetc%2fpasswd", "/things/%00", "/things/%0d%0aSet-Cookie:%20a=b", "/things/" + strings.Repeat("a", 8000), "/things/%3Cscript%3E", "/things/..", "//things/x", "/things/x/../../metrics",
		"/things/%2e%2e/live", "/THINGS/x", "/things/x;a=b", "/things/%F0%9F%92%A1", "/%2e%2e/%2e%2e/etc/passwd",
	} {
		q := httptest.NewRequest("GET", "http://test"+path, nil)
		q.Header.Set("Authorization", "Bearer "+viewer.Token)
		w := r.Do(q)
		if w.Code >= 500 || w.Header().Get("Set-Cookie") != "" || strings.Contains(w.Body.String(), "<script") || strings.Contains(w.Body.String(), "root:") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
