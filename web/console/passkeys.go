package console

import (
	"net/http"

	"orac/web/api"
	"orac/web/auth"
	"orac/web/schema"
)

// passkeysData is the page on which people have their own passkeys.
type passkeysData struct {
	List []auth.Passkey
	Done string
	No   string // why none can be added at this address
}

func (c *Console) passkeysPage(call *api.Call) error {
	list, err := api.OpPasskeys.Call(call, schema.None{})
	if err != nil {
		return err
	}
	ways, err := api.OpLoginWays.Call(call, schema.None{})
	if err != nil {
		return err
	}
	d := passkeysData{list, passkeyDone[call.R.URL.Query().Get("done")], schema.Sentence(ways.NoPasskeys)}
	return c.show(call, http.StatusOK, "passkeys", view{Scripts: []string{"passkey.js"}, Data: d})
}

func (c *Console) renamePasskey(call *api.Call) error {
	if _, err := api.OpRenamePasskey.Call(call, api.PasskeyName{ID: call.R.PathValue("id"), Name: call.R.PostFormValue("name")}); err != nil {
		return err
	}
	return redirect(call, after("/passkeys", "renamed", ""))
}

func (c *Console) removePasskey(call *api.Call) error {
	if _, err := api.OpRemovePasskey.Call(call, api.PasskeyID{ID: call.R.PathValue("id")}); err != nil {
		return err
	}
	return redirect(call, after("/passkeys", "removed", ""))
}
