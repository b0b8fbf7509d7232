package peers

import (
	"net/http"

	"orac/web/auth"
	"orac/web/edge"
)

// ofMember returns who asks a server for members of the house: only the member whose certificate the connection has shown. So a token
// that was taken from one machine is good on no other. It counts for accounts, keys and peers of the member's name; a person is no
// machine. admit is asked again, because a connection may outlive its member.
func ofMember(who auth.Identity, r *http.Request, admit edge.Admit) (auth.Identity, error) {
	m, c, ok := edge.MemberOf(r)
	if !ok {
		return auth.Identity{}, &auth.Denied{Reason: "token: without a certificate of the house"}
	}
	if admit != nil && admit(m, c) != nil {
		return auth.Identity{}, &auth.Denied{Reason: "token: the member has left the house"}
	}
	switch {
	case !who.Known():
		return who, nil
	case who.Kind == auth.User || who.Kind == auth.CoreUser:
		return auth.Identity{}, &auth.Denied{Reason: "token: of a person, at a server for members of the house", Of: who.Subject()}
	case who.Name != m.Name:
		return auth.Identity{}, &auth.Denied{Reason: "token: shown by the member " + m.Name + ", and not its own", Of: who.Subject()}
	}
	return who, nil
}
