package console

import (
	"net/http"
	"time"

	"orac/web/api"
	"orac/web/schema"
)

// membersAuditData is the data of the page of the members' audit logs.
type membersAuditData struct {
	In      api.MembersAuditInput
	Members []memberRow
	Rows    []api.MemberRecord
	Next    string
	Checked *api.MembersVerified // nil: not asked for
}

func (c *Console) membersAudit(call *api.Call) error {
	q := call.R.URL.Query()
	d := membersAuditData{In: api.MembersAuditInput{Member: q.Get("member"), Who: q.Get("who"), Action: q.Get("action"), Limit: auditRows}}
	if text := q.Get("before"); text != "" {
		before, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return schema.Fail(schema.InvalidInput, "before is not a time.")
		}
		d.In.Before = before
	}
	all, err := api.OpMembers.Call(call, schema.None{})
	if err != nil {
		return err
	}
	for _, s := range all.Members {
		d.Members = append(d.Members, memberRow{s})
	}
	page, err := api.OpMembersAudit.Call(call, d.In)
	if err != nil {
		return err
	}
	d.Rows = page.Records
	if !page.Next.IsZero() {
		d.Next = page.Next.UTC().Format(time.RFC3339Nano)
	}
	if q.Get("verify") != "" {
		v, err := api.OpVerifyMembersAudit.Call(call, schema.None{})
		if err != nil {
			return err
		}
		d.Checked = &v
	}
	return c.show(call, http.StatusOK, "membersaudit", view{Data: d, Wide: true})
}

func (c *Console) acceptMemberAudit(call *api.Call) error {
	if _, err := api.OpAcceptMemberAudit.Call(call, api.MemberInput{Name: call.R.PathValue("name")}); err != nil {
		return c.pushFailed(call, err)
	}
	return redirect(call, after("/members", "accepted", ""))
}
