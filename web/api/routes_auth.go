package api

import (
	"cmp"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"orac/web/audit"
	"orac/web/auth"
	"orac/web/edge"
	"orac/web/schema"
)

type LoginInput struct {
	Username string `json:"username" check:"required;min=1;max=64"`
	Password string `json:"password" check:"required;min=1;max=256"`
	Session  bool   `json:"session" doc:"Set a session cookie instead of returning tokens, for a browser."`
}

func (in LoginInput) entrant(g *auth.Guard, from netip.Addr) entrant {
	return known(g, auth.User, in.Username, from)
}

// LoginOut is the result of a login: tokens, or what the pages of a session need.
type LoginOut struct {
	auth.Token
	CSRF string `json:"csrf_token,omitempty" doc:"The session's token: send it as X-CSRF-Token with every change."`
}

func login(c *Call, in LoginInput) (out LoginOut, err error) {
	c.Target(schema.Clean(in.Username))
	var v auth.Verified
	err = c.entrance("login", func() (err error) {
		v, err = c.Server.o.Guard.Login(in.Username, in.Password, c.From)
		c.Who = v.Identity()
		return err
	})
	if err != nil {
		return out, err
	}
	return c.welcome("login", v, in.Session)
}

// welcome issues tokens or a session to a proven user, if the proof still holds. If it does not, that is recorded as well.
func (c *Call) welcome(action string, v auth.Verified, session bool) (out LoginOut, err error) {
	if session {
		var who auth.Identity
		who, err = c.Server.o.Guard.StartSession(c.W, c.R, v, c.Via)
		out = LoginOut{auth.Token{Type: "Session", Expires: who.Expires, Identity: who}, who.CSRF}
	} else {
		out.Token, err = c.Server.o.Guard.Tokens(v)
	}
	if err == nil {
		c.Who = out.Identity
		return out, nil
	}
	if reason := auth.Reason(err); reason != "" {
		c.Denied(action, reason)
	} else { // the record of the login already says that somebody was let in
		c.Ended(action, audit.Failed, string(schema.ProblemOf(err).Code))
	}
	return LoginOut{}, err
}

// entrance runs try, which proves who somebody is, and records the result in the audit log: without the record nobody is let in.
// Attempts that were not even examined are not recorded, so a flood of guesses does not become a flood of records. If the record
// fails, the caller does not receive what try returned, and cannot use it.
func (c *Call) entrance(action string, try func() error) error {
	err := try()
	if err == nil {
		if lost := c.Server.o.Audit.Append(c.Record(action, audit.Done, "")); lost != nil {
			return schema.Because(schema.NotAudited, lost, "Nobody was logged in.")
		}
		return nil
	}
	d, ok := errors.AsType[*auth.Denied](err)
	if ok && d.RetryAfter == 0 { // otherwise it was not examined; the attempts before it are recorded
		c.Denied(action, d.Reason)
	}
	return err
}

type RefreshInput struct {
	Token string `json:"refresh_token" check:"required;min=1;max=256"`
}

// entrant: a valid refresh token itself shows whose it is.
func (in RefreshInput) entrant(g *auth.Guard, _ netip.Addr) entrant {
	return entrant(g.RefreshOf(in.Token))
}

func refreshToken(c *Call, in RefreshInput) (t auth.Token, err error) {
	err = c.entrance("token.refresh", func() error {
		t, err = c.Server.o.Guard.Refresh(in.Token)
		c.Who = t.Identity
		return err
	})
	return t, err
}

type ServiceTokenInput struct {
	ID     string `json:"id" check:"required;min=1;max=64"`
	Secret string `json:"secret" check:"required;min=1;max=512"`
}

func (in ServiceTokenInput) entrant(g *auth.Guard, from netip.Addr) entrant {
	return known(g, auth.Service, in.ID, from)
}

func serviceToken(c *Call, in ServiceTokenInput) (t auth.Token, err error) {
	c.Target(schema.Clean(in.ID))
	err = c.entrance("token.service", func() error {
		t, err = c.Server.o.Guard.ServiceToken(in.ID, in.Secret, c.From)
		c.Who = t.Identity
		return err
	})
	return t, err
}

// mayLogOut allows everybody who is logged in.
func mayLogOut(c *Call, _ schema.None) error {
	if c.Who.Way == auth.ByKey {
		return schema.Fail(schema.Forbidden, "An API key cannot log out: ask an admin to revoke it.")
	}
	if c.Who.Way == auth.ByToken && (c.Who.Kind == auth.CoreUser || c.Who.Kind == auth.CoreService) {
		return schema.Fail(schema.Forbidden, "This token is the issuer's: end it there, with POST /oauth/revoke.")
	}
	return nil
}

func logout(c *Call, _ schema.None) (schema.None, error) {
	if c.Who.Way == auth.BySession {
		c.Server.o.Guard.EndSession(c.W, c.R, c.Via)
	}
	return schema.None{}, c.Server.o.Guard.LogOut(c.Who)
}

func logoutEverywhere(c *Call, _ schema.None) (schema.None, error) {
	if c.Who.Way == auth.BySession {
		c.Server.o.Guard.EndSession(c.W, c.R, c.Via)
	}
	return schema.None{}, c.Server.o.Guard.DB.LogOutEverywhere(c.Who.Subject())
}

func me(c *Call, _ schema.None) (auth.Identity, error) { return c.Who, nil }

func getUsers(c *Call, _ schema.None) ([]auth.Person, error) {
	list := c.Server.o.Guard.People()
	slices.SortFunc(list, func(a, b auth.Person) int {
		return strings.Compare(string(b.Kind)+a.Name, string(a.Kind)+b.Name)
	})
	return notNil(list), nil
}

type UserInput struct {
	Name string `path:"name" check:"pattern=name"`
	Kind string `json:"kind" check:"enum=user|service" doc:"user (default) or service."`
}

func (in UserInput) target() string { return in.Name }

func logoutUser(c *Call, in UserInput) (schema.None, error) {
	kind := auth.User
	if in.Kind != "" {
		kind = auth.Kind(in.Kind)
	}
	known := slices.ContainsFunc(c.Server.o.Guard.People(), func(p auth.Person) bool { return p.Kind == kind && p.Name == in.Name })
	if !known {
		return schema.None{}, schema.Fail(schema.NotFound, "There is no such user.")
	}
	return schema.None{}, c.Server.o.Guard.DB.LogOutEverywhere(auth.Identity{Kind: kind, Name: in.Name}.Subject())
}

func getKeys(c *Call, _ schema.None) ([]auth.APIKey, error) {
	list, err := c.Server.o.Guard.DB.Keys()
	return notNil(list), err
}

type KeyInput struct {
	Name string  `json:"name" check:"required;pattern=label"`
	Role string  `json:"role" check:"required;enum=viewer|operator|admin"`
	Days float64 `json:"days" check:"required;min=0.001;max=366" doc:"How long the key is good."`
}

func (in KeyInput) target() string { return in.Name }

// NewKey is a key with its text, which is shown only once.
type NewKey struct {
	auth.APIKey
	Key string `json:"key" doc:"The key. It is shown only this once and stored nowhere."`
}

func createKey(c *Call, in KeyInput) (NewKey, error) {
	k, text, err := c.Server.o.Guard.CreateKey(c.Who.Proof(), in.Name, auth.Role(in.Role), time.Duration(in.Days*24*float64(time.Hour)))
	c.Changed(nil, k)
	return NewKey{k, text}, err
}

type RotateInput struct {
	ID    string  `path:"id" check:"pattern=id"`
	Hours float64 `json:"overlap_hours" check:"required;min=0;max=8784" doc:"How long the old key stays good."`
}

func (in RotateInput) target() string { return in.ID }

func rotateKey(c *Call, in RotateInput) (NewKey, error) {
	before, err := c.Server.o.Guard.DB.Key(in.ID)
	if err != nil {
		return NewKey{}, keyProblem(err)
	}
	k, text, err := c.Server.o.Guard.RotateKey(c.Who.Proof(), in.ID, time.Duration(in.Hours*float64(time.Hour)))
	c.Changed(before, k)
	return NewKey{k, text}, keyProblem(err)
}

type KeyID struct {
	ID string `path:"id" check:"pattern=id"`
}

func (in KeyID) target() string { return in.ID }

func revokeKey(c *Call, in KeyID) (schema.None, error) {
	before, err := c.Server.o.Guard.DB.Key(in.ID)
	if err == nil {
		var after auth.APIKey
		after, err = c.Server.o.Guard.DB.RevokeKey(in.ID)
		c.Changed(before, after)
	}
	return schema.None{}, keyProblem(err)
}

func keyProblem(err error) error {
	if errors.Is(err, auth.ErrNoKey) {
		return schema.Fail(schema.NotFound, "There is no such key.")
	}
	return err
}

type AuditInput struct {
	Before uint64 `query:"before" check:"min=0" doc:"Records with a lower number; default: start with the newest."`
	Limit  int    `query:"limit" check:"min=1;max=1000" doc:"How many at most; default: 100."`
	Who    string `query:"who" check:"max=128" doc:"Only records of this person or program."`
	Action string `query:"action" check:"max=64" doc:"Only this action."`
}

type AuditPage struct {
	Records []audit.Line `json:"records"`
	Next    uint64       `json:"next,omitempty" doc:"Send it as before for the next page; missing on the last page."`
}

func getAudit(c *Call, in AuditInput) (AuditPage, error) {
	limit := in.Limit
	if limit == 0 {
		limit = 100
	}
	list, err := c.Server.o.Audit.Page(in.Before, limit, func(r audit.Record) bool {
		return (in.Who == "" || r.Who == in.Who) && (in.Action == "" || r.Action == in.Action)
	})
	if err != nil {
		return AuditPage{}, schema.Because(schema.Unavailable, err, "The audit log cannot be read.")
	}
	page := AuditPage{Records: notNil(list)}
	if len(list) == limit {
		page.Next = list[len(list)-1].Seq
	}
	return page, nil
}

func verifyAudit(c *Call, _ schema.None) (audit.Verdict, error) {
	v, err := c.Server.o.Audit.Verify()
	if err != nil {
		return v, schema.Because(schema.Unavailable, err, "The audit log cannot be read.")
	}
	return c.plainly(v), nil
}

// plainly takes the name of the file out of a problem: it can be found in the log on the machine.
func (c *Call) plainly(v audit.Verdict) audit.Verdict {
	if v.Problem != "" {
		c.Log().Error("the audit log was tampered with", "problem", v.Problem)
		v.Problem = v.Problem[max(0, strings.LastIndex(v.Problem, "line ")):]
	}
	return v
}

type ChainInput struct {
	After uint64 `query:"after" check:"min=0" doc:"The records with a higher number; default: from the oldest that is kept."`
	Limit int    `query:"limit" check:"min=1;max=1000" doc:"How many at most; default: 256. Half a megabyte is the most, too."`
}

// maxChain is how many bytes of records one answer holds.
const maxChain = 512 << 10

func auditChain(c *Call, in ChainInput) (audit.Chain, error) {
	chain, err := c.Server.o.Audit.After(in.After, cmp.Or(in.Limit, 256), maxChain)
	if err != nil {
		return chain, schema.Because(schema.Unavailable, err, "The audit log cannot be read.")
	}
	return chain, nil
}

func exportAudit(c *Call, _ schema.None) (schema.None, error) {
	w := c.Streaming()
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Content-Disposition", `attachment; filename="audit.ndjson"`)
	return schema.None{}, c.Server.o.Audit.Export(edge.NewPaced(w))
}
