package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
)

// maxPasskeys is how many passkeys a user may have.
const maxPasskeys = 10

// Passkey is what people know of a passkey. Its private key is on their device and nowhere else.
type Passkey struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Host    string    `json:"host"` // the name of this appliance that it belongs to
	Created time.Time `json:"created"`
	Used    time.Time `json:"used,omitzero"`
}

// What may be wrong with a change of passkeys.
var (
	ErrNoPasskey       = errors.New("there is no such passkey")
	ErrTooManyPasskeys = fmt.Errorf("a user has at most %d passkeys: remove one first", maxPasskeys)
)

// passkeyID is the name of a credential here: those that devices choose may be a thousand bytes long.
func passkeyID(credential []byte) string {
	sum := sha256.Sum256(credential)
	return hex.EncodeToString(sum[:12])
}

// holder is a user to the library.
type holder struct {
	name, handle string
	credentials  []webauthn.Credential
}

// WebAuthnID implements webauthn.User.
func (h holder) WebAuthnID() []byte { return []byte(h.handle) }

// WebAuthnName implements webauthn.User.
func (h holder) WebAuthnName() string { return h.name }

// WebAuthnDisplayName implements webauthn.User.
func (h holder) WebAuthnDisplayName() string { return h.name }

// WebAuthnCredentials implements webauthn.User.
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.credentials }

// holderOf is a user with the passkeys for a host. The handle, which devices show to this host without a login, says nothing of the name.
func (g *Guard) holderOf(name, host string) (holder, error) {
	m := hmac.New(sha256.New, g.hashKey)
	m.Write([]byte("orac passkey user 1\x00" + name))
	h := holder{name: name, handle: string(m.Sum(nil))}
	rows, err := g.DB.db.Query("SELECT credential FROM passkeys WHERE subject = ? AND host = ?", name, host)
	if err != nil {
		return h, err
	}
	defer rows.Close()
	for rows.Next() {
		var text []byte
		var c webauthn.Credential
		if err := rows.Scan(&text); err != nil {
			return h, err
		}
		if err := json.Unmarshal(text, &c); err != nil {
			return h, err
		}
		h.credentials = append(h.credentials, c)
	}
	return h, rows.Err()
}

// Passkeys lists the passkeys of a user, the newest first.
func (g *Guard) Passkeys(name string) (list []Passkey, err error) {
	rows, err := g.DB.db.Query("SELECT id, name, host, created, used FROM passkeys WHERE subject = ? ORDER BY created DESC, id", name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p Passkey
		var created, used int64
		if err := rows.Scan(&p.ID, &p.Name, &p.Host, &created, &used); err != nil {
			return nil, err
		}
		p.Created, p.Used = fromMicros(created), fromMicros(used)
		list = append(list, p)
	}
	return list, rows.Err()
}

// HasPasskeys tells whether anybody may log in with a passkey at the host of a request.
func (g *Guard) HasPasskeys(r *http.Request, via Via) bool {
	p, err := g.party(r, via)
	if err != nil {
		return false
	}
	return g.DB.db.QueryRow("SELECT 1 FROM passkeys WHERE host = ? LIMIT 1", p.Config.RPID).Scan(new(int)) == nil
}

// NoPasskeys says why no passkey can be used at the host of a request; "" if one can.
func (g *Guard) NoPasskeys(r *http.Request, via Via) string {
	_, err := g.party(r, via)
	if err != nil {
		return err.Error()
	}
	return ""
}

// keepPasskey stores a passkey in the name of a proof. Everything else that the user has stays.
func (g *Guard) keepPasskey(v Verified, c webauthn.Credential, name, host string) (Passkey, error) {
	c.Attestation = webauthn.CredentialAttestation{} // what is not checked need not be kept
	text, err := json.Marshal(c)
	if err != nil {
		return Passkey{}, err
	}
	g.checked()
	g.mu.RLock()
	defer g.mu.RUnlock()
	p := Passkey{ID: passkeyID(c.ID), Name: name, Host: host, Created: g.now().Truncate(time.Microsecond)}
	return p, g.DB.write(func(tx *sql.Tx) error {
		who, err := g.stands(tx, v)
		if err != nil {
			return err
		}
		n := 0
		if err := tx.QueryRow("SELECT count(*) FROM passkeys WHERE subject = ?", who.subject()).Scan(&n); err != nil {
			return err
		}
		if n >= maxPasskeys {
			return ErrTooManyPasskeys
		}
		res, err := tx.Exec("INSERT INTO passkeys (id, subject, name, host, credential, counter, created, used) VALUES (?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING",
			p.ID, who.subject(), name, host, text, c.Authenticator.SignCount, p.Created.UnixMicro())
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, Unfit("this passkey is registered already"))
		}
		return nil
	})
}

// RenamePasskey has a passkey called something else, in the name of its owner. Nothing ends.
func (g *Guard) RenamePasskey(v Verified, id, name string) error {
	if v.kind != User {
		return denied("proof: it is not a user's")
	}
	g.checked()
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.DB.write(func(tx *sql.Tx) error {
		if _, err := g.stands(tx, v); err != nil {
			return err
		}
		res, err := tx.Exec("UPDATE passkeys SET name = ? WHERE id = ? AND subject = ?", name, id, v.name)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNoPasskey)
		}
		return nil
	})
}

// RemovePasskey removes a passkey in the name of its owner, and ends all that the owner has except the session of the proof: the device
// may be lost.
func (g *Guard) RemovePasskey(v Verified, id string) error {
	if v.kind != User {
		return denied("proof: it is not a user's")
	}
	g.checked()
	g.mu.RLock()
	defer g.mu.RUnlock()
	err := g.DB.write(func(tx *sql.Tx) error {
		if _, err := g.stands(tx, v); err != nil {
			return err
		}
		res, err := tx.Exec("DELETE FROM passkeys WHERE id = ? AND subject = ?", id, v.name)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNoPasskey)
		}
		return endOthers(tx, v.name, v.session, v.family)
	})
	if err != nil {
		return err
	}
	return g.DB.load()
}

// endOthers ends the sessions and the tokens of a subject, except one session and one login.
func endOthers(tx *sql.Tx, subject, session, family string) error {
	if _, err := tx.Exec("DELETE FROM sessions WHERE subject = ? AND token <> ?", subject, session); err != nil {
		return err
	}
	for _, table := range []string{"refresh", "families"} {
		if _, err := tx.Exec("DELETE FROM "+table+" WHERE subject = ? AND family <> ?", subject, family); err != nil {
			return err
		}
	}
	return nil
}
