package auth

import (
	"time"

	"orac/runbook/pattern"
	"orac/web/trust"
)

// CentreName is the account as which an issuer itself asks its members. Nobody can declare it, for the name of a block has no dot, and
// it has no secret: nobody logs in as it.
const CentreName = "orac.centre"

// CentreLife is how long a token of that account lives.
const CentreLife = 5 * time.Minute

// bySubject is a Subject that a token of the centre may name.
var bySubject = pattern.Lazy(`^[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,127}$`)

// centreOf is the account of an issuer at its members. A member bounds what it may do there with the role of its trust block.
func centreOf(i issuerPolicy, key []byte) user {
	if i.url == "" {
		return user{}
	}
	u := user{kind: Service, name: CentreName, role: Admin}
	for name := range i.members {
		u.members = append(u.members, name)
	}
	u.print = u.fingerprint(key)
	return u
}

// CentreToken issues a token with which this issuer asks a member. by is the Subject of whoever had it ask, "" for nobody: the member
// writes it into its audit log. ErrTarget means that there is no such member.
func (g *Guard) CentreToken(member, by string) (Token, error) {
	p := g.policy.Load()
	if p.issuing.url == "" {
		return Token{}, errNoIssuer
	}
	if _, ok := p.issuing.members[member]; !ok || member == p.issuing.self {
		return Token{}, ErrTarget
	}
	if by != "" && !bySubject().MatchString(by) {
		by = "somebody"
	}
	v, err := g.proofOf(p.centre)
	if err != nil {
		return Token{}, err
	}
	return g.issueFor(v, min(CentreLife, trust.MaxLife), false, &Grant{Audience: member, by: by})
}
