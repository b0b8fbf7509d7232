package api

import (
	"fmt"
	"testing"

	"orac/web/auth"
	"orac/web/schema"
)

// TestReportsAreBounded: each is in memory while it is sent, and who reads slowly leaves room for others.
func TestReportsAreBounded(t *testing.T) {
	rig := newRig(t)
	other := auth.Identity{Kind: auth.User, Name: "slow", Role: auth.Operator}
	mine := auth.Identity{Kind: auth.User, Name: "operator", Role: auth.Operator}
	for _, end := range []string{"report", "report.json"} {
		path := fmt.Sprint("/api/simulations/1/", end)
		if !rig.server.reports.Take(other, maxReports, 1) || rig.server.reports.Take(other, maxReports, 1) {
			t.Error("one has more than one report, or none")
		}
		if w := rig.call(auth.Operator, "GET", path, nil); w.Code != 200 || rig.server.reports.Taken() != 1 {
			t.Errorf("%s beside a slow reader: %d, %d are being sent", path, w.Code, rig.server.reports.Taken())
		}
		if !rig.server.reports.Take(mine, maxReports, 1) {
			t.Error("there is no second one")
		}
		rig.problem(path, rig.call(auth.Operator, "GET", path, nil), schema.Unavailable)
		if w := rig.call(auth.Admin, "GET", path, nil); w.Code != 200 {
			t.Errorf("%s: an admin gets none: %d", path, w.Code)
		}
		rig.server.reports.Leave(other)
		rig.server.reports.Leave(mine)
	}
}
