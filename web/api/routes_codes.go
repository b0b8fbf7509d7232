package api

import (
	"errors"
	"time"

	"orac/web/auth"
	"orac/web/enrol"
	"orac/web/schema"
)

type MemberCodeInput struct {
	Name string `json:"name" check:"required;pattern=name" doc:"What the issuer calls the member: the label of its member block, and the audience of its tokens."`
	URL  string `json:"url" check:"max=253" doc:"The address of its console, if it has one and no member block declares it. Its certificate is good for a server at that host."`
}

func (in MemberCodeInput) target() string { return in.Name }

// MemberCode is a code with which an appliance joins the house. It is shown only this once.
type MemberCode struct {
	enrol.Ticket
	Code    string `json:"code"`
	Command string `json:"command" doc:"What to run on the appliance that joins."`
}

// OpenCodes are the codes that are open, without the codes themselves.
type OpenCodes struct {
	Codes []enrol.Ticket `json:"codes"`
}

func getMemberCodes(c *Call, _ schema.None) (OpenCodes, error) {
	return OpenCodes{append([]enrol.Ticket{}, c.Server.desk.Book.List()...)}, nil
}

// createMemberCode makes a code with which an appliance joins the house. Nothing in the runbook changes before it does.
func createMemberCode(c *Call, in MemberCodeInput) (MemberCode, error) {
	who, guard := c.Who, c.Server.o.Guard
	code, t, err := c.Server.desk.Book.Invite(c.Server.set.Load().rb, in.Name, in.URL, who.Subject(), func() bool { return guard.StillAdmin(who) })
	if err != nil {
		return MemberCode{}, enrolProblem(err)
	}
	c.Became(map[string]any{"member": t.Member, "url": t.URL, "ends": t.Ends.UTC().Truncate(time.Second)})
	return MemberCode{t, code.Text(), enrol.Command(c.Server.o.Guard.IssuerURL(), code)}, nil
}

type MemberName struct {
	Name string `path:"name" check:"pattern=name"`
}

func (in MemberName) target() string { return in.Name }

func cancelMemberCode(c *Call, in MemberName) (schema.None, error) {
	if !c.Server.desk.Book.Cancel(in.Name) {
		return schema.None{}, schema.Fail(schema.NotFound, "No code of this member is open.")
	}
	return schema.None{}, nil
}

// enrolProblem says why somebody may not enrol. A code that never was and a wrong proof are the same to the caller.
func enrolProblem(err error) error {
	switch why := enrol.IsRefusal(err); {
	case err == nil:
		return nil
	case errors.Is(err, enrol.ErrNoCode):
		return schema.Fail(schema.Forbidden, "The code is wrong, used or expired.")
	case errors.Is(err, enrol.ErrTooMany):
		return schema.Fail(schema.Slower, "Too many wrong codes are tried.").After(time.Minute)
	case errors.Is(err, enrol.ErrFull):
		return schema.Fail(schema.Unavailable, "16 codes are open. Wait until one is used or has expired, or cancel one.")
	case errors.Is(err, auth.ErrManyCertificates), errors.Is(err, auth.ErrCertificatesOfAll):
		return schema.Fail(schema.Slower, "%s", schema.Sentence(err.Error())).After(time.Hour)
	case errors.Is(err, auth.ErrCertificateEnded):
		return schema.Fail(schema.Forbidden, "%s", schema.Sentence(err.Error()))
	case why != "":
		return schema.Fail(schema.Unusable, "%s", why)
	}
	return err
}
