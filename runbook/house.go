package runbook

import (
	"slices"
	"strings"

	"orac/runbook/language"
)

// ofTheHouse is the attribute of a block whose service is another member of the house.
func ofTheHouse(what string) language.Attribute {
	return language.Attribute{Name: "member", Kind: language.Bool, Gives: language.Proves, Vouches: true, OnChange: language.InPlace, Default: "false",
		Doc: "Whether " + what + " is a member of the house that this appliance has joined (`orac join`), or its issuer: ORAC shows its own certificate of the house there, and takes only one of the house. Nothing has to be copied: it takes the place of ca, client_cert and client_key."}
}

// notWithMember refuses attributes beside member = true, which takes their place.
func notWithMember(others ...string) language.Rule {
	return language.Rule{
		Uses: append([]string{"member"}, others...),
		Doc:  "member = true takes the place of " + strings.Join(others, ", "),
		Hint: "Keep only the one that you want.",
		Holds: func(g language.Given) bool {
			for _, o := range others {
				if g.Flag("member") && g.Written(o) {
					return false
				}
			}
			return true
		},
	}
}

// housesAreJoined refuses a certificate of a house in a runbook that belongs to none, and a server that asks for one in clear text.
func housesAreJoined(value any, d *language.Document) (found language.Diagnostics) {
	rb := value.(*Runbook)
	joined := rb.Issuer.URL != "" || rb.Auth.Trust.On()
	check := func(uses bool, at Address, attribute string) {
		if uses && !joined {
			found = append(found, d.Problem(at, attribute, language.Error, "this appliance belongs to no house", "Join one with `orac join`, which writes auth { trust { … } }, or make this appliance an issuer."))
		}
	}
	server := func(members bool, t TLS, at Address) {
		check(t.Member, at, "tls")
		check(members, at, "members")
		if members && !t.On() {
			found = append(found, d.Problem(at, "members", language.Error, "members show their certificates over TLS alone", "Add tls { member = true }."))
		}
	}
	for _, s := range rb.STTs {
		check(s.Member, s.Address, "member")
	}
	for _, c := range rb.Cores {
		check(c.Member, c.Address, "member")
	}
	server(false, rb.Web.TLS, rb.Web.Address)
	for _, s := range rb.STTServers {
		server(s.Members, s.TLS, s.Address)
	}
	for _, s := range rb.CoreServers {
		server(s.Members, s.TLS, s.Address)
	}
	return found
}

// ForMembers tells whether a server of the runbook lets in members of the house alone.
func (rb *Runbook) ForMembers() bool {
	return slices.ContainsFunc(rb.STTServers, func(s STTServer) bool { return s.Members }) ||
		slices.ContainsFunc(rb.CoreServers, func(s CoreServer) bool { return s.Members })
}
