package api

import (
	"fmt"
	"strings"

	"orac/appliance/core"
	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/pattern"
	"orac/web/auth"
	"orac/web/enrol"
	"orac/web/schema"
)

// maxEnrolments is how many requests to enrol an address may make in a minute: one appliance that joins needs six.
const maxEnrolments = 30

// enrolling refuses whoever asks too often, and everybody while this appliance is no issuer.
func (c *Call) enrolling() error {
	if c.Server.set.Load().rb.Issuer.URL == "" {
		return schema.Fail(schema.NotFound, "This appliance is no issuer.")
	}
	if v := c.Server.enrolments.Take("address "+auth.Network(c.From), maxEnrolments); !v.OK {
		return v.Problem(" to enrol from this address")
	}
	return nil
}

func mayHello(c *Call, _ enrol.HelloInput) error { return c.enrolling() }

func enrolHello(c *Call, in enrol.HelloInput) (enrol.Proof, error) {
	p, err := c.Server.desk.Hello(c.R.TLS, in)
	return p, enrolProblem(err)
}

func mayLook(c *Call, in enrol.LookInput) error {
	return c.proveCode(enrol.CertificateInput{ID: in.ID, Nonce: in.Nonce, Proof: in.Proof})
}

// proveCode demands the proof of a code from an appliance that joins.
func (c *Call) proveCode(in enrol.CertificateInput) error {
	if err := c.enrolling(); err != nil {
		return err
	}
	t, err := c.Server.desk.Proven(c.R.TLS, in)
	if err == nil && !t.Stands() {
		err = enrol.ErrNoCode
	}
	c.Target(t.Member)
	c.enrol = &t
	return enrolProblem(err)
}

func enrolLook(c *Call, in enrol.LookInput) (enrol.Sealed, error) {
	s, err := c.Server.desk.Look(c.R.TLS, enrol.CertificateInput{ID: in.ID, Nonce: in.Nonce, Proof: in.Proof}, *c.enrol, c.Server.set.Load().rb)
	return s, enrolProblem(err)
}

func mayEnrol(c *Call, in enrol.CertificateInput) error {
	if err := c.proveCode(in); err != nil {
		return err
	}
	if in.Fingerprint != "" && !fingerprint().MatchString(in.Fingerprint) {
		return schema.Fail(schema.InvalidInput, "fingerprint is no SHA-256.")
	}
	return enrolProblem(c.Server.desk.CheckRequest(in, *c.enrol))
}

var fingerprint = pattern.Lazy(`^[0-9A-F]{2}(:[0-9A-F]{2}){31}$`)

// enrolMember lets an appliance into the house: its certificate is signed, and the runbook declares it if it did not. Both happen, or
// nothing, and then the code is good again.
func enrolMember(c *Call, in enrol.CertificateInput) (out enrol.Sealed, err error) {
	t, desk := *c.enrol, c.Server.desk
	back, err := desk.Begin(t)
	if err != nil {
		return out, enrolProblem(err)
	}
	rb := c.Server.set.Load().rb
	sign := func() (err error) {
		out, err = desk.Sign(c.R.TLS, in, t, rb)
		return err
	}
	changes := map[string]any{"member": t.Member, "url": t.URL, "code_of": t.By}
	if m, declared := rb.Member(runbook.Address("member." + t.Member)); declared {
		changes["url"] = m.URL
		if err := sign(); err != nil {
			back()
			return enrol.Sealed{}, enrolProblem(err)
		}
		c.Became(changes)
		return out, nil
	}
	request := c.Server.o.App.Changer.Request()
	request.Origin, request.Gone = status.OnNetwork("code of "+t.By), c.Context().Done()
	change := core.Change{Begin: sign, Undo: func() error { return desk.Roll.EndCertificates(t.Member) }, Edit: func(text string) (string, error) {
		return withMember(text, t, in.Fingerprint), nil
	}}
	change.PlanRequest = request
	applied, err := c.change(change, changes)
	if err == nil && !applied.OK {
		err = schema.Fail(schema.Conflict, "Nothing was changed: the issuer was not healthy with the new member.")
	}
	if err != nil {
		back()
		return enrol.Sealed{}, enrolProblem(err)
	}
	return out, nil
}

// withMember adds the block of a member to a runbook.
func withMember(text string, t enrol.Ticket, fingerprint string) string {
	var lines []string
	if t.URL != "" {
		lines = append(lines, fmt.Sprintf("  url = %q\n", t.URL))
		if fingerprint != "" {
			lines = []string{fmt.Sprintf("  url         = %q\n", t.URL), fmt.Sprintf("  fingerprint = %q\n", fingerprint)}
		}
	}
	block := fmt.Sprintf("member %q {}\n", t.Member)
	if len(lines) > 0 {
		block = fmt.Sprintf("member %q {\n%s}\n", t.Member, strings.Join(lines, ""))
	}
	return strings.TrimRight(text, "\n") + "\n\n" + block
}

func mayRenew(c *Call, in enrol.RenewInput) (err error) {
	if err := c.enrolling(); err != nil {
		return err
	}
	c.guest, err = c.Server.desk.Renews(c.R.TLS, in, c.Server.set.Load().rb)
	c.Target(c.guest.Name)
	return strangerProblem(err)
}

func enrolRenew(c *Call, in enrol.RenewInput) (enrol.Papers, error) {
	p, err := c.Server.desk.Renew(in, c.guest, c.Server.set.Load().rb)
	return p, enrolProblem(err)
}

func mayLeave(c *Call, in enrol.LeaveInput) (err error) {
	if err := c.enrolling(); err != nil {
		return err
	}
	c.guest, err = c.Server.desk.Leaves(c.R.TLS, in, c.Server.set.Load().rb)
	c.Target(c.guest.Name)
	return strangerProblem(err)
}

func enrolLeave(c *Call, _ enrol.LeaveInput) (schema.None, error) {
	return schema.None{}, c.Server.desk.Roll.EndCertificates(c.guest.Name)
}

// strangerProblem says that a certificate is refused, which is on record.
func strangerProblem(err error) error {
	if why := enrol.IsRefusal(err); why != "" {
		return schema.Fail(schema.Forbidden, "%s", why)
	}
	return err
}

func mayAskNews(c *Call, _ schema.None) error { return c.enrolling() }

func enrolAuthorities(c *Call, _ schema.None) (enrol.Papers, error) {
	p, err := c.Server.desk.Authorities(c.Server.set.Load().rb)
	return p, enrolProblem(err)
}

func enrolEnded(c *Call, _ schema.None) (enrol.Ended, error) {
	list, err := c.Server.desk.Ended(c.Server.set.Load().rb)
	return list, enrolProblem(err)
}
