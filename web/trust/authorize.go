package trust

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"orac/runbook/pattern"
)

// The authorization code flow: where a member sends a browser, and where the browser comes back to.
const (
	AuthorizePath = "/oauth/authorize"
	TokenPath     = "/oauth/token"
	RevokePath    = "/oauth/revoke"
	CallbackPath  = "/login/callback" // below a member's address
)

// MaxAuthRequest is the longest request for a login that is examined, in bytes.
const MaxAuthRequest = 4096

// AuthRequest is what a member asks an issuer for when somebody wants to log in there (RFC 6749, 4.1.1; RFC 7636, 4.3; OpenID Connect
// Core, 3.1.2.1).
type AuthRequest struct {
	Client    string // the member
	Redirect  string // where the browser goes with the answer, not yet compared with anything
	State     string
	Nonce     string
	Challenge string    // SHA-256 of the verifier, in base64url
	Silent    bool      // prompt=none: the person must not be asked anything
	Since     time.Time // the person must have logged in after this; zero: any login will do
}

// AuthError is an error that the client is told in the answer (RFC 6749, 4.1.2.1).
type AuthError struct{ Code, Description string }

func (e *AuthError) Error() string { return e.Code + ": " + e.Description }

var (
	challengePattern = pattern.Lazy(`^[A-Za-z0-9_-]{43}$`)
	visible          = pattern.Lazy(`^[\x20-\x7e]{1,512}$`) // RFC 6749, appendix A
)

// authParameters are all that an AuthRequest is read from. Others are ignored, as the standard says.
var authParameters = []string{
	"response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method", "response_mode", "prompt", "max_age", "since",
	"request", "request_uri",
}

// ReadAuthRequest reads the query of a request for a login. err says that the query cannot even be told from whom it is: nobody is
// answered then. wrong is for the client, once its address was compared; Client, Redirect and State are read nevertheless.
func ReadAuthRequest(query string, now time.Time) (q AuthRequest, wrong, err *AuthError) {
	if len(query) > MaxAuthRequest {
		return q, nil, &AuthError{"invalid_request", "The request is too long."}
	}
	f, broken := url.ParseQuery(query)
	if broken != nil {
		return q, nil, &AuthError{"invalid_request", "The request is malformed."}
	}
	for _, name := range []string{"client_id", "redirect_uri"} {
		if len(f[name]) != 1 || f.Get(name) == "" {
			return q, nil, &AuthError{"invalid_request", "The request needs " + name + ", once."}
		}
	}
	q = AuthRequest{Client: f.Get("client_id"), Redirect: f.Get("redirect_uri"), Nonce: f.Get("nonce"), Challenge: f.Get("code_challenge")}
	if len(f["state"]) == 1 && visible().MatchString(f.Get("state")) {
		q.State = f.Get("state")
	}
	return q, q.check(f, now), nil
}

// check returns what is wrong with the rest of a request.
func (q *AuthRequest) check(f url.Values, now time.Time) *AuthError {
	for _, name := range authParameters {
		if len(f[name]) > 1 {
			return &AuthError{"invalid_request", name + " is there twice."}
		}
	}
	switch {
	case f.Has("request"):
		return &AuthError{"request_not_supported", "Parameters are not taken from request."}
	case f.Has("request_uri"):
		return &AuthError{"request_uri_not_supported", "Parameters are not taken from request_uri."}
	case f.Get("response_type") != "code":
		return &AuthError{"unsupported_response_type", "response_type is code."}
	case f.Has("response_mode") && f.Get("response_mode") != "query":
		return &AuthError{"invalid_request", "response_mode is query."}
	case !slices.Contains(strings.Fields(f.Get("scope")), "openid"):
		return &AuthError{"invalid_scope", "scope contains openid."}
	case q.State == "":
		return &AuthError{"invalid_request", "state is missing, or no visible text of at most 512 bytes."}
	case !visible().MatchString(q.Nonce):
		return &AuthError{"invalid_request", "nonce is missing, or no visible text of at most 512 bytes."}
	case f.Get("code_challenge_method") != "S256" || !challengePattern().MatchString(q.Challenge):
		return &AuthError{"invalid_request", "code_challenge is the SHA-256 of a verifier, with code_challenge_method S256."}
	}
	return q.readPrompt(f, now)
}

// readPrompt reads how fresh the login must be, and whether anybody may be asked.
func (q *AuthRequest) readPrompt(f url.Values, now time.Time) *AuthError {
	prompts := strings.Fields(f.Get("prompt"))
	for _, p := range prompts {
		if !slices.Contains([]string{"none", "login", "consent", "select_account"}, p) {
			return &AuthError{"invalid_request", "prompt is none, login, consent or select_account."}
		}
	}
	if q.Silent = slices.Contains(prompts, "none"); q.Silent && len(prompts) > 1 {
		return &AuthError{"invalid_request", "prompt is none, or something else."}
	}
	after := func(t time.Time) {
		if t = t.Truncate(time.Second); t.After(q.Since) {
			q.Since = t
		}
	}
	if text := f.Get("since"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seconds < 0 {
			return &AuthError{"invalid_request", "since is in seconds since 1970."}
		}
		after(time.Unix(min(seconds, now.Unix()), 0))
	}
	if text := f.Get("max_age"); f.Has("max_age") {
		seconds, err := strconv.ParseInt(text, 10, 32)
		if err != nil || seconds < 0 {
			return &AuthError{"invalid_request", "max_age is a number of seconds."}
		}
		after(now.Add(-time.Duration(seconds) * time.Second))
	}
	if slices.Contains(prompts, "login") {
		after(now)
	}
	return nil
}

// Query writes a request whose check has found nothing, so that it is read as the same at any later time: what was said by prompt or
// max_age is since, a moment.
func (q AuthRequest) Query() string {
	f := url.Values{
		"response_type": {"code"}, "client_id": {q.Client}, "redirect_uri": {q.Redirect}, "scope": {"openid"}, "state": {q.State}, "nonce": {q.Nonce},
		"code_challenge": {q.Challenge}, "code_challenge_method": {"S256"},
	}
	if q.Silent {
		f.Set("prompt", "none")
	}
	if !q.Since.IsZero() {
		f.Set("since", strconv.FormatInt(q.Since.Unix(), 10))
	}
	return f.Encode()
}

// Answer is the address to which a browser brings a code. issuer is named in it, so that the member knows who answers (RFC 9207).
func (q AuthRequest) Answer(issuer, code string) string {
	return q.Redirect + "?" + url.Values{"code": {code}, "state": {q.State}, "iss": {issuer}}.Encode()
}

// Refusal is the address to which a browser brings an error.
func (q AuthRequest) Refusal(issuer string, e *AuthError) string {
	f := url.Values{"error": {e.Code}, "error_description": {e.Description}, "iss": {issuer}}
	if q.State != "" {
		f.Set("state", q.State)
	}
	return q.Redirect + "?" + f.Encode()
}

// Challenge is what a verifier is told as in the first request (RFC 7636, 4.2).
func Challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
