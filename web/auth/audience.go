package auth

import "net/http"

// PeerFor is Peer for a server that has an audience of its own: a token that a service account has signed for another one is refused,
// although its signature is good. What this appliance has issued itself, and API keys, count for all its servers.
func (g *Guard) PeerFor(audience string, r *http.Request, via Via) (Identity, error) {
	who, err := g.Peer(r, via)
	if err == nil && who.Audience != "" && who.Audience != audience {
		return Identity{}, told(who.Subject(), "for somebody else", "The token is for the audience "+who.Audience+", and this server is "+audience+": see audience of the service account on both sides.")
	}
	return who, err
}
