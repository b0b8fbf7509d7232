package auth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// maxPeerLife is how long a token that a peer makes for itself may be valid. Who needs more has an API key, which can be revoked.
const maxPeerLife = 24 * time.Hour

// Peer returns the identity behind the bearer token of a program of the stack: a token that a service account signs with the secret
// that both sides know, a token that this appliance has issued, or an API key. Cookies do not count. It returns nobody and no error
// without a token.
//
// A token that an account has signed for itself grants its permissions: those that it names and that the account has. It grants no
// role, and counts at servers of its audience alone, although its signature is good at all of them. What this appliance has issued
// itself, and API keys, count for all its servers.
func (g *Guard) Peer(audience string, r *http.Request, via Via) (Identity, error) {
	if r.Header.Get("Authorization") == "" {
		return Identity{}, nil
	}
	text := Bearer(r)
	if text == "" {
		return Identity{}, denied("token: the Authorization header holds no bearer token")
	}
	p := g.policy.Load()
	if account, ok := p.accounts[kidOf(text)]; ok && account.secret.IsSet() {
		who, err := g.selfSigned(p, account, text)
		if err == nil && account.audience != audience {
			return Identity{}, told(account.subject(), "for somebody else", "The token is for the audience "+account.audience+", and this server is "+audience+": see audience of the service account on both sides.")
		}
		return who, err
	}
	return g.token(text, via.From)
}

// kidOf returns the key that a token says it is signed with, "" if it says none.
func kidOf(text string) string {
	head, _, ok := strings.Cut(text, ".")
	if !ok || len(text) > maxToken {
		return ""
	}
	b, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return ""
	}
	var h struct {
		KID string `json:"kid"`
	}
	if json.Unmarshal(b, &h) != nil {
		return ""
	}
	return h.KID
}

// peerClaims are what the token of a service account says.
type peerClaims struct {
	jwt.RegisteredClaims
	Permissions []string `json:"permissions"`
}

// selfSigned checks a token that an account has signed. Who has the secret is told what is wrong with the rest.
func (g *Guard) selfSigned(p *policy, account user, text string) (Identity, error) {
	var c peerClaims
	_, err := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(p.issuer), jwt.WithAudience(account.audience), jwt.WithSubject(account.name),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithStrictDecoding(), jwt.WithTimeFunc(g.now),
	).ParseWithClaims(text, &c, func(t *jwt.Token) (any, error) {
		if _, ok := t.Header["crit"]; ok { // RFC 7515: critical headers must be understood
			return nil, errors.New("a critical header")
		}
		return []byte(account.secret.Reveal()), nil
	})
	switch {
	case err == nil && c.IssuedAt == nil:
		err = errors.New("no iat")
	case err == nil && c.ExpiresAt.Sub(c.IssuedAt.Time) > maxPeerLife:
		return Identity{}, told(account.subject(), "valid for too long", "The token is valid for more than "+maxPeerLife.String()+".")
	}
	if err != nil {
		reason := tokenReason(err)
		if detail := claimDetail(err, claimsOfPeers); detail != "" { // the signature is good
			return Identity{}, told(account.subject(), reason, detail)
		}
		return Identity{}, denied("token: " + reason)
	}
	who := Identity{Kind: Service, Name: account.name, Way: ByToken, Expires: c.ExpiresAt.Time, ID: c.ID}
	for _, permission := range account.permissions {
		if slices.Contains(c.Permissions, permission) {
			who.Permissions = append(who.Permissions, permission)
		}
	}
	return who, nil
}

func told(subject, reason, detail string) error {
	return &Denied{Reason: "token: " + reason, Of: subject, Told: detail}
}

// wrongClaim is what is wrong with the claims of a token, and what a person can do about it.
type wrongClaim struct {
	is   error
	text string
}

// claimsOfPeers are of tokens of service accounts.
var claimsOfPeers = []wrongClaim{
	{jwt.ErrTokenInvalidAudience, "The token is for another audience: see audience of the service account on both sides."},
	{jwt.ErrTokenInvalidIssuer, "The token is from another issuer: see issuer of the auth block on both sides."},
	{jwt.ErrTokenInvalidSubject, "The token's sub is not the account that its kid names."},
	{jwt.ErrTokenRequiredClaimMissing, "The token lacks a claim: it needs iss, aud, sub, exp, iat and permissions."},
}

// claimDetail says what is wrong with the claims of a token whose signature is good; "" if it is not. The library compares the
// signature first.
func claimDetail(err error, claims []wrongClaim) string {
	for _, r := range append([]wrongClaim{
		{jwt.ErrTokenMalformed, ""}, {jwt.ErrTokenUnverifiable, ""}, {jwt.ErrTokenSignatureInvalid, ""},
		{jwt.ErrTokenExpired, "The token has expired. Compare the clocks of the two machines."},
		{jwt.ErrTokenNotValidYet, "The token is not valid yet. Compare the clocks of the two machines."},
		{jwt.ErrTokenUsedBeforeIssued, "The token is from the future. Compare the clocks of the two machines."},
	}, claims...) {
		if errors.Is(err, r.is) {
			return r.text
		}
	}
	return ""
}
