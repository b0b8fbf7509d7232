package account

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

type secret string

func (s secret) Reveal() string { return string(s) }

const shared = secret("a-secret-that-both-sides-know-0123456789")

func newTokens(t *testing.T) *Tokens {
	t.Helper()
	tokens, err := New(Config{"hey_orac", shared, []string{"stt.transcribe", "stt.heartbeat"}, "orac", "orac-stt", 15 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// TestTheOtherSideCanCheckIt: as a service would that knows the secret.
func TestTheOtherSideCanCheckIt(t *testing.T) {
	text, err := newTokens(t).At(time.Now(), "")
	if err != nil {
		t.Fatal(err)
	}
	var c Claims
	token, err := jwt.ParseWithClaims(text, &c, func(*jwt.Token) (any, error) { return []byte(shared), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithAudience("orac-stt"), jwt.WithIssuer("orac"), jwt.WithExpirationRequired(), jwt.WithIssuedAt())
	if err != nil || token.Header["kid"] != "hey_orac" || c.Subject != "hey_orac" || len(c.Permissions) != 2 || c.ID == "" || c.Role != "service" {
		t.Errorf("%+v, %v", c, err)
	}
	if strings.Contains(text, string(shared)) {
		t.Error("the token holds the secret")
	}
}

// TestRenewal: the same token while it is good, another one before it ends, after a refusal, and after a step of the clock.
func TestRenewal(t *testing.T) {
	tokens, now := newTokens(t), time.Now()
	at := func(after time.Duration, refused string) string {
		t.Helper()
		text, err := tokens.At(now.Add(after), refused)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	first := at(0, "")
	if at(11*time.Minute, "") != first {
		t.Error("it is replaced too early")
	}
	second := at(12*time.Minute, "")
	if second == first {
		t.Error("it is not replaced before it ends")
	}
	third := at(12*time.Minute, second)
	if third == second {
		t.Error("a refused one comes again")
	}
	if at(12*time.Minute, second) != third { // another client was refused the same one
		t.Error("one refusal makes two tokens")
	}
	if at(-time.Hour, "") == third {
		t.Error("a token from the future is given")
	}
}

func TestShortSecrets(t *testing.T) {
	if _, err := New(Config{Name: "a", Secret: secret("short")}); err == nil || strings.Contains(err.Error(), "short") {
		t.Errorf("%v", err)
	}
}
