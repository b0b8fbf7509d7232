package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// canary is what must come back in no answer.
const canary = `canary"><script>alert(1)</script>`

// askIssuer sends the endpoints of the issuer what they must refuse: no request here has the right to anything. back is an address that
// nothing may ask, and secret that of the account asker.
func (t *target) askIssuer(ctx context.Context, back, secret string) (found []finding) {
	say := func(what, where, says string) {
		found = append(found, finding{"requests", "nobody", what, where, says})
	}
	forged := func(head string) string { // a token that names its own key
		part := base64.RawURLEncoding.EncodeToString
		return part([]byte(head)) + "." + part([]byte(`{"iss":"`+t.url+`","sub":"asker","aud":"kitchen","exp":9999999999}`)) + "." + part([]byte("x"))
	}
	forms := map[string]url.Values{
		"empty":                     {},
		"no such grant":             {"grant_type": {"password"}, "username": {"admin"}, "password": {password}},
		"a code":                    {"grant_type": {"authorization_code"}, "code": {canary}, "redirect_uri": {back}},
		"an assertion":              {"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {forged(`{"alg":"none"}`)}},
		"a client's assertion":      {"grant_type": {"client_credentials"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {forged(`{"alg":"RS256","jku":"` + back + `"}`)}},
		"a wrong secret":            {"grant_type": {"client_credentials"}, "client_id": {asker}, "client_secret": {canary}, "audience": {"kitchen"}},
		"another's name":            {"grant_type": {"client_credentials"}, "client_id": {peer}, "client_secret": {secret}, "audience": {"kitchen"}},
		"twice":                     {"grant_type": {"client_credentials", "client_credentials"}, "client_id": {asker}, "client_secret": {secret}, "audience": {"kitchen"}},
		"no such member":            {"grant_type": {"client_credentials"}, "client_id": {asker}, "client_secret": {secret}, "audience": {canary}},
		"an address as resource":    {"grant_type": {"client_credentials"}, "client_id": {asker}, "client_secret": {secret}, "audience": {back}, "resource": {back}},
		"more than it may":          {"grant_type": {"client_credentials"}, "client_id": {asker}, "client_secret": {secret}, "audience": {"kitchen"}, "scope": {"orac.admin"}},
		"a forged token":            {"token": {forged(`{"alg":"none"}`)}},
		"a token with its key":      {"token": {forged(`{"alg":"EdDSA","jwk":{"kty":"OKP","crv":"Ed25519","x":"AAAA"}}`)}},
		"a token with an address":   {"token": {forged(`{"alg":"EdDSA","jku":"` + back + `","x5u":"` + back + `","kid":"` + back + `"}`)}},
		"a key that is a path":      {"token": {forged(`{"alg":"HS256","kid":"../../../../dev/null"}`)}},
		"a critical header":         {"token": {forged(`{"alg":"EdDSA","crit":["b64"],"b64":false}`)}},
		"a huge token":              {"token": {strings.Repeat("e", 60_000)}},
		"a refresh token of nobody": {"grant_type": {"refresh_token"}, "refresh_token": {canary}},
		"a thousand parameters":     many(1000),
	}
	for name, form := range forms {
		for _, path := range []string{"/oauth/token", "/oauth/introspect", "/oauth/revoke"} {
			for _, how := range []string{"application/x-www-form-urlencoded", "application/json", "text/plain"} {
				code, head, text, err := t.send(ctx, path, how, form.Encode())
				where := fmt.Sprintf("POST %s: %s", path, name)
				switch {
				case err != nil:
					say("no answer", where, err.Error())
				case code >= 500:
					say("an internal error", where, fmt.Sprint(code, " ", text))
				case code >= 300 && code < 400:
					say("it leads elsewhere", where, head.Get("Location"))
				case strings.Contains(text, "<script") || strings.Contains(text, "canary"):
					say("what was sent comes back", where, text)
				case strings.Contains(text, "access_token") || strings.Contains(text, `"active":true`):
					say("it grants what it must refuse", where, fmt.Sprint(code))
				case head.Get("Cache-Control") != "no-store" || head.Get("X-Content-Type-Options") != "nosniff":
					say("an answer may be kept, or taken for something else", where, fmt.Sprint(head))
				}
			}
		}
	}
	for _, path := range []string{"/.well-known/jwks.json", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"} {
		code, text, err := t.get(ctx, "", path)
		if err != nil || code != http.StatusOK {
			say("no answer", "GET "+path, fmt.Sprint(code, err))
		}
		if strings.Contains(string(text), `"d"`) || strings.Contains(string(text), `"k"`) {
			say("a private key is shown", "GET "+path, "")
		}
	}
	return found
}

func many(n int) url.Values {
	v := url.Values{}
	for i := range n {
		v.Set(fmt.Sprint("p", i), canary)
	}
	return v
}

// send posts a body as nobody.
func (t *target) send(ctx context.Context, path, kind, body string) (code int, head http.Header, text string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, "", err
	}
	req.Header.Set("Content-Type", kind)
	res, err := t.http.Do(req)
	if err != nil {
		return 0, nil, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, res.Header, string(b), err
}
