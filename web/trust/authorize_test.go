package trust

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// asked is a request in which nothing is wrong.
func asked() url.Values {
	return url.Values{
		"response_type": {"code"}, "client_id": {"kitchen"}, "redirect_uri": {"https://kitchen.test/login/callback"}, "scope": {"openid"}, "state": {"st"}, "nonce": {"no"},
		"code_challenge": {Challenge("a verifier")}, "code_challenge_method": {"S256"},
	}
}

var readAt = time.Unix(1_800_000_000, 500_000_000)

// TestARequestForALogin: what is read, and what is wrong with it.
func TestARequestForALogin(t *testing.T) {
	for _, c := range []struct {
		name, value, wrong string
	}{
		{"", "", ""}, {"scope", "profile openid email", ""}, {"login_hint", "anna", ""}, {"response_mode", "query", ""}, {"prompt", "consent", ""}, {"prompt", "login select_account", ""},
		{"response_type", "", "unsupported_response_type"}, {"response_type", "token", "unsupported_response_type"}, {"response_type", "code id_token", "unsupported_response_type"},
		{"response_mode", "fragment", "invalid_request"}, {"response_mode", "form_post", "invalid_request"},
		{"scope", "", "invalid_scope"}, {"scope", "openidx", "invalid_scope"},
		{"state", "", "invalid_request"}, {"state", strings.Repeat("s", 513), "invalid_request"}, {"state", "a\nb", "invalid_request"}, {"nonce", "", "invalid_request"}, {"nonce", "ä", "invalid_request"},
		{"code_challenge", "", "invalid_request"}, {"code_challenge", "short", "invalid_request"}, {"code_challenge", strings.Repeat("a", 42) + "=", "invalid_request"},
		{"code_challenge_method", "plain", "invalid_request"}, {"code_challenge_method", "", "invalid_request"}, {"code_challenge_method", "s256", "invalid_request"},
		{"prompt", "none login", "invalid_request"}, {"prompt", "create", "invalid_request"}, {"max_age", "-1", "invalid_request"}, {"max_age", "", "invalid_request"}, {"max_age", "1h", "invalid_request"},
		{"since", "-1", "invalid_request"}, {"request", "eyJ", "request_not_supported"}, {"request_uri", "https://evil.example", "request_uri_not_supported"},
	} {
		f := asked()
		if c.name != "" {
			f.Set(c.name, c.value)
		}
		q, wrong, err := ReadAuthRequest(f.Encode(), readAt)
		switch {
		case err != nil || q.Client != "kitchen" || q.Redirect != "https://kitchen.test/login/callback":
			t.Errorf("%s=%q: %+v, %v", c.name, c.value, q, err)
		case c.wrong == "" && wrong != nil:
			t.Errorf("%s=%q: %v", c.name, c.value, wrong)
		case c.wrong != "" && (wrong == nil || wrong.Code != c.wrong):
			t.Errorf("%s=%q: %v, want %s", c.name, c.value, wrong, c.wrong)
		}
	}
	for _, name := range authParameters {
		f := asked()
		f[name] = append(f[name], "x", "y")
		_, wrong, err := ReadAuthRequest(f.Encode(), readAt)
		if nobody := name == "client_id" || name == "redirect_uri"; nobody != (err != nil) || !nobody && wrong == nil {
			t.Errorf("%s twice: %v, %v", name, wrong, err)
		}
	}
	for _, query := range []string{"", "client_id=kitchen", "redirect_uri=x", "client_id=&redirect_uri=x", "%zz", "a;b", asked().Encode() + "&x=" + strings.Repeat("x", MaxAuthRequest)} {
		if _, _, err := ReadAuthRequest(query, readAt); err == nil {
			t.Errorf("%.40q is from somebody", query)
		}
	}
}

// TestHowFreshALoginMustBe: prompt, max_age and since are a moment, and no moment is in the future.
func TestHowFreshALoginMustBe(t *testing.T) {
	for query, want := range map[string]int64{
		"": 0, "max_age=60": 1_799_999_940, "max_age=0": 1_800_000_000, "prompt=login": 1_800_000_000, "prompt=login&max_age=60": 1_800_000_000, "since=7": 7, "since=9999999999": 1_800_000_000,
		"since=1799999999&max_age=60": 1_799_999_999,
	} {
		q, wrong, err := ReadAuthRequest(asked().Encode()+"&"+query, readAt)
		since := int64(0)
		if !q.Since.IsZero() {
			since = q.Since.Unix()
		}
		if wrong != nil || err != nil || since != want {
			t.Errorf("%s: %d, want %d, %v, %v", query, since, want, wrong, err)
		}
	}
}

// FuzzReadAuthRequest: a request in which nothing is wrong is written and read as the same, later too; and an answer leads to the
// address that was read, and says nothing else than what it was told.
func FuzzReadAuthRequest(f *testing.F) {
	f.Add(asked().Encode(), "a code")
	f.Add(asked().Encode()+"&prompt=login&max_age=10", "&state=x#y")
	f.Add("client_id=a&redirect_uri=b&state=%00", "")
	f.Fuzz(func(t *testing.T, query, code string) {
		q, wrong, err := ReadAuthRequest(query, readAt)
		if err != nil {
			return
		}
		if wrong == nil {
			again, wrong, err := ReadAuthRequest(q.Query(), readAt.Add(time.Hour))
			if len(q.Query()) <= MaxAuthRequest && (wrong != nil || err != nil || again != q) {
				t.Fatalf("%+v is read as %+v, %v, %v", q, again, wrong, err)
			}
		}
		for _, to := range []string{q.Answer("https://core.test", code), q.Refusal("https://core.test", &AuthError{"x", code})} {
			rest, ok := strings.CutPrefix(to, q.Redirect+"?")
			said, broken := url.ParseQuery(rest)
			if !ok || broken != nil || said.Get("iss") != "https://core.test" || said.Get("code")+said.Get("error_description") != code || said.Get("state") != q.State {
				t.Fatalf("%q of %+v", to, q)
			}
		}
	})
}
