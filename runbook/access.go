package runbook

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"orac/runbook/language"
)

// Access is who may use the console and the API, and what proves it.
type Access struct {
	Web             Web
	Auth            Auth
	Users           []User
	ServiceAccounts []ServiceAccount
	Issuer          Issuer
	Members         []Member
	Logins          []Login
}

var access = []*language.BlockType{webBlock, authBlock, userBlock, serviceAccountBlock, issuerBlock, memberBlock, loginBlock}

// Web is the console and the API; they are served if Listen is set.
type Web struct {
	Address        Address
	Name           string
	Listen         string        `hcl:"listen"` // host:port, or ""
	PlainHTTP      bool          `hcl:"plain_http_on_the_network"`
	Origins        []string      `hcl:"origins"`
	Hosts          []string      `hcl:"hosts"`           // without port, in lower case
	TrustedProxies []string      `hcl:"trusted_proxies"` // see ParseNetwork
	TrustAdmins    bool          `hcl:"trust_admins"`
	Metrics        string        `hcl:"metrics"` // token or open
	RequestTimeout time.Duration `hcl:"request_timeout"`
	MaxBody        language.Size `hcl:"max_body"`
	TLS            TLS           `hcl:"tls"`
	Limits         Limits        `hcl:"limits"`
}

// TLS is how a server proves who it is. The zero value is plain HTTP.
type TLS struct {
	Cert       string `hcl:"cert"` // resolved against Runbook.Dir
	Key        string `hcl:"key"`  // resolved against Runbook.Dir
	SelfSigned bool   `hcl:"self_signed"`
	Member     bool   `hcl:"member"` // with its certificate of the house
}

// On reports whether there is any encryption.
func (t TLS) On() bool { return t.Cert != "" || t.SelfSigned || t.Member }

// Limits bound the requests of clients; all but MaxConnections count requests per minute.
type Limits struct {
	MaxConnections int `hcl:"max_connections"`
	Anonymous      int `hcl:"anonymous"`
	Viewer         int `hcl:"viewer"`
	Operator       int `hcl:"operator"`
	Admin          int `hcl:"admin"`
	PerAddress     int `hcl:"per_address"`
}

// Auth is how people and programs prove who they are.
type Auth struct {
	Address         Address
	Name            string
	JWTSecret       language.Secret `hcl:"jwt_secret"`   // at least 32 bytes, or not set
	JWTPrevious     language.Secret `hcl:"jwt_previous"` // the same
	Issuer          string          `hcl:"issuer"`
	Audience        string          `hcl:"audience"`
	TokenLifetime   time.Duration   `hcl:"token_lifetime"`
	ServiceLifetime time.Duration   `hcl:"service_lifetime"`
	RefreshLifetime time.Duration   `hcl:"refresh_lifetime"`
	SessionIdle     time.Duration   `hcl:"session_idle"`
	SessionAbsolute time.Duration   `hcl:"session_absolute"`
	Trust           Trust           `hcl:"trust"`
}

// User is a person who may log in.
type User struct {
	Address      Address
	Name         string
	Role         string          `hcl:"role"`          // viewer, operator or admin
	PasswordHash language.Secret `hcl:"password_hash"` // bcrypt
}

// ServiceAccount is a program that shares a secret with this one.
type ServiceAccount struct {
	Address     Address
	Name        string
	Secret      language.Secret `hcl:"secret"` // at least 32 bytes
	Permissions []string        `hcl:"permissions"`
	Audience    string          `hcl:"audience"`
	Role        string          `hcl:"role"` // viewer, operator, admin, or "" for nothing
	Members     []Address       `hcl:"members"`
}

// ParseNetwork reads an address, or a network in CIDR notation, of IPv4 or IPv6. It refuses the network of all addresses: a list
// with it would exclude nobody.
func ParseNetwork(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return p, errors.New("it is neither an IP address nor a network")
	case p.Bits() == 0:
		return p, errors.New("it contains every address")
	case p.Addr().Is4In6():
		return p, errors.New("it is an IPv4 network written as IPv6")
	case p != p.Masked():
		return p, fmt.Errorf("it has bits set after the prefix; the network is %s", p.Masked())
	}
	return p, nil
}

// IsLoopback reports whether an address to listen at cannot be reached from another machine.
func IsLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

var webBlock = &language.BlockType{
	Type: "web", Single: true,
	Doc:  "The console and the API. Without this block nothing listens on the network.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Web }),
	Example: `web {
  listen = "127.0.0.1:7171"
}`,
	Attributes: []language.Attribute{
		{Name: "listen", Kind: language.String, Gives: language.Opens, OnChange: language.Restart, Example: `"127.0.0.1:7171"`,
			NoWider: sameOrLoopback,
			Pattern: listenPattern, Expect: listenExpect,
			Doc: "The address at which the console and the API are served. Required in a web block."},
		{Name: "plain_http_on_the_network", Kind: language.Bool, Gives: language.Opens, OnChange: language.Restart, Default: "false",
			Doc: "Whether passwords and voices may cross the network unencrypted. When false, plain HTTP is served to this machine only."},
		{Name: "origins", Kind: language.Strings, Gives: language.Opens, OnChange: language.InPlace, Example: `["https://home.example"]`,
			Doc: "Other origins whose pages may call the API from a browser, each written exactly as browsers send it. By default there are none."},
		{Name: "hosts", Kind: language.Strings, Gives: language.Opens, OnChange: language.InPlace, Example: `["orac.home.example"]`,
			Doc: "Extra host names for the console and the API. IP addresses, localhost, the machine's own name and the names in the certificate always work. A request for any other name is refused, which stops DNS rebinding."},
		{Name: "trusted_proxies", Kind: language.Strings, Gives: language.Opens, OnChange: language.InPlace, Example: `["127.0.0.1", "192.0.2.0/28"]`,
			Doc: "Addresses or networks of reverse proxies in front of the console and the API. ORAC believes what they say about a request: who sent it (Forwarded, X-Forwarded-For), for limits and the audit log, and whether it was encrypted (X-Forwarded-Proto). Name only machines that nobody else can send from."},
		{Name: "trust_admins", Kind: language.Bool, Gives: language.Trusts, OnChange: language.InPlace, Default: "false",
			Doc: "Whether admins may do over the network everything that ORAC's user may do: add or change commands to run (stt, protocol exec), and let the runbook read more files and environment variables. When false, such changes are made on the machine, with `orac apply`."},
		{Name: "metrics", Kind: language.Enum, Gives: language.Opens, OnChange: language.InPlace, Default: "token", Values: []string{"token", "open"},
			Doc: "Whether /metrics requires a token or answers everybody."},
		{Name: "request_timeout", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "30s", Min: "1s", Max: "10m",
			Doc: "How long a request may take. Applying a runbook and event streams have no limit."},
		{Name: "max_body", Kind: language.ByteSize, Gives: language.Tunes, OnChange: language.InPlace, Default: "1MiB", Min: "16KiB", Max: "64MiB",
			Doc: "The largest request body."},
	},
	Nested: []*language.BlockType{tlsBlock, limitsBlock},
}

// sameOrLoopback tells whether a listen address keeps the host of the one before, or can be reached only from this
// machine.
func sameOrLoopback(was, is string) bool {
	before, _, err := net.SplitHostPort(was)
	now, _, failed := net.SplitHostPort(is)
	if err != nil || failed != nil {
		return false
	}
	ip, err := netip.ParseAddr(now)
	return now == before || now == "localhost" || err == nil && ip.IsLoopback()
}

var tlsBlock = &language.BlockType{
	Type: "tls", Single: true,
	Doc: "How a server is encrypted: with TLS 1.3, or 1.2 for clients that do not know 1.3. When a certificate file changes, it is read again.",
	Example: `tls {
  self_signed = true
}`,
	Attributes: []language.Attribute{
		{Name: "cert", Kind: language.Path, Gives: language.Reads, OnChange: language.Restart, Example: `"/etc/orac/cert.pem"`,
			Doc: "The certificate and its chain up to the root, in PEM."},
		{Name: "key", Kind: language.Path, Gives: language.Reads, OnChange: language.Restart, Example: `"/etc/orac/key.pem"`,
			Doc: "The certificate's private key, in PEM. Only ORAC may be able to read the file."},
		{Name: "self_signed", Kind: language.Bool, Gives: language.Opens, OnChange: language.Restart, Default: "false",
			Doc: "Whether ORAC makes its own certificate, once, and prints its fingerprint. An expired or damaged one is replaced at the next start."},
		{Name: "member", Kind: language.Bool, Gives: language.Opens, OnChange: language.Restart, Default: "false",
			Doc: "Whether the server shows this appliance's certificate of the house, which it has got by `orac join`, or as the issuer. A renewed one counts at once, without a restart."},
	},
	Rules: []language.Rule{
		together("cert", "key", "A certificate needs its private key, and a key its certificate."),
		{
			Uses: []string{"self_signed", "cert"},
			Doc:  "self_signed and cert cannot both be given",
			Hint: "Keep only the one that you want.",
			Holds: func(g language.Given) bool {
				return !(g.Flag("self_signed") && g.Written("cert"))
			},
		},
		notWithMember("cert"),
		{
			Uses:  []string{"member", "self_signed"},
			Doc:   "member and self_signed cannot both be true",
			Hint:  "Keep only the one that you want: a server has one certificate.",
			Holds: func(g language.Given) bool { return !g.Flag("member") || !g.Flag("self_signed") },
		},
	},
}

var limitsBlock = &language.BlockType{
	Type: "limits", Single: true,
	Doc: "How many requests the console and the API accept. They are counted per person or address over the last minute; reconnecting does not reset the count.",
	Example: `limits {
  max_connections = 100
  viewer          = 600
}`,
	Attributes: []language.Attribute{
		{Name: "max_connections", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "100", Min: "4", Max: "10000", Unit: "connections",
			Doc: "How many connections are open at a time. More are refused. A tenth is reserved for admins, and no one may hold more connections than are still free."},
		{Name: "anonymous", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "120", Min: "1", Max: "1000000", Unit: "requests a minute",
			Doc: "Requests from one address without a login. People who logged in from that address before have a quota of their own, of the same size, to log in again."},
		{Name: "viewer", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "600", Min: "1", Max: "1000000", Unit: "requests a minute",
			Doc: "Requests from each viewer."},
		{Name: "operator", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "1200", Min: "1", Max: "1000000", Unit: "requests a minute",
			Doc: "Requests from each operator."},
		{Name: "admin", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "1200", Min: "1", Max: "1000000", Unit: "requests a minute",
			Doc: "Requests from each admin."},
		{Name: "per_address", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "3000", Min: "1", Max: "10000000", Unit: "requests a minute",
			Doc: "All requests from one address without a login, including refused ones and files of pages; and all requests from each person who is logged in."},
	},
}

var authBlock = &language.BlockType{
	Type: "auth", Single: true,
	Doc:  "How people and programs prove who they are.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Auth }),
	Example: `auth {
  jwt_secret = secret("jwt")
}`,
	Attributes: []language.Attribute{
		{Name: "jwt_secret", Kind: language.String, Gives: language.Proves, OnChange: language.InPlace, Secret: language.SecretOnly, Example: `secret("jwt")`,
			Pattern: keyPattern, Expect: keyExpect, DefaultDoc: "the secret jwt in the state directory, made at the first start",
			Doc: "The key that signs tokens (HS256). If it is a secret in the state directory, a rotated key is used at once."},
		{Name: "jwt_previous", Kind: language.String, Gives: language.Proves, OnChange: language.InPlace, Secret: language.SecretOnly, Example: `secret("jwt_old")`,
			Pattern: keyPattern, Expect: keyExpect,
			Doc: "The previous key. Tokens signed with it are accepted until they expire; no new ones are signed with it. `orac secrets rotate` works without this line."},
		{Name: "issuer", Kind: language.String, Gives: language.Admits, OnChange: language.InPlace, Default: "orac", Pattern: claimPattern, Expect: claimExpect,
			Doc: "The issuer named in tokens (iss)."},
		{Name: "audience", Kind: language.String, Gives: language.Admits, OnChange: language.InPlace, Default: "orac", Pattern: claimPattern, Expect: claimExpect,
			Doc: "The audience named in tokens (aud). A token with another audience is refused."},
		{Name: "token_lifetime", Kind: language.Duration, Gives: language.Admits, OnChange: language.InPlace, Default: "24h", Min: "1m", Max: "30d",
			Doc: "How long a user's token is valid."},
		{Name: "service_lifetime", Kind: language.Duration, Gives: language.Admits, OnChange: language.InPlace, Default: "15m", Min: "1m", Max: "24h",
			Doc: "How long a service account's token is valid."},
		{Name: "refresh_lifetime", Kind: language.Duration, Gives: language.Admits, OnChange: language.InPlace, Default: "30d", Min: "1h", Max: "365d",
			Doc: "How long a refresh token is valid. Each works once."},
		{Name: "session_idle", Kind: language.Duration, Gives: language.Admits, OnChange: language.InPlace, Default: "2h", Min: "1m", Max: "30d",
			Doc: "A browser is logged out after this time without a request. Requests that an open page makes by itself do not count."},
		{Name: "session_absolute", Kind: language.Duration, Gives: language.Admits, OnChange: language.InPlace, Default: "24h", Min: "1m", Max: "90d",
			Doc: "A browser is logged out after this time in any case."},
	},
	Nested: []*language.BlockType{trustBlock},
	Rules:  []language.Rule{language.NotMoreThan("session_idle", "session_absolute", "An idle session cannot last longer than an active one.")},
}

var userBlock = &language.BlockType{
	Type: "user", Named: true,
	Doc:  "A person who may log in. While no user exists, in the runbook or made in the console, the console shows only a page that makes the first admin. That page asks for a code that ORAC prints on the terminal.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Users }),
	Example: `user "anna" {
  role          = "admin"
  password_hash = secret("anna_password_hash")
}`,
	Attributes: []language.Attribute{
		{Name: "role", Kind: language.Enum, Gives: language.Admits, OnChange: language.InPlace, Default: "viewer", Values: []string{"viewer", "operator", "admin"},
			Doc: "What the person may do. A viewer looks; an operator also plays and judges recordings; an admin also changes the appliance. A changed role logs the person out."},
		{Name: "password_hash", Kind: language.String, Gives: language.Admits, OnChange: language.InPlace, Required: true, Secret: language.SecretOnly, Keeps: true, Example: `secret("anna_password_hash")`,
			Pattern: language.Match(`^\$2[aby]\$1[2-5]\$[./A-Za-z0-9]{53}$`), Expect: "a bcrypt hash of cost 12 to 15, which `orac user hash` makes",
			Doc: "The bcrypt hash of the password. A changed password logs the person out."},
	},
}

var serviceAccountBlock = &language.BlockType{
	Type: "service_account", Named: true,
	Doc:  "How ORAC and another service prove to each other who they are: both know a secret, and sign short-lived tokens with it.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.ServiceAccounts }),
	Example: `service_account "hey_orac" {
  secret      = secret("hey_orac")
  permissions = ["stt.transcribe", "stt.heartbeat"]
}`,
	Attributes: []language.Attribute{
		{Name: "secret", Kind: language.String, Gives: language.Proves, OnChange: language.InPlace, Required: true, Secret: language.SecretOnly, Example: `secret("hey_orac")`,
			Pattern: keyPattern, Expect: keyExpect,
			Doc: "The secret that both sides know. `orac secrets generate` makes one."},
		{Name: "permissions", Kind: language.Strings, Gives: language.Admits, OnChange: language.InPlace, Example: `["stt.transcribe", "stt.heartbeat"]`,
			Doc: "What the account may do, as SERVICE.ACTION. Its tokens carry this list."},
		{Name: "audience", Kind: language.String, Gives: language.Admits, OnChange: language.InPlace, Default: "orac-stt", Pattern: claimPattern, Expect: claimExpect,
			Doc: "The audience named in the tokens that ORAC sends (aud)."},
		{Name: "role", Kind: language.Enum, Gives: language.Admits, OnChange: language.InPlace, Values: []string{"viewer", "operator", "admin"}, Example: `"viewer"`,
			Doc: "What a service that logs in to ORAC with this account may do there. Without a role, it may do nothing."},
		{Name: "members", Kind: language.Refs, Gives: language.Admits, OnChange: language.InPlace, Refs: []string{"member"}, Example: "[member.kitchen]",
			Doc: "The members for which this appliance, as an issuer, gives the account tokens. By default there are none."},
	},
}

var (
	keyPattern   = language.Match(`^[\x20-\x7e]{32,512}$`)
	claimPattern = language.Match(`^[A-Za-z0-9._:/-]{1,100}$`)
)

const (
	keyExpect   = "at least 32 printable characters (256 bits) on one line"
	claimExpect = "1 to 100 letters, digits and . _ : / -"
)

// tlsClient returns the attributes of a block whose service is reached over TLS.
func tlsClient(what string) []language.Attribute {
	return []language.Attribute{
		{Name: "ca", Kind: language.Path, Gives: language.Reads, Vouches: true, OnChange: language.InPlace, Example: `"/etc/orac/ca.pem"`,
			Doc: "The certificate authorities that may have signed " + what + " certificate, in PEM. Without it, those of the system are used."},
		{Name: "client_cert", Kind: language.Path, Gives: language.Proves, OnChange: language.InPlace, Example: `"/etc/orac/client.pem"`,
			Doc: "The certificate that ORAC presents to the server, in PEM."},
		{Name: "client_key", Kind: language.Path, Gives: language.Proves, OnChange: language.InPlace, Example: `"/etc/orac/client.key"`,
			Doc: "The private key of client_cert, in PEM."},
	}
}

// together demands that two attributes are either both written or both left out.
func together(a, b, why string) language.Rule {
	return language.Rule{
		Uses: []string{a, b},
		Doc:  a + " and " + b + " go together",
		Hint: why,
		Holds: func(g language.Given) bool {
			return g.Written(a) == g.Written(b)
		},
	}
}
