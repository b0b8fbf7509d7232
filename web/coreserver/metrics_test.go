package coreserver

import (
	"testing"

	"orac/runbook/testkit"
	"orac/web/metricdoc"
)

// TestMetricsAreDocumented: METRICS.md lists every metric.
func TestMetricsAreDocumented(t *testing.T) {
	list := metricdoc.Of(newRig(t).server.Metrics.Registry)
	testkit.Golden(t, "METRICS.md", metricdoc.Page("# Metrics\n\n`GET /metrics` of a server. This page is written by `go test ./web/coreserver -run Metrics -update`.", list))
}
