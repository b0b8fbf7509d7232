package runbook

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"orac/runbook/language"
)

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
}

// On reports whether there is any encryption.
func (t TLS) On() bool { return t.Cert != "" || t.SelfSigned }

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
