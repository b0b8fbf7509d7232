package runbook

import (
	"net"
	"net/netip"
	"regexp"
)

var webBlock = &BlockType{
	Type: "web", Single: true,
	Doc:  "The console and the API. Without this block nothing listens on the network.",
	Slot: Into(func(rb *Runbook) any { return &rb.Web }),
	Example: `web {
  listen = "127.0.0.1:7171"
}`,
	Attributes: []Attribute{
		{Name: "listen", Kind: String, Gives: Opens, OnChange: Restart, Example: `"127.0.0.1:7171"`,
			NoWider: sameOrLoopback,
			Pattern: regexp.MustCompile(`^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{0,253}):(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})$`), Expect: `HOST:PORT, like "127.0.0.1:7171" or ":7171" for every address; a port is 1 to 65535`,
			Doc: "The address that the console and the API are served at; a web block needs it."},
		{Name: "plain_http_on_the_network", Kind: Bool, Gives: Opens, OnChange: Restart, Default: "false",
			Doc: "Whether passwords and voices may cross the network unencrypted. Beyond the machine itself there is no plain HTTP unless this says so."},
		{Name: "origins", Kind: Strings, Gives: Opens, OnChange: InPlace, Example: `["https://home.example"]`,
			Doc: "Other origins whose pages may call the API from a browser, each exactly as browsers send it; none by default."},
		{Name: "hosts", Kind: Strings, Gives: Opens, OnChange: InPlace, Example: `["orac.home.example"]`,
			Doc: "Names that the console and the API are reached by, besides addresses, localhost, the machine's own name and those of the certificate; a request for any other is refused (DNS rebinding)."},
		{Name: "trusted_proxies", Kind: Strings, Gives: Opens, OnChange: InPlace, Example: `["127.0.0.1", "192.0.2.0/28"]`,
			Doc: "Reverse proxies that the console and the API are reached through, as addresses or networks: whom they say that a request is from (Forwarded, X-Forwarded-For) counts, for limits and in the audit log, and that it was encrypted (X-Forwarded-Proto). Name only machines that nobody else can send from."},
		{Name: "trust_admins", Kind: Bool, Gives: Trusts, OnChange: InPlace, Default: "false",
			Doc: "Whether admins of the console and the API may do there all that ORAC's user may: add or change commands that are run (stt, protocol exec), and have the runbook read other files and variables of the environment. Without it that is done on the machine, by `orac apply`."},
		{Name: "metrics", Kind: Enum, Gives: Opens, OnChange: InPlace, Default: "token", Values: []string{"token", "open"},
			Doc: "Whether /metrics wants a token, or answers everybody."},
		{Name: "request_timeout", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "30s", Min: "1s", Max: "10m",
			Doc: "How long a request may take; applying a runbook and event streams take as long as they need."},
		{Name: "max_body", Kind: ByteSize, Gives: Tunes, OnChange: InPlace, Default: "1MiB", Min: "16KiB", Max: "64MiB",
			Doc: "The largest body of a request."},
	},
	Nested: []*BlockType{tlsBlock, limitsBlock},
}

// sameOrLoopback tells whether an address to listen at is another port of the one before, or one of this machine alone.
func sameOrLoopback(was, is string) bool {
	before, _, err := net.SplitHostPort(was)
	now, _, failed := net.SplitHostPort(is)
	if err != nil || failed != nil {
		return false
	}
	ip, err := netip.ParseAddr(now)
	return now == before || now == "localhost" || err == nil && ip.IsLoopback()
}

var tlsBlock = &BlockType{
	Type: "tls", Single: true,
	Doc: "How the console and the API are encrypted: TLS 1.3, and 1.2 for those that have no better. Certificates are read again when their files change.",
	Example: `tls {
  self_signed = true
}`,
	Attributes: []Attribute{
		{Name: "cert", Kind: Path, Gives: Reads, OnChange: Restart, Example: `"/etc/orac/cert.pem"`,
			Doc: "The certificate and those that lead to its root, in PEM."},
		{Name: "key", Kind: Path, Gives: Reads, OnChange: Restart, Example: `"/etc/orac/key.pem"`,
			Doc: "The certificate's private key in PEM, readable by ORAC only."},
		{Name: "self_signed", Kind: Bool, Gives: Opens, OnChange: Restart, Default: "false",
			Doc: "Whether ORAC makes a certificate of its own, once, and prints its fingerprint. One that has expired or is damaged is made anew at a start."},
	},
	Rules: []Rule{
		together("cert", "key", "A certificate is of no use without its private key."),
		{
			Uses: []string{"self_signed", "cert"},
			Doc:  "self_signed and cert exclude each other",
			Hint: "Keep the one that you mean.",
			Holds: func(g Given) bool {
				return !(g.Flag("self_signed") && g.Written("cert"))
			},
		},
	},
}

var limitsBlock = &BlockType{
	Type: "limits", Single: true,
	Doc: "How much anybody may ask of the console and the API. Requests are counted over the last minute, by who asks; to connect again changes nothing.",
	Example: `limits {
  max_connections = 100
  viewer          = 600
}`,
	Attributes: []Attribute{
		{Name: "max_connections", Kind: Int, Gives: Tunes, OnChange: InPlace, Default: "100", Min: "4", Max: "10000", Unit: "connections",
			Doc: "How many connections are served at a time; one more is refused. A tenth is kept for admins, and nobody gets more than are still free."},
		{Name: "anonymous", Kind: Int, Gives: Tunes, OnChange: InPlace, Default: "120", Min: "1", Max: "1000000", Unit: "requests a minute",
			Doc: "What an address may ask without a login; who got in from there before and asks to be let in has as much alone."},
		{Name: "viewer", Kind: Int, Gives: Tunes, OnChange: InPlace, Default: "600", Min: "1", Max: "1000000", Unit: "requests a minute",
			Doc: "What each viewer may ask."},
		{Name: "operator", Kind: Int, Gives: Tunes, OnChange: InPlace, Default: "1200", Min: "1", Max: "1000000", Unit: "requests a minute",
			Doc: "What each operator may ask."},
		{Name: "admin", Kind: Int, Gives: Tunes, OnChange: InPlace, Default: "1200", Min: "1", Max: "1000000", Unit: "requests a minute",
			Doc: "What each admin may ask."},
		{Name: "per_address", Kind: Int, Gives: Tunes, OnChange: InPlace, Default: "3000", Min: "1", Max: "10000000", Unit: "requests a minute",
			Doc: "What one address may ask in all without a login, refusals and files of pages included; and what each who is logged in may ask in all."},
	},
}

var authBlock = &BlockType{
	Type: "auth", Single: true,
	Doc:  "How people and programs show who they are.",
	Slot: Into(func(rb *Runbook) any { return &rb.Auth }),
	Example: `auth {
  jwt_secret = secret("jwt")
}`,
	Attributes: []Attribute{
		{Name: "jwt_secret", Kind: String, Gives: Proves, OnChange: InPlace, Secret: SecretOnly, Example: `secret("jwt")`,
			Pattern: keyPattern, Expect: keyExpect, DefaultDoc: "the secret jwt of the state directory, made at the first start",
			Doc: "The key that tokens are signed with (HS256). A secret in the state directory is followed when it is rotated."},
		{Name: "jwt_previous", Kind: String, Gives: Proves, OnChange: InPlace, Secret: SecretOnly, Example: `secret("jwt_old")`,
			Pattern: keyPattern, Expect: keyExpect,
			Doc: "The key before that. Its tokens are taken until they end, and none are signed with it; `orac secrets rotate` needs no such line."},
		{Name: "issuer", Kind: String, Gives: Admits, OnChange: InPlace, Default: "orac", Pattern: claimPattern, Expect: claimExpect,
			Doc: "Who signs the tokens (iss)."},
		{Name: "audience", Kind: String, Gives: Admits, OnChange: InPlace, Default: "orac", Pattern: claimPattern, Expect: claimExpect,
			Doc: "Whom the tokens are for (aud); a token for anybody else is refused."},
		{Name: "token_lifetime", Kind: Duration, Gives: Admits, OnChange: InPlace, Default: "24h", Min: "1m", Max: "30d",
			Doc: "How long a token of a user is good."},
		{Name: "service_lifetime", Kind: Duration, Gives: Admits, OnChange: InPlace, Default: "15m", Min: "1m", Max: "24h",
			Doc: "How long a token of a service account is good."},
		{Name: "refresh_lifetime", Kind: Duration, Gives: Admits, OnChange: InPlace, Default: "30d", Min: "1h", Max: "365d",
			Doc: "How long a new token may be had for a refresh token, each of which is good once."},
		{Name: "session_idle", Kind: Duration, Gives: Admits, OnChange: InPlace, Default: "2h", Min: "1m", Max: "30d",
			Doc: "After how long without a request a browser is logged out; what an open page asks by itself does not count."},
		{Name: "session_absolute", Kind: Duration, Gives: Admits, OnChange: InPlace, Default: "24h", Min: "1m", Max: "90d",
			Doc: "After how long a browser is logged out in any case."},
	},
	Rules: []Rule{NotMoreThan("session_idle", "session_absolute", "An idle browser cannot stay longer than a busy one.")},
}

var userBlock = &BlockType{
	Type: "user", Named: true,
	Doc:  "A person who may log in. While there is none, here or made by the console, the console answers only a page that makes the first admin, with a code that is printed on the terminal.",
	Slot: Into(func(rb *Runbook) any { return &rb.Users }),
	Example: `user "anna" {
  role          = "admin"
  password_hash = secret("anna_password_hash")
}`,
	Attributes: []Attribute{
		{Name: "role", Kind: Enum, Gives: Admits, OnChange: InPlace, Default: "viewer", Values: []string{"viewer", "operator", "admin"},
			Doc: "What the person may do: look; also listen to recordings and judge them; also change the appliance. A change logs the person out."},
		{Name: "password_hash", Kind: String, Gives: Admits, OnChange: InPlace, Required: true, Secret: SecretOnly, Keeps: true, Example: `secret("anna_password_hash")`,
			Pattern: regexp.MustCompile(`^\$2[aby]\$1[2-5]\$[./A-Za-z0-9]{53}$`), Expect: "a bcrypt hash of cost 12 to 15, which `orac user hash` makes",
			Doc: "The bcrypt hash of the password. A change logs the person out."},
	},
}

var serviceAccountBlock = &BlockType{
	Type: "service_account", Named: true,
	Doc:  "How ORAC shows other services who it is, and they show ORAC who they are: a secret that both sides know, and short-lived tokens signed with it.",
	Slot: Into(func(rb *Runbook) any { return &rb.ServiceAccounts }),
	Example: `service_account "hey_orac" {
  secret      = secret("hey_orac")
  permissions = ["stt.transcribe", "stt.heartbeat"]
}`,
	Attributes: []Attribute{
		{Name: "secret", Kind: String, Gives: Proves, OnChange: InPlace, Required: true, Secret: SecretOnly, Example: `secret("hey_orac")`,
			Pattern: keyPattern, Expect: keyExpect,
			Doc: "The secret that both sides know; `orac secrets generate` makes one."},
		{Name: "permissions", Kind: Strings, Gives: Admits, OnChange: InPlace, Example: `["stt.transcribe", "stt.heartbeat"]`,
			Doc: "What the account may do, as SERVICE.ACTION; it stands in its tokens."},
		{Name: "audience", Kind: String, Gives: Admits, OnChange: InPlace, Default: "orac-stt", Pattern: claimPattern, Expect: claimExpect,
			Doc: "Whom the tokens that ORAC sends are for (aud)."},
		{Name: "role", Kind: Enum, Gives: Admits, OnChange: InPlace, Values: []string{"viewer", "operator", "admin"}, Example: `"viewer"`,
			Doc: "What a service that logs in to ORAC with this account may do here; without it nothing."},
	},
}

var (
	keyPattern   = regexp.MustCompile(`^[\x20-\x7e]{32,512}$`)
	claimPattern = regexp.MustCompile(`^[A-Za-z0-9._:/-]{1,100}$`)
)

const (
	keyExpect   = "at least 32 printable characters (256 bits) on one line"
	claimExpect = "1 to 100 letters, digits and . _ : / -"
)

// tlsClient are the attributes of a block whose service is reached over TLS.
func tlsClient(what string) []Attribute {
	return []Attribute{
		{Name: "ca", Kind: Path, Gives: Reads, Vouches: true, OnChange: Restart, Example: `"/etc/orac/ca.pem"`,
			Doc: "The certificate authorities that may have signed " + what + " certificate, in PEM; without it those of the system."},
		{Name: "client_cert", Kind: Path, Gives: Proves, OnChange: Restart, Example: `"/etc/orac/client.pem"`,
			Doc: "A certificate that ORAC shows to the server, in PEM."},
		{Name: "client_key", Kind: Path, Gives: Proves, OnChange: Restart, Example: `"/etc/orac/client.key"`,
			Doc: "The private key of client_cert, in PEM."},
	}
}

// together demands that two attributes are given both or neither.
func together(a, b, why string) Rule {
	return Rule{
		Uses: []string{a, b},
		Doc:  a + " and " + b + " go together",
		Hint: why,
		Holds: func(g Given) bool {
			return g.Written(a) == g.Written(b)
		},
	}
}
