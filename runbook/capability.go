package runbook

import "orac/runbook/language"

// CapabilityRow is a row of the table of capabilities.
type CapabilityRow struct {
	Capability language.Capability
	Lets       string // what an attribute with it lets its author do
	Network    string // how much of that an admin of the network may do while web.trust_admins is off

	// judge says why an attribute may not come into force over the network; "" if it may.
	judge func(j *judge, u use) string
}

// Capabilities is the table of what somebody who changes a runbook over the network may do with each capability. This machine's
// user may do everything.
var Capabilities = []CapabilityRow{
	{language.Tunes, "change how the appliance behaves", "everything", free},
	{language.Admits, "decide who may do what: users, roles, service accounts, lifetimes", "everything; the last admin stays", free},
	{language.Reaches, "send audio, texts and events to an address", "other machines, unless a credential is sent there; of this machine only addresses that are in use already", away},
	{language.Fetches, "load a model", "models from the catalogue and from https URLs; from paths only those that are already loaded", loads},
	{language.Proves, "use a credential", "existing credentials, sent to the same addresses and checked against the same ca; a new user's password_hash may name a secret", proves},
	{language.Reads, "have a file read", "only files that the same attribute already reads", known},
	{language.Writes, "have a file or folder written", "only the path that the same attribute already writes", known},
	{language.Runs, "run a command as ORAC's user", "only commands that the same attribute already runs", known},
	{language.Opens, "open a port, or open it wider", "another port at the same address or at loopback; nothing that admits more clients", opens},
	{language.Trusts, "lift all of these limits", "nothing", unchanged},
}

// rowOf finds the row of a capability; nil when there is none.
func rowOf(c language.Capability) *CapabilityRow {
	for i := range Capabilities {
		if Capabilities[i].Capability == c {
			return &Capabilities[i]
		}
	}
	return nil
}
