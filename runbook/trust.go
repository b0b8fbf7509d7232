package runbook

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"orac/runbook/language"
)

// Issuer makes this appliance the centre of trust of a house: it signs tokens that its members accept. It issues none while URL is
// empty.
type Issuer struct {
	Address Address
	Name    string
	URL     string        `hcl:"url"` // without a path, "" if the block is missing
	Rotate  time.Duration `hcl:"rotate"`

	Certificates time.Duration `hcl:"certificates"` // how long those of members are valid
}

// Member is an appliance that accepts tokens of this one. Its name is the audience of those tokens.
type Member struct {
	Address Address
	Name    string
	URL     string `hcl:"url"` // of its console, without a path; "": nobody logs in there with a browser

	// How its console proves who it is when this appliance calls it.
	CA          string `hcl:"ca"`          // resolved against Runbook.Dir; "" for none
	Fingerprint string `hcl:"fingerprint"` // of its certificate; "" for none
}

// Trust is another appliance whose people and programs are let in here. There is none while Issuer is empty.
type Trust struct {
	Issuer      string   `hcl:"issuer"`      // its address, without a path
	CA          string   `hcl:"ca"`          // resolved against Runbook.Dir; "" for none
	Fingerprint string   `hcl:"fingerprint"` // of its certificate; "" for none
	Member      bool     `hcl:"member"`      // the issuer is a member of the house itself
	Audience    string   `hcl:"audience"`    // "": the name of the appliance, see Runbook.TrustAudience
	Role        string   `hcl:"role"`        // viewer, operator or admin
	Permissions []string `hcl:"permissions"`
}

// On tells whether there is somebody to trust.
func (t Trust) On() bool { return t.Issuer != "" }

// TrustAudience is the name that tokens of the trusted issuer must carry.
func (rb *Runbook) TrustAudience() string {
	if rb.Auth.Trust.Audience != "" {
		return rb.Auth.Trust.Audience
	}
	return rb.Appliance.Name
}

// Member finds a member by its address.
func (rb *Runbook) Member(a Address) (Member, bool) {
	return find(rb.Members, a, func(m *Member) Address { return m.Address })
}

// sitePattern is the address of a server that this appliance names and does not call.
var sitePattern = language.Match(`^https?://([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?$`)

const siteExpect = `"https://HOST:PORT", without a path`

var issuerBlock = &language.BlockType{
	Type: "issuer", Single: true,
	Doc:  "Makes this appliance the centre of trust of a house: its users and service accounts get tokens for each member, signed with keys that ORAC makes and replaces by itself. The web listener serves it: /oauth/token, /oauth/introspect, /oauth/revoke and the keys at /.well-known/jwks.json.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Issuer }),
	Example: `issuer {
  url = "https://core.local:7171"
}`,
	Attributes: []language.Attribute{
		{Name: "url", Kind: language.String, Gives: language.Admits, OnChange: language.InPlace, Example: `"https://core.local:7171"`, Pattern: sitePattern, Expect: siteExpect,
			Doc: "The address at which members reach this appliance's web listener, without a path. Tokens name it as their issuer (iss), and members write exactly the same text as issuer. It is https, unless it is this machine's own (127.0.0.1). Required in an issuer block."},
		{Name: "rotate", Kind: language.Duration, Gives: language.Admits, OnChange: language.InPlace, Default: "30d", Min: "1d", Max: "365d",
			Doc: "How long a key signs before ORAC makes the next one. The one before stays valid as long as tokens live that it has signed. `orac secrets rotate issuer` replaces it now."},
		{Name: "certificates", Kind: language.Duration, Gives: language.Admits, OnChange: language.InPlace, Default: "7d", Min: "1h", Max: "90d",
			Doc: "How long the certificates are valid that members get when they join (`orac join`). Each member has its own renewed by itself after two thirds of that time. Whoever is removed from the runbook gets no new one."},
	},
}

var memberBlock = &language.BlockType{
	Type: "member", Named: true,
	Doc:  "An appliance that accepts tokens of this issuer. Its label is the audience of its tokens: a token for one member is refused by every other.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Members }),
	Example: `member "kitchen" {
  url = "https://kitchen.local:7171"
}`,
	Attributes: slices.Concat([]language.Attribute{
		{Name: "url", Kind: language.String, Gives: language.Admits, OnChange: language.InPlace, Example: `"https://kitchen.local:7171"`, Pattern: sitePattern, Expect: siteExpect,
			Doc: "The address of its console, without a path. People who log in there with this issuer come back to it and to no other address. Without it, only programs get tokens for this member."},
	}, vouchers("the member")),
	Rules: []language.Rule{
		language.AtMostOneOf("ca", "fingerprint"),
		{
			Uses:  []string{"url", "ca", "fingerprint"},
			Doc:   "ca and fingerprint need url",
			Hint:  `Add url = "https://HOST:PORT", the address of the member's console, which they prove.`,
			Holds: func(g language.Given) bool { return g.Written("url") || !g.Written("ca") && !g.Written("fingerprint") },
		},
	},
}

// vouchers are the attributes that say how another appliance's web listener proves who it is when this one calls it.
func vouchers(whose string) []language.Attribute {
	return []language.Attribute{
		{Name: "ca", Kind: language.Path, Gives: language.Reads, Vouches: true, OnChange: language.InPlace, Example: `"/etc/orac/ca.pem"`,
			Doc: "The certificate authorities that may have signed " + whose + "'s certificate, in PEM. Without it, those of the system are used."},
		{Name: "fingerprint", Kind: language.String, Gives: language.Admits, Vouches: true, OnChange: language.InPlace, Example: `"AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:CD"`,
			Pattern: language.Match(`^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}$`), Expect: "a SHA-256 as orac run prints it: 32 bytes in hexadecimal, with colons",
			Doc: "The SHA-256 of " + whose + "'s own certificate, as `orac run` prints it there, instead of ca: for one with self_signed."},
	}
}

var trustBlock = &language.BlockType{
	Type: "trust", Single: true,
	Doc: "Another appliance whose users and service accounts are let in here: it has an issuer block, and a member block with the name of this appliance. ORAC checks their tokens with the issuer's public keys and goes on with the keys that it knows while the issuer is away. Local users stay.",
	Example: `trust {
  issuer      = "https://core.local:7171"
  role        = "admin"
  permissions = ["stt.transcribe", "stt.heartbeat"]
}`,
	Attributes: slices.Concat([]language.Attribute{
		{Name: "issuer", Kind: language.URL, Gives: language.Reaches, OnChange: language.InPlace, Example: `"https://core.local:7171"`,
			Doc: "The issuer's address, exactly as url in its issuer block. It is https, unless it is this machine's own (127.0.0.1). Required in a trust block."},
	}, vouchers("the issuer"), []language.Attribute{
		{Name: "member", Kind: language.Bool, Gives: language.Admits, Vouches: true, OnChange: language.InPlace, Default: "false",
			Doc: "Whether the issuer's certificate is one of the house that this appliance has joined, instead of ca and fingerprint: its web block has tls { member = true }."},
		{Name: "audience", Kind: language.String, Gives: language.Admits, OnChange: language.InPlace, DefaultDoc: "the name of the appliance", Example: `"kitchen"`, Pattern: claimPattern, Expect: claimExpect,
			Doc: "What the issuer calls this appliance: the label of its member block. A token for another member is refused."},
		{Name: "role", Kind: language.Enum, Gives: language.Admits, OnChange: language.InPlace, Default: "viewer", Values: []string{"viewer", "operator", "admin"},
			Doc: "The highest role that the issuer's users and accounts have here. Who has a lower one there has the lower one here."},
		{Name: "permissions", Kind: language.Strings, Gives: language.Admits, OnChange: language.InPlace, Example: `["stt.transcribe", "stt.heartbeat"]`,
			Doc: "The permissions that the issuer's accounts may have here. Others in a token do not count."},
	}),
	Rules: []language.Rule{
		language.AtMostOneOf("ca", "fingerprint"),
		notWithMember("ca", "fingerprint"),
		{
			Uses: []string{"issuer", "ca", "fingerprint", "member", "audience", "role", "permissions"},
			Doc:  "a trust block needs issuer",
			Hint: `Add issuer = "https://HOST:PORT", the address of the appliance whose people and programs are let in here.`,
			Holds: func(g language.Given) bool {
				others := slices.ContainsFunc([]string{"ca", "fingerprint", "member", "audience", "role", "permissions"}, g.Written)
				return g.Written("issuer") || !others
			},
		},
	},
}

// issuersAreSafe refuses addresses over which somebody on the network could put keys in the place of the issuer's.
func issuersAreSafe(value any, d *language.Document) (found language.Diagnostics) {
	rb := value.(*Runbook)
	check := func(at Address, attribute, text string) {
		if text == "" {
			return
		}
		switch u, err := url.Parse(text); {
		case err != nil || u.Host == "" || u.Scheme+"://"+u.Host != text:
			found = append(found, d.Problem(at, attribute, language.Error, fmt.Sprintf("%q is not scheme, host and port", language.Clip(text)), `Write only "https://HOST:PORT", without a path and without a slash at the end.`))
		case u.Scheme == "http" && !IsLoopback(hostPort(u)):
			found = append(found, d.Problem(at, attribute, language.Error, "over plain HTTP anybody on the network could read secrets and tokens, and replace keys", `Write "https://…", and give the web block of that appliance tls { self_signed = true }.`))
		}
	}
	check(rb.Issuer.Address, "url", rb.Issuer.URL)
	check(rb.Auth.Address, "trust", rb.Auth.Trust.Issuer)
	for _, l := range rb.Logins {
		check(l.Address, "issuer", l.Issuer)
	}
	for _, m := range rb.Members {
		check(m.Address, "url", m.URL)
	}
	for _, p := range rb.Auth.Trust.Permissions {
		if !permission.MatchString(p) {
			found = append(found, d.Problem(rb.Auth.Address, "trust", language.Error, fmt.Sprintf("%q is not a permission", language.Clip(p)), `Write SERVICE.ACTION in lower case, like "stt.transcribe".`))
		}
	}
	if rb.Auth.Trust.On() && rb.Auth.Trust.Issuer == rb.Issuer.URL {
		found = append(found, d.Problem(rb.Auth.Address, "trust", language.Error, "this appliance is the issuer that it is told to trust", "Remove the trust block: its own users and accounts are let in anyway."))
	}
	b, _ := d.Block(rb.Issuer.Address)
	switch {
	case !b.Written:
	case rb.Issuer.URL == "":
		found = append(found, d.Problem(rb.Issuer.Address, "", language.Error, "url is missing", `Add url = "https://HOST:PORT", the address at which members reach this appliance's web listener.`))
	case rb.Web.Listen == "":
		found = append(found, d.Problem(rb.Issuer.Address, "", language.Error, "nothing serves the issuer", "Add a web block: its listener serves the issuer."))
	}
	return found
}

func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	return u.Host + ":80"
}

// admits tells whether an issuer's accounts may have a permission here.
func (t Trust) admits(name string) bool { return t.On() && slices.Contains(t.Permissions, name) }
