package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"orac/web/auth"
	"orac/web/schema"
	"orac/web/trust"
)

// OAuthRoute is an operation of the issuer in the form of the standards that its members and other programs speak: OAuth 2 (RFC 6749),
// with forms for input and errors of its own. They are there while the runbook has an issuer block. They are in no OpenAPI document:
// the metadata (RFC 8414) say where they are.
type OAuthRoute struct {
	Method, Path string
	Standard     string
	Doc          string

	run func(*Call) (any, error)
}

// OAuthRoutes lists the operations of the issuer.
func OAuthRoutes() []OAuthRoute {
	const metadata = "What the issuer can do, and where."
	return []OAuthRoute{
		{"GET", trust.KeysPath, "RFC 7517", "The public keys with which tokens are signed.", issuerKeys},
		{"GET", "/.well-known/oauth-authorization-server", "RFC 8414", metadata, issuerMetadata},
		{"GET", "/.well-known/openid-configuration", "RFC 8414", metadata, issuerMetadata},
		{"POST", trust.TokenPath, "RFC 6749", "Gives tokens: grant_type is client_credentials (with audience, the name of a member, and scope, permissions), authorization_code (with redirect_uri and code_verifier) or refresh_token.", oauthToken},
		{"POST", trust.IntrospectPath, "RFC 7662", "Tells whether a token is active. Its holder asks with the token itself, and accounts with the permission tokens.introspect about any.", oauthIntrospect},
		{"POST", trust.RevokePath, "RFC 7009", "Ends a token and what came of it, for the client that it was given to.", oauthRevoke},
	}
}

// oauthForms tells whether a request proves itself by what its form or its Authorization header holds in the sense of OAuth, and never
// by a session or a token of this API.
func oauthForms(r *http.Request) bool {
	return slices.ContainsFunc(OAuthRoutes(), func(o OAuthRoute) bool { return o.Method == http.MethodPost && o.Path == r.URL.Path })
}

// oauthError is an error of OAuth 2 (RFC 6749, 5.2).
type oauthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
	status      int
}

func (e *oauthError) Error() string { return e.Code + ": " + e.Description }

func badRequest(code, description string) error {
	return &oauthError{code, description, http.StatusBadRequest}
}

// invalidClient says neither whether there is such an account nor what is wrong.
var invalidClient = &oauthError{"invalid_client", "The client is unknown, or its secret is wrong.", http.StatusUnauthorized}

// serveOAuth returns the handler of an operation of the issuer.
func (s *Server) serveOAuth(o OAuthRoute) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		c := req.Context().Value(callKey{}).(*Call)
		c.R = req
		out, err := s.oauth(c, o)
		if err != nil {
			c.failOAuth(err)
			return
		}
		writeOAuth(c, http.StatusOK, out)
	})
}

func (s *Server) oauth(c *Call, o OAuthRoute) (any, error) {
	says := entrant("")
	var form error
	if o.Method == http.MethodPost {
		if form = readOAuthForm(c.R); form == nil {
			says = s.client(c)
		}
	}
	if err := s.limit(c, says); err != nil {
		return nil, err
	}
	if s.o.Guard.IssuerURL() == "" {
		return nil, schema.Fail(schema.NotFound, "This appliance is no issuer.")
	}
	if form != nil {
		return nil, form
	}
	return o.run(c)
}

// client is who a form says that it comes from, if that one is no stranger: a code or a refresh token that is still good shows it by itself.
func (s *Server) client(c *Call) entrant {
	f := c.R.PostForm
	if owner := s.o.Guard.CodeOf(f.Get("code")); owner != "" {
		return entrant(owner)
	}
	if owner := s.o.Guard.RefreshOf(f.Get("refresh_token")); owner != "" {
		return entrant(owner)
	}
	id, _, basic := basicAuth(c.R)
	if !basic {
		id = f.Get("client_id")
	}
	return known(s.o.Guard, auth.Service, id, c.From)
}

// readOAuthForm reads the form of a request. A parameter may not be there twice (RFC 6749, 3.2).
func readOAuthForm(r *http.Request) error {
	if r.URL.RawQuery != "" { // it would be in logs of proxies
		return badRequest("invalid_request", "Parameters are in the body, not in the address.")
	}
	if err := readForm(r); err != nil {
		return err
	}
	for name, values := range r.PostForm {
		if len(values) > 1 {
			return badRequest("invalid_request", "The parameter "+schema.Clip(schema.Clean(name), 40)+" is there twice.")
		}
	}
	return nil
}

func (c *Call) failOAuth(err error) {
	var e *oauthError
	d, refused := errors.AsType[*auth.Denied](err)
	switch {
	case errors.As(err, &e):
	case refused && d.RetryAfter == 0:
		e = invalidClient
	default:
		c.Fail(err)
		return
	}
	if e.status == http.StatusUnauthorized {
		c.W.Header().Set("WWW-Authenticate", `Basic realm="orac"`)
	}
	writeOAuth(c, e.status, e)
}

func writeOAuth(c *Call, status int, out any) {
	text, ok := out.([]byte)
	if !ok {
		var err error
		if text, err = json.Marshal(out); err != nil {
			c.Fail(err)
			return
		}
	}
	c.W.Header()["Content-Type"] = jsonType
	c.W.WriteHeader(status)
	_, _ = c.W.Write(append(slices.Clip(text), '\n')) // whether it arrives is the client's concern
}

// basicAuth returns the client of the Authorization header. Both parts are encoded as in a form (RFC 6749, 2.3.1).
func basicAuth(r *http.Request) (id, secret string, ok bool) {
	id, secret, ok = r.BasicAuth()
	if !ok {
		return "", "", false
	}
	a, err := url.QueryUnescape(id)
	b, failed := url.QueryUnescape(secret)
	if err != nil || failed != nil {
		return id, secret, true
	}
	return a, b, true
}

// client proves the client of a request: an account by its secret, or a member, which has none.
func (c *Call) client() (auth.Client, error) {
	f := c.R.PostForm
	id, secret, basic := basicAuth(c.R)
	switch {
	case basic && (f.Get("client_secret") != "" || f.Get("client_id") != "" && f.Get("client_id") != id):
		return auth.Client{}, badRequest("invalid_request", "The client proves itself in two ways.")
	case !basic:
		id, secret = f.Get("client_id"), f.Get("client_secret")
	}
	c.Target(schema.Clip(schema.Clean(id), 64))
	switch {
	case !basic && c.R.Header.Get("Authorization") != "" || id == "":
		return auth.Client{}, invalidClient
	case secret == "" && c.Server.o.Guard.MemberURL(id) != "":
		return auth.Client{Name: id}, nil
	}
	who, err := c.Server.o.Guard.AccountOf(id, secret, c.From)
	if err != nil {
		return auth.Client{}, err
	}
	c.Who = who
	return auth.Client{Name: who.Name, Account: true}, nil
}

func issuerKeys(c *Call) (any, error) {
	keys, err := c.Server.o.Guard.IssuerKeys()
	if err != nil {
		return nil, schema.Because(schema.Unavailable, err, "The keys of the issuer cannot be read.")
	}
	return trust.EncodeKeys(keys), nil
}

// metadata describe the issuer (RFC 8414, 2; OpenID Connect Discovery, 3).
type metadata struct {
	Issuer         string   `json:"issuer"`
	Authorization  string   `json:"authorization_endpoint"`
	Token          string   `json:"token_endpoint"`
	Keys           string   `json:"jwks_uri"`
	Introspection  string   `json:"introspection_endpoint"`
	Revocation     string   `json:"revocation_endpoint"`
	Scopes         []string `json:"scopes_supported"`
	Grants         []string `json:"grant_types_supported"`
	Responses      []string `json:"response_types_supported"`
	Modes          []string `json:"response_modes_supported"`
	Challenges     []string `json:"code_challenge_methods_supported"`
	Prompts        []string `json:"prompt_values_supported"`
	Authentication []string `json:"token_endpoint_auth_methods_supported"`
	Signatures     []string `json:"id_token_signing_alg_values_supported"`
	Subjects       []string `json:"subject_types_supported"`
	Claims         []string `json:"claims_supported"`
	Named          bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207
	ByObject       bool     `json:"request_parameter_supported"`
	ByReference    bool     `json:"request_uri_parameter_supported"`
}

func issuerMetadata(c *Call) (any, error) {
	u := c.Server.o.Guard.IssuerURL()
	return metadata{
		Issuer: u, Authorization: u + trust.AuthorizePath, Token: u + trust.TokenPath, Keys: u + trust.KeysPath, Introspection: u + trust.IntrospectPath, Revocation: u + trust.RevokePath,
		Scopes: []string{"openid"}, Grants: []string{"authorization_code", "client_credentials", "refresh_token"}, Responses: []string{"code"}, Modes: []string{"query"},
		Challenges: []string{"S256"}, Prompts: []string{"none", "login", "consent", "select_account"}, Authentication: []string{"client_secret_basic", "client_secret_post", "none"},
		Signatures: []string{"EdDSA"}, Subjects: []string{"public"}, Claims: []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce"}, Named: true,
	}, nil
}

// words are the elements of a parameter that is a list; nil if it is not there.
func words(f url.Values, name string) []string {
	if !f.Has(name) {
		return nil
	}
	return append([]string{}, strings.Fields(f.Get(name))...)
}
