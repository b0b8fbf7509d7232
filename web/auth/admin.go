package auth

import "time"

// StillAdmin tells whether somebody who was an admin is one now: for what is carried out later in that name. A login that has ended
// meanwhile does not count, a role that was taken away does.
func (g *Guard) StillAdmin(who Identity) bool {
	p := g.policy.Load()
	switch who.Kind {
	case User, Service:
		u, ok := p.find(who.Kind, who.Name)
		return ok && u.role.Includes(Admin)
	case Key:
		k, err := g.DB.Key(who.ID)
		return err == nil && k.Live(time.Now()) && k.Role.Includes(Admin)
	case CoreUser, CoreService:
		return p.trusted != nil && p.trusted.role.Includes(Admin) && who.Role.Includes(Admin)
	}
	return false
}
