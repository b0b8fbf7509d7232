package house

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"orac/runbook/pattern"
)

// Member is whom a certificate names.
type Member struct {
	Issuer string // the host of the issuer: its name or address, without a port
	Name   string
}

// scheme is that of the URIs of members.
const scheme = "orac"

var namePattern = pattern.Lazy(`^[a-z][a-z0-9_-]{0,62}$`)

// CheckName says what is wrong with a member's name.
func CheckName(name string) error {
	if !namePattern().MatchString(name) {
		return fmt.Errorf("%.80q cannot be the name of a member: write a lower-case letter, then at most 62 lower-case letters, digits, _ or -", name)
	}
	return nil
}

// NewMember is a member of the house of an issuer, whose address is scheme, host and perhaps a port.
func NewMember(issuer, name string) (Member, error) {
	u, err := url.Parse(issuer)
	if err != nil || u.Hostname() == "" {
		return Member{}, errors.New("the issuer's address has no host")
	}
	return Member{strings.ToLower(u.Hostname()), name}, CheckName(name)
}

// URI is the member as certificates name it.
func (m Member) URI() *url.URL {
	host := m.Issuer
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return &url.URL{Scheme: scheme, Host: host, Path: "/member/" + m.Name}
}

// errNobody means that a certificate names no member.
var errNobody = errors.New("the certificate is no member's")

// MemberOf returns whom a certificate names. It proves nothing about the certificate.
func MemberOf(c *x509.Certificate) (Member, error) {
	if len(c.URIs) != 1 {
		return Member{}, errNobody
	}
	u := c.URIs[0]
	name, ok := strings.CutPrefix(u.Path, "/member/")
	m := Member{u.Hostname(), name}
	if !ok || CheckName(name) != nil || m.Issuer == "" || m.URI().String() != u.String() { // written in one way only
		return Member{}, errNobody
	}
	return m, nil
}
