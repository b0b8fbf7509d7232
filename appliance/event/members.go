package event

import "time"

// house tell what the centre of a house learns of its members, and does with them. Those of members are no complaints: how well each is
// goes into the health by itself, as the state of something beside the graph.
var house = []Kind{
	kind("This appliance can sign tokens for its members, or cannot any more, or its next key is late.", Kind{about: func(Event) string { return "issuer" }},
		func(b IssuerHealth) Words {
			if b.OK && b.Late {
				return warning("issuer", usual("%s", b.Cause))
			}
			return either(b.OK, "issuer", usual("tokens for members can be signed"), usual("%s", b.Cause))
		}),
	kind("This appliance signs tokens for its members with another key from now on.", Kind{},
		func(b IssuerKey) Words {
			return plain("issuer", usual("tokens are signed with the key %s", b.Key), faint("  tokens of the one before stay valid until they expire"))
		}),
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

// IssuerHealth: whether tokens for members can be signed, on each change.
type IssuerHealth struct {
	OK    bool   `json:"ok"`
	Late  bool   `json:"late,omitempty"` // the next key is due, and was not made
	Cause string `json:"cause,omitempty"`
}

func (IssuerHealth) Kind() string { return "issuer_health" }

func (b IssuerHealth) told() Told {
	t := well()
	switch {
	case !b.OK:
		t = down(b.Cause)
	case b.Late:
		t = poor(b.Cause)
	}
	t.About = "issuer"
	return t
}

// IssuerKey: tokens for members are signed with another key from now on.
type IssuerKey struct {
	Key    string    `json:"key"`              // its ID
	Before string    `json:"before,omitempty"` // of the one before, whose tokens stay valid
	Until  time.Time `json:"until,omitzero"`   // how long they do
}

func (IssuerKey) Kind() string { return "issuer_key" }

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
