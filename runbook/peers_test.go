package runbook_test

import (
	"testing"

	"orac/runbook"
)

// TestWhoMayUseAServer: an account counts at servers of its audience alone, what a trusted issuer's accounts may do counts at all, and so
// does a legacy peer.
func TestWhoMayUseAServer(t *testing.T) {
	account := func(audience string, permissions ...string) func(*runbook.Runbook) {
		return func(rb *runbook.Runbook) {
			rb.ServiceAccounts = []runbook.ServiceAccount{{Name: "a", Audience: audience, Permissions: permissions}}
		}
	}
	trusts := func(permissions ...string) func(*runbook.Runbook) {
		return func(rb *runbook.Runbook) {
			rb.Auth.Trust = runbook.Trust{Issuer: "https://core:8000", Permissions: permissions}
		}
	}
	for name, c := range map[string]struct {
		change    func(*runbook.Runbook)
		stt, core bool
	}{
		"nobody":                               {func(*runbook.Runbook) {}, false, false},
		"an account of the STT server":         {account("orac-stt", "stt.transcribe", "core.results"), true, false},
		"an account of the Core":               {account("orac-core", "stt.transcribe", "core.results"), false, true},
		"an account of another house":          {account("barn", "stt.transcribe", "core.results"), false, false},
		"an account that may only beat":        {account("orac-stt", "stt.heartbeat"), false, false},
		"accounts of the issuer that dictate":  {trusts("stt.transcribe"), true, false},
		"accounts of the issuer that command":  {trusts("core.results"), false, true},
		"accounts of the issuer that may none": {trusts(), false, false},
		"a peer without a token, at the STT":   {func(rb *runbook.Runbook) { rb.STTServers[0].Legacy = []runbook.Address{"peer.old"} }, true, false},
		"a peer without a token, at the Core":  {func(rb *runbook.Runbook) { rb.CoreServers[0].Legacy = []runbook.Address{"peer.old"} }, false, true},
	} {
		rb := &runbook.Runbook{}
		rb.STTServers, rb.CoreServers = []runbook.STTServer{{Address: "stt_server.house"}}, []runbook.CoreServer{{Address: "core_server.house"}}
		c.change(rb)
		for _, s := range rb.ServersForPeers() {
			if want := map[runbook.Address]bool{"stt_server.house": c.stt, "core_server.house": c.core}[s.Address]; rb.MayUse(s) != want {
				t.Errorf("%s: %s: %v", name, s.Address, !want)
			}
		}
	}
}
