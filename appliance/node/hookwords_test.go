package node_test

import (
	"slices"
	"strings"
	"testing"

	"orac/appliance/act"
	"orac/runbook/hook"
)

// TestWebhooksKnowEveryResultAndTier: the schema of the events says by hand what package act has in tables.
func TestWebhooksKnowEveryResultAndTier(t *testing.T) {
	fields := map[string]hook.Field{}
	for _, f := range hook.KindOf(&hook.Acted{}).Fields() {
		fields[f.Name] = f
	}
	var results []string
	for _, r := range act.Results {
		results = append(results, string(r))
		if !strings.Contains(fields["result"].Doc, string(r)+":") {
			t.Errorf("result does not explain %s", r)
		}
	}
	if enum := fields["result"].Enum; !slices.Equal(slices.Sorted(slices.Values(enum)), slices.Sorted(slices.Values(results))) {
		t.Errorf("the results are %q, and the schema says %q", results, enum)
	}
	for _, tier := range act.Tiers {
		if !strings.Contains(fields["tier"].Doc, string(tier)) {
			t.Errorf("tier does not name %s", tier)
		}
	}
}
