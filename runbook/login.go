package runbook

import (
	"slices"
	"time"

	"orac/runbook/language"
)

// Login is an account of this appliance at an issuer of tokens. What it sends goes with tokens that it gets there.
type Login struct {
	Address       Address
	Name          string
	Issuer        string          `hcl:"issuer"` // its address, without a path
	Account       string          `hcl:"account"`
	Secret        language.Secret `hcl:"secret"`
	CA            string          `hcl:"ca"`          // resolved against Runbook.Dir; "" for none
	Fingerprint   string          `hcl:"fingerprint"` // of the issuer's certificate; "" for none
	Timeout       time.Duration   `hcl:"timeout"`
	MaxRetryDelay time.Duration   `hcl:"max_retry_delay"`
}

// Login finds a login by its address.
func (rb *Runbook) Login(a Address) (Login, bool) {
	return find(rb.Logins, a, func(l *Login) Address { return l.Address })
}

// HeartbeatLogin returns the login of a heartbeat, and the audience of its tokens: its own, or its STT's; "" for none.
func (rb *Runbook) HeartbeatLogin(h Heartbeat) (login Address, audience string) {
	if h.Login != "" || h.Auth != "" {
		return h.Login, h.Audience
	}
	s, _ := rb.STT(h.STT)
	return s.Login, s.Audience
}

var loginBlock = &language.BlockType{
	Type: "login", Named: true,
	Doc:  "An account of this appliance at an issuer of tokens (OAuth 2, client credentials): an ORAC with an issuer block. Blocks that name the login send a token for their audience with everything. ORAC fetches tokens before they are needed, replaces them at two thirds of their life, and keeps them only in memory. While the issuer is away, tokens are used as long as they live; after that nothing is sent, and recordings and texts wait as for a server that is down.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Logins }),
	Example: `login "house" {
  issuer  = "https://core.local:7171"
  account = "hey_orac"
  secret  = secret("hey_orac")
}`,
	Attributes: slices.Concat([]language.Attribute{
		{Name: "issuer", Kind: language.URL, Gives: language.Reaches, OnChange: language.InPlace, Required: true, Example: `"https://core.local:7171"`,
			Doc: "The issuer's address, without a path. ORAC adds /oauth/token. It is https, unless it is this machine's own (127.0.0.1)."},
		{Name: "account", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Required: true, Example: `"hey_orac"`, Pattern: claimPattern, Expect: claimExpect,
			Doc: "The name of the account there (client_id): the label of a service_account block of the issuer, whose members list the audiences."},
		{Name: "secret", Kind: language.String, Gives: language.Proves, OnChange: language.InPlace, Secret: language.SecretOnly, Required: true, Example: `secret("hey_orac")`,
			Doc: "The account's secret (client_secret), the same as at the issuer. It goes to the issuer and to nobody else."},
	}, vouchers("the issuer"), []language.Attribute{
		{Name: "timeout", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "5s", Min: "1s", Max: "60s",
			Doc: "How long the issuer may take to answer."},
		{Name: "max_retry_delay", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "8s", Min: "1s", Max: "10m",
			Doc: "The longest pause between two questions to an issuer that is away. One that refuses the account is asked less often: after a minute, and then after up to 15 minutes. A change of the login, such as another secret, asks at once."},
	}),
	Rules: []language.Rule{language.AtMostOneOf("ca", "fingerprint")},
}

// byLogin are the attributes of a block whose requests carry tokens of a login, instead of other credentials.
func byLogin(what, instead string) []language.Attribute {
	return []language.Attribute{
		{Name: "login", Kind: language.Ref, Gives: language.Proves, OnChange: language.InPlace, Refs: []string{"login"}, Example: "login.house",
			Doc: "The login at an issuer whose tokens are sent to " + what + ", instead of " + instead + "."},
		{Name: "audience", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"stt"`, Pattern: claimPattern, Expect: claimExpect,
			Doc: "With login: whom the tokens are for. It is the label of the issuer's member block for " + what + "."},
	}
}

// loginNeedsAudience demands an audience for the tokens of a login.
var loginNeedsAudience = together("login", "audience", `Name the issuer, and whom its tokens are for: login = login.NAME and audience = "MEMBER", as the issuer's member block is called.`)
