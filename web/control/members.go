package control

import (
	"context"
	"net/http"

	"orac/appliance/status"
	"orac/runbook"
	"orac/web/audit"
	"orac/web/enrol"
)

// MemberRequest asks for a code with which an appliance joins the house of this issuer.
type MemberRequest struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"` // of its console; "" for the declared one, or for none
}

// MemberCode is such a code.
type MemberCode struct {
	enrol.Ticket
	Code    string `json:"code"`
	Command string `json:"command"` // to run on the appliance that joins
}

// Inviter makes codes with which appliances join the house.
type Inviter interface {
	Invite(ctx context.Context, r MemberRequest) (MemberCode, error)
}

// House is what Audited needs to make codes: where they are kept, and the runbook that runs.
type House struct {
	Codes   *enrol.Book
	Runbook func() *runbook.Runbook
}

// Invite implements Inviter.
func (a Audited) Invite(ctx context.Context, r MemberRequest) (MemberCode, error) {
	if a.House.Codes == nil {
		return MemberCode{}, noInviter
	}
	rb := a.House.Runbook()
	note := audit.Record{Action: "member.code", Target: r.Name}
	ended, err := a.begin(ctx, &note)
	if err != nil {
		return MemberCode{}, err
	}
	code, t, err := a.House.Codes.Invite(rb, r.Name, r.URL, note.Who, nil)
	if err == nil {
		note.After = map[string]any{"member": t.Member, "url": t.URL}
	}
	ended(err)
	if err != nil {
		return MemberCode{}, &status.Refusal{Code: status.Unknown, Message: err.Error()}
	}
	return MemberCode{t, code.Text(), enrol.Command(rb.Issuer.URL, code)}, nil
}

// noInviter is the answer of a daemon that makes no codes.
var noInviter = &status.Refusal{Code: status.Unknown, Message: "this appliance lets nobody join"}

func (h *handler) invite(w http.ResponseWriter, r *http.Request) {
	var ask MemberRequest
	if err := read(w, r, &ask); err != nil {
		fail(w, err)
		return
	}
	if h.inviter == nil {
		fail(w, noInviter)
		return
	}
	code, err := h.inviter.Invite(h.by(r), ask)
	respond(w, code, err)
}

// Invite has a running issuer make a code with which an appliance joins its house.
func (c *Client) Invite(ctx context.Context, r MemberRequest) (code MemberCode, err error) {
	return code, c.quickly(ctx, http.MethodPost, "members", r, &code)
}
