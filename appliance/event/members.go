package event

// house tell what the centre of a house learns of its members, and does with them. They are no complaints: how well each member is goes
// into the health by itself, as the state of something beside the graph.
var house = []Kind{
	kind("A member of this house answers again, or does not any more.", Kind{},
		func(b MemberSeen) Words {
			return either(b.Here, "member", usual("%s answers again", b.Member), usual("%s is not here (%s): %s", b.Member, b.Presence, b.Why))
		}),
	kind("The audit log of a member has broken or fallen silent, or is well again.", Kind{},
		func(b MemberAudit) Words {
			switch {
			case b.Broken != "":
				return failure("audit", usual("the audit log of %s: %s", b.Member, b.Broken))
			case b.Silent != "":
				return warning("audit", usual("the audit log of %s: %s", b.Member, b.Silent))
			}
			return fine("audit", usual("the audit log of %s is well", b.Member))
		}),
	kind("A push to members has come to the next step, or is over.", Kind{},
		func(b Pushed) Words {
			switch {
			case b.Member == "" && b.Bad:
				return warning("push", usual("%s: %s, %s  ", b.What, b.State, b.Why), faint("%s", b.Push))
			case b.Member == "":
				return fine("push", usual("%s: %s  ", b.What, b.State), faint("%s", b.Push))
			case b.Bad:
				return warning("push", usual("%s: %s, %s  ", b.Member, b.State, b.Why), faint("%s", b.Push))
			}
			return plain("push", usual("%s: %s  ", b.Member, b.State), faint("%s", b.Push))
		}),
}

// MemberSeen: a member has gone or come back.
type MemberSeen struct {
	Member   string `json:"member"`
	Here     bool   `json:"here"`
	Presence string `json:"presence,omitempty"` // away, refuses or nonsense
	Why      string `json:"why,omitempty"`
}

func (MemberSeen) Kind() string { return "member_seen" }

// MemberAudit: what the centre thinks of a member's audit log has changed. Without Broken and Silent it is well.
type MemberAudit struct {
	Member string `json:"member"`
	Broken string `json:"broken,omitempty"` // it shows another past than before
	Silent string `json:"silent,omitempty"`
}

func (MemberAudit) Kind() string { return "member_audit" }

// Pushed: how far a push is with a member, or as a whole.
type Pushed struct {
	Push   string `json:"push"` // its ID
	What   string `json:"what"`
	Member string `json:"member,omitempty"` // empty: the whole push
	State  string `json:"state"`
	Why    string `json:"why,omitempty"`
	Bad    bool   `json:"bad,omitempty"`
}

func (Pushed) Kind() string { return "pushed" }
