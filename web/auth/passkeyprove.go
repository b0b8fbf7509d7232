package auth

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
)

const (
	passkeyName    = "orac_passkey"
	passkeyLife    = 5 * time.Minute // of a challenge
	passkeyAdds    = "orac_passkey add"
	passkeyLogs    = "orac_passkey login"
	maxCredential  = 16 << 10 // bytes of what a device answers
	passkeyTooLate = "the question to the device is older than five minutes, or another browser's: begin again"
)

// ceremony is a question to a device (WebAuthn, 7.1 and 7.2). The browser keeps it, sealed.
type ceremony struct {
	Data webauthn.SessionData `json:"data"`
	// Of a registration: the session in which the password was shown, and the proof that it was.
	Session string `json:"session,omitempty"`
	Print   string `json:"print,omitempty"`
	Epoch   string `json:"epoch,omitempty"`
}

// NoPasskeys says why passkeys cannot be used at the address of a request.
type NoPasskeys string

func (n NoPasskeys) Error() string { return string(n) }

// party is what devices know this appliance as: a name, which an issuer has in its url, and which browsers take only over HTTPS or on
// this machine.
func (g *Guard) party(r *http.Request, via Via) (*webauthn.WebAuthn, error) {
	host := hostOf(r.Host)
	local := host == "localhost" || strings.HasSuffix(host, ".localhost")
	scheme := "http"
	if via.Secure {
		scheme = "https"
	}
	switch {
	case isAddress(host):
		return nil, NoPasskeys("passkeys belong to a name: open the console by its name, not by an address")
	case !via.Secure && !local:
		return nil, NoPasskeys("passkeys need HTTPS: give the web block tls, and open the console with https")
	}
	id := host
	if u, err := url.Parse(g.IssuerURL()); err == nil && u.Host != "" && !isAddress(hostOf(u.Host)) {
		if id = hostOf(u.Host); host != id && !strings.HasSuffix(host, "."+id) {
			return nil, NoPasskeys("passkeys belong to the issuer's name: open the console at " + g.IssuerURL())
		}
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: id, RPDisplayName: "ORAC at " + id, RPOrigins: []string{scheme + "://" + r.Host}, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired},
		Timeouts: webauthn.TimeoutsConfig{
			Login:        webauthn.TimeoutConfig{Enforce: true, Timeout: passkeyLife, TimeoutUVD: passkeyLife},
			Registration: webauthn.TimeoutConfig{Enforce: true, Timeout: passkeyLife, TimeoutUVD: passkeyLife},
		},
	})
	if err != nil {
		return nil, NoPasskeys("passkeys cannot belong to the name " + id)
	}
	return w, nil
}

func hostOf(hostPort string) string {
	if host, _, err := net.SplitHostPort(hostPort); err == nil {
		hostPort = host
	}
	return strings.ToLower(strings.Trim(hostPort, "[]"))
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || host == ""
}

// algorithms that a passkey may sign with: what devices have.
var algorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256}, {Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// BeginPasskey returns what a browser asks a device for that is to become a passkey of a user. v is of the password, shown just now in
// the session.
func (g *Guard) BeginPasskey(w http.ResponseWriter, r *http.Request, via Via, session, v Verified) (any, error) {
	if v.kind != User || session.kind != User || session.name != v.name || session.session == "" {
		return nil, denied("proof: it is not good for passkeys")
	}
	party, err := g.party(r, via)
	if err != nil {
		return nil, err
	}
	h, err := g.holderOf(v.name, party.Config.RPID)
	if err != nil {
		return nil, err
	}
	if len(h.credentials) >= maxPasskeys {
		return nil, ErrTooManyPasskeys
	}
	options, data, err := party.BeginRegistration(h, webauthn.WithExclusions(webauthn.Credentials(h.credentials).CredentialDescriptors()), webauthn.WithCredentialParameters(algorithms))
	if err != nil {
		return nil, err
	}
	return options.Response, g.asks(w, via, passkeyAdds, ceremony{*data, session.session, v.print, v.epoch})
}

// asks has the browser keep a question.
func (g *Guard) asks(w http.ResponseWriter, via Via, purpose string, c ceremony) error {
	text, err := g.seal(purpose, c, passkeyLife)
	if err != nil {
		return err
	}
	g.setKept(w, via, passkeyName, text, passkeyLife)
	return nil
}

// asked returns the question that a browser keeps, which is used up.
func (g *Guard) asked(w http.ResponseWriter, r *http.Request, via Via, purpose string) (c ceremony, ok bool) {
	ok = g.unseal(purpose, g.kept(r, via, passkeyName), &c)
	g.setKept(w, via, passkeyName, "", 0)
	return c, ok
}

// once uses up the challenge of a question. A second answer to it is refused, after a restart too.
func (g *Guard) once(tx *sql.Tx, c ceremony) error {
	res, err := tx.Exec("INSERT INTO ended VALUES (?, ?) ON CONFLICT DO NOTHING", digest("challenge\x00"+c.Data.Challenge), g.DB.due(passkeyLife+time.Hour))
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, denied("passkey: the challenge was answered before"))
	}
	return nil
}

// AddPasskey stores the passkey that a device has made, in the session in which BeginPasskey was called.
func (g *Guard) AddPasskey(w http.ResponseWriter, r *http.Request, via Via, session Verified, answer, name string) (Passkey, error) {
	c, ok := g.asked(w, r, via, passkeyAdds)
	if session.kind != User || !ok || session.session == "" || c.Session != session.session {
		return Passkey{}, Unfit(passkeyTooLate)
	}
	party, err := g.party(r, via)
	if err != nil {
		return Passkey{}, err
	}
	h, err := g.holderOf(session.name, party.Config.RPID)
	if err != nil {
		return Passkey{}, err
	}
	if len(answer) > maxCredential {
		return Passkey{}, Unfit("the answer of the device is too long")
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return Passkey{}, Unfit("the answer of the device cannot be read")
	}
	made, err := party.CreateCredential(h, c.Data, parsed)
	if err != nil {
		return Passkey{}, Unfit("the answer of the device does not fit: " + reasonOf(err))
	}
	v := session
	v.print, v.epoch = c.Print, c.Epoch // of the password that was shown
	if err := g.DB.write(func(tx *sql.Tx) error { return g.once(tx, c) }); err != nil {
		return Passkey{}, err
	}
	return g.keepPasskey(v, *made, name, party.Config.RPID)
}

// reasonOf is what the library says about an answer, without its details.
func reasonOf(err error) string {
	if e, ok := errors.AsType[*protocol.Error](err); ok {
		return e.Details
	}
	return "it is refused"
}

// BeginPasskeyLogin returns what a browser asks a device for to log somebody in. It is the same for everybody.
func (g *Guard) BeginPasskeyLogin(w http.ResponseWriter, r *http.Request, via Via) (any, error) {
	party, err := g.party(r, via)
	if err != nil {
		return nil, err
	}
	options, data, err := party.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, err
	}
	return options.Response, g.asks(w, via, passkeyLogs, ceremony{Data: *data})
}

// PasskeyOwner returns the user whom an answer of a device claims to be of; "" for none. It proves nothing.
func (g *Guard) PasskeyOwner(answer string) (name string) {
	var claim struct {
		Raw protocol.URLEncodedBase64 `json:"rawId"`
	}
	if len(answer) > maxCredential || json.Unmarshal([]byte(answer), &claim) != nil {
		return ""
	}
	_ = g.DB.db.QueryRow("SELECT subject FROM passkeys WHERE id = ?", passkeyID(claim.Raw)).Scan(&name)
	return name
}

// FinishPasskeyLogin proves somebody by what a device answers. The proof is as good as that of a password.
func (g *Guard) FinishPasskeyLogin(w http.ResponseWriter, r *http.Request, via Via, answer string) (Verified, error) {
	c, ok := g.asked(w, r, via, passkeyLogs)
	if !ok {
		return Verified{}, &Denied{Reason: "passkey: this browser was not asked", Told: "This browser was not asked in the last five minutes. Begin again."}
	}
	party, err := g.party(r, via)
	if err != nil {
		return Verified{}, err
	}
	owner := g.PasskeyOwner(answer)
	u, known := g.policy.Load().users[owner]
	if !known {
		return Verified{}, denied("passkey: unknown, or its user was removed")
	}
	v, err := g.proofOf(u) // taken before the comparison, as at Login
	if err != nil {
		return Verified{}, err
	}
	h, err := g.holderOf(owner, party.Config.RPID)
	if err != nil {
		return Verified{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return Verified{}, denied("passkey: malformed")
	}
	find := func(_, handle []byte) (webauthn.User, error) {
		if !bytes.Equal(handle, h.WebAuthnID()) {
			return nil, errors.New("another user's")
		}
		return h, nil
	}
	_, used, err := party.ValidatePasskeyLogin(find, c.Data, parsed)
	if err != nil {
		return Verified{}, deniedOf(owner, "passkey: "+reasonOf(err))
	}
	if used.Authenticator.CloneWarning {
		return Verified{}, deniedOf(owner, "passkey: its counter goes back, as that of a copy does")
	}
	v.passkey = passkeyID(used.ID)
	if err := g.usePasskey(c, v.passkey, *used); err != nil {
		return Verified{}, err
	}
	g.gotIn(v, via.From)
	return v, nil
}

// usePasskey uses up the challenge, and stores the counter of the device: a copy that counts from the same number is refused, also at
// the same time.
func (g *Guard) usePasskey(c ceremony, id string, used webauthn.Credential) error {
	text, err := json.Marshal(used)
	if err != nil {
		return err
	}
	count := used.Authenticator.SignCount
	return g.DB.write(func(tx *sql.Tx) error {
		if err := g.once(tx, c); err != nil {
			return err
		}
		res, err := tx.Exec("UPDATE passkeys SET credential = ?1, counter = ?2, used = ?3 WHERE id = ?4 AND (counter < ?2 OR counter = 0 AND ?2 = 0)", text, count, g.now().UnixMicro(), id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, denied("passkey: removed or used meanwhile"))
		}
		return nil
	})
}

// passkeyStands refuses a proof by a passkey that was removed.
func passkeyStands(tx *sql.Tx, v Verified) error {
	if v.passkey == "" {
		return nil
	}
	err := tx.QueryRow("SELECT 1 FROM passkeys WHERE id = ? AND subject = ?", v.passkey, v.name).Scan(new(int))
	if errors.Is(err, sql.ErrNoRows) {
		return deniedOf(v.Identity().Subject(), "proof: the passkey was removed meanwhile")
	}
	return err
}
