package graph

import (
	"fmt"
	"slices"
	"strings"

	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
	"orac/runbook"
)

// LoginKind is the name of the kind.
const LoginKind Name = "login"

// IssuerService is how an issuer of tokens is reached.
type IssuerService struct {
	Login runbook.Login `of:"login"`
}

// loginSettings are the login, and the blocks whose requests carry its tokens.
type loginSettings struct {
	IssuerService
	STTs   []holder `of:"stt"`
	Hearts []holder `of:"heartbeat"`
	Cores  []holder `of:"core"`
	Hooks  []holder `of:"webhook"`
}

// holder is a block whose requests carry tokens of a login.
type holder struct {
	Address  runbook.Address
	Login    runbook.Address `hcl:"login"`
	Audience string          `hcl:"audience"`
}

// sends are the settings of nodes whose requests may carry tokens.
type sends interface{ holders() []holder }

func (s Service) holders() []holder     { return []holder{see[holder](s.STT)} }
func (s CoreService) holders() []holder { return []holder{see[holder](s.Core)} }

func (s webhookSettings) holders() []holder { return []holder{see[holder](s.Webhook)} }

// TokensOf is whose tokens a heartbeat carries, and whom they are for; "" for none.
func (h Heart) TokensOf() (login runbook.Address, audience string) {
	of := h.holders()[0]
	return of.Login, of.Audience
}

// holders are the heartbeat, or else the service that it names.
func (h Heart) holders() []holder {
	if h.Heartbeat.Login != "" || h.Heartbeat.Auth != "" || h.STT == nil {
		return []holder{see[holder](h.Heartbeat)}
	}
	return []holder{see[holder](*h.STT)}
}

func (s deliverySettings) holders() []holder {
	list := s.Service.holders()
	for _, other := range s.Others {
		list = append(list, other.holders()...)
	}
	return list
}

func (s forwardSettings) holders() (list []holder) {
	for _, c := range s.Cores {
		list = append(list, c.holders()...)
	}
	return list
}

func logins() *Kind {
	return built(Kind{
		Name: LoginKind, Role: Proves, Words: "gets tokens from an issuer, before they are needed, and gives them to what sends",
		Health: distant, Reads: []string{tokens.Name},
		add: addLogins,
	}, buildLogin)
}

// addLogins adds the logins whose tokens something sends.
func addLogins(c *compiler, k *Kind) {
	for _, l := range c.Runbook.Logins {
		s, users := loginSettings{IssuerService: IssuerService{l}}, []string(nil)
		for _, n := range c.Nodes {
			to, ok := n.Settings.(sends)
			if !ok {
				continue
			}
			for _, h := range to.holders() {
				if h.Login == l.Address {
					s.note(h)
					users = append(users, n.Address)
				}
			}
		}
		if len(users) == 0 {
			continue
		}
		address := At(LoginKind, l.Name)
		c.add(Node{
			Address: address, Kind: k, Block: l.Address, Detail: fmt.Sprintf("%s at %s, for %s", l.Account, brief(l.Issuer), strings.Join(s.audiences(), ", ")),
			Identity: nothing{}, Settings: s,
		})
		for _, user := range slices.Compact(users) {
			tokens.connect(c, user, address)
		}
	}
}

// note notes a block that names the login, once.
func (s *loginSettings) note(h holder) {
	list := &s.STTs
	switch h.Address.Type() {
	case "heartbeat":
		list = &s.Hearts
	case "core":
		list = &s.Cores
	case "webhook":
		list = &s.Hooks
	}
	if !slices.Contains(*list, h) {
		*list = append(*list, h)
	}
}

// audiences are whom the tokens of a login are for, each once.
func (s loginSettings) audiences() (list []string) {
	for _, h := range slices.Concat(s.STTs, s.Hearts, s.Cores, s.Hooks) {
		if !slices.Contains(list, h.Audience) {
			list = append(list, h.Audience)
		}
	}
	return list
}

func buildLogin(a *Assembly, n *Node, _ nothing, s loginSettings) (node.Node, error) {
	if a.Issuer == nil {
		return nil, fmt.Errorf("%s: no issuer can be asked here", n.Address)
	}
	client, err := a.Issuer(s.IssuerService)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Address, err)
	}
	l := s.Login
	c := node.LoginConfig{Client: client, Issuer: brief(l.Issuer), Account: l.Account, Audiences: s.audiences(), MaxDelay: l.MaxRetryDelay}
	return &node.Login{Name: n.Address, Login: l.Name, Config: rt.NewCell(c), Asks: tokens.inbox(a, n.Address), Events: a.Events(n.Address)}, nil
}

// tokens are what one sender shows of a login; nil if it names none.
func (a *Assembly) tokens(of sends) wire.Tokens {
	h := of.holders()[0]
	if h.Login == "" {
		return nil
	}
	return node.LoginTokens{Audience: h.Audience, Asks: tokens.inbox(a, At(LoginKind, h.Login.Name()))}
}
