package enrol

import (
	"fmt"
	"net/url"

	"orac/appliance/house"
	"orac/runbook"
)

// Invite makes a code with which an appliance joins the house of an issuer as a member, which the runbook may declare already or not. at
// is the address of its console; "" for the one that is declared, or for none. stands tells, when the code is used, whether whoever made
// it may still do so; nil: certainly.
func (b *Book) Invite(rb *runbook.Runbook, name, at, by string, stands func() bool) (Code, Ticket, error) {
	no := func(format string, args ...any) (Code, Ticket, error) {
		return Code{}, Ticket{}, &ErrRefused{fmt.Sprintf(format, args...)}
	}
	switch {
	case rb.Issuer.URL == "":
		return no("This appliance is no issuer: add an issuer block to its runbook.")
	case !rb.Web.TLS.On():
		return no("Appliances join over TLS: give the web block tls { self_signed = true }, and write url of the issuer block with https.")
	case house.CheckName(name) != nil:
		return no("%v.", house.CheckName(name))
	case name == rb.Appliance.Name:
		return no("%s is the name of this appliance: a member needs another.", name)
	}
	if u, err := url.Parse(rb.Issuer.URL); err != nil || u.Scheme != "https" {
		return no("Appliances join over TLS: write url of the issuer block with https.")
	}
	if m, declared := rb.Member(runbook.Address("member." + name)); declared {
		if at != "" && at != m.URL {
			return no("The runbook declares the member %s with another url: change it there, or leave it out here.", name)
		}
		at = m.URL
	}
	if at != "" {
		u, err := url.Parse(at)
		if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != at || u.Scheme != "https" && (u.Scheme != "http" || !runbook.IsLoopback(withPort(u))) {
			return no("The url of the member is https://HOST:PORT, without a path.")
		}
	}
	return b.Open(Ticket{Member: name, URL: at, By: by, stands: stands})
}

func withPort(u *url.URL) string {
	if u.Port() == "" {
		return u.Host + ":80"
	}
	return u.Host
}

// Stands tells whether whoever made the code may still let a member in.
func (t Ticket) Stands() bool { return t.stands == nil || t.stands() }

// at is the address of the member's console: what the runbook declares now, which may have changed since the code was made.
func (t Ticket) at(rb *runbook.Runbook) string {
	if m, declared := rb.Member(runbook.Address("member." + t.Member)); declared {
		return m.URL
	}
	return t.URL
}

// Command is what a person runs on the appliance that joins.
func Command(issuer string, c Code) string { return "orac join " + issuer + " " + c.Text() }
