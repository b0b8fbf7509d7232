package runbook

// Capability says what power over the machine an attribute grants to the people who write it. Every attribute of the registry
// states one. Judge uses it to decide what an admin of the network may put into force, and the table in web/SECURITY.md is made
// from it.
type Capability string

// The capabilities.
const (
	Tunes   Capability = "tunes"   // only how the appliance behaves
	Admits  Capability = "admits"  // who may do what with the appliance
	Reaches Capability = "reaches" // an address that ORAC sends to
	Fetches Capability = "fetches" // a file from the catalogue, an https URL, or a path
	Proves  Capability = "proves"  // a credential: ORAC shows it to others, or checks others with it
	Reads   Capability = "reads"   // a file, by its path
	Writes  Capability = "writes"  // a file or folder, by its path
	Runs    Capability = "runs"    // a command, as ORAC's user
	Opens   Capability = "opens"   // a port, or an existing port to more clients
	Trusts  Capability = "trusts"  // gives admins of the network all of these
)

// CapabilityRow is a row of the table of capabilities.
type CapabilityRow struct {
	Capability Capability
	Lets       string // what an attribute with it lets its author do
	Network    string // how much of that an admin of the network may do while web.trust_admins is off

	// judge says why an attribute may not come into force over the network; "" if it may.
	judge func(j *judge, u use) string
}

// Capabilities is the table of what somebody who changes a runbook over the network may do with each capability. This machine's
// user may do everything.
var Capabilities = []CapabilityRow{
	{Tunes, "change how the appliance behaves", "everything", free},
	{Admits, "decide who may do what: users, roles, service accounts, lifetimes", "everything; the last admin stays", free},
	{Reaches, "send audio, texts and events to an address", "everything, unless a credential is sent there", free},
	{Fetches, "load a model", "models from the catalogue and from https URLs; from paths only those that are already loaded", loads},
	{Proves, "use a credential", "existing credentials, sent to the same addresses and checked against the same ca; a new user's password_hash may name a secret", proves},
	{Reads, "have a file read", "only files that the same attribute already reads", known},
	{Writes, "have a file or folder written", "only the path that the same attribute already writes", known},
	{Runs, "run a command as ORAC's user", "only commands that the same attribute already runs", known},
	{Opens, "open a port, or open it wider", "another port at the same address or at loopback; nothing that admits more clients", opens},
	{Trusts, "lift all of these limits", "nothing", unchanged},
}

// rowOf finds the row of a capability; nil when there is none.
func rowOf(c Capability) *CapabilityRow {
	for i := range Capabilities {
		if Capabilities[i].Capability == c {
			return &Capabilities[i]
		}
	}
	return nil
}
