package console

import (
	"net/http"
	"time"

	"orac/web/api"
	"orac/web/schema"
)

// codesData is the data of the page on which appliances are let into the house.
type codesData struct {
	Made    *api.MemberCode // just now; nil: none
	Open    []openCode
	Example string // of an address
	Done    string
	Wrong   string
	CSRF    string
}

// openCode is a code that nobody has used yet, without the code itself.
type openCode struct {
	Member  string
	Minutes int // that it is still good
}

func (c *Console) memberCodes(call *api.Call) error {
	d := codesData{}
	if call.R.URL.Query().Get("done") == "ended" {
		d.Done = "That code is good no more."
	}
	return c.showCodes(call, http.StatusOK, d)
}

func (c *Console) showCodes(call *api.Call, status int, d codesData) error {
	out, err := api.OpMemberCodes.Call(call, schema.None{})
	if err != nil {
		return err
	}
	for _, t := range out.Codes {
		d.Open = append(d.Open, openCode{t.Member, int(time.Until(t.Ends).Minutes()) + 1})
	}
	d.CSRF, d.Example = call.Who.CSRF, "https://kitchen.local:7171"
	return c.show(call, status, "memberscode", view{Data: d})
}

// createMemberCode shows a code this once, without a redirect, so that the code is in no address and no store.
func (c *Console) createMemberCode(call *api.Call) error {
	form := call.R.PostFormValue
	made, err := api.OpCreateMemberCode.Call(call, api.MemberCodeInput{Name: form("name"), URL: form("url")})
	if err != nil {
		return c.codeFailed(call, err)
	}
	return c.showCodes(call, http.StatusOK, codesData{Made: &made})
}

func (c *Console) cancelMemberCode(call *api.Call) error {
	if _, err := api.OpCancelMemberCode.Call(call, api.MemberName{Name: call.R.PathValue("name")}); err != nil {
		return c.codeFailed(call, err)
	}
	return redirect(call, after("/members/code", "ended", ""))
}

func (c *Console) codeFailed(call *api.Call, err error) error {
	return refused(err, func(status int, wrong string) error { return c.showCodes(call, status, codesData{Wrong: wrong}) })
}
