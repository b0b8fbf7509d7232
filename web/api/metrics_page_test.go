package api

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"orac/appliance/event"
	"orac/appliance/status"
	"orac/runbook/testkit"
	"orac/web/auth"
	"orac/web/metricdoc"
)

const metricsIntro = `# Metrics

` + "`GET /metrics`" + ` of the console and the API. This page is written by ` + "`go test ./web/api -run Metrics -update`" + `. Counts begin anew with the process. Labels are names of blocks of
the runbook and words of ORAC, never what somebody has said or sent. A server for other machines has its own: [stt_server](../sttserver/METRICS.md),
[core_server](../coreserver/METRICS.md). [A dashboard](../../examples/grafana/README.md) shows them.`

// TestMetricsAreDocumented: METRICS.md lists every metric, and every metric has a name as Prometheus wants it.
func TestMetricsAreDocumented(t *testing.T) {
	list := metricdoc.Of(newRig(t).server.metrics.registry)
	for _, m := range list {
		if !regexp.MustCompile(`^orac(_[a-z0-9]+)+$`).MatchString(m.Name) || !strings.HasSuffix(m.Help, ".") {
			t.Errorf("%s: %q", m.Name, m.Help)
		}
	}
	for _, c := range event.Counters {
		if !slices.ContainsFunc(list, func(m metricdoc.Metric) bool { return m.Name == "orac_"+c.Name }) || c.Seconds == strings.HasSuffix(c.Name, "_total") {
			t.Errorf("%s is not a metric, or its name does not say what it is", c.Name)
		}
	}
	testkit.Golden(t, "METRICS.md", metricdoc.Page(metricsIntro, list))
}

// TestCountsOfEvents are in the metrics.
func TestCountsOfEvents(t *testing.T) {
	rig := newRig(t)
	var y event.Tally
	y.Add(event.Event{Body: event.Wake{Listener: "kitchen", Model: "hey_jarvis"}})
	y.Add(event.Event{Body: event.Wake{Listener: "kitchen", Model: "hey_jarvis"}})
	y.Add(event.Event{Body: event.Delivered{STT: "whisper", Outcome: "delivered", Seconds: 0.3, Text: "canary"}})
	rig.app.Counts, rig.app.Traces = y.Counts(), &status.Traces{Sent: 7, Dropped: 2}
	rig.app.MQTT = []status.MQTT{{Name: "home", Connected: true, Published: 9}}
	w := rig.call(auth.Viewer, "GET", "/metrics", nil)
	for _, want := range []string{
		`orac_mqtt_connected{mqtt="home"} 1`, `orac_mqtt_published_total{mqtt="home"} 9`,
		`orac_wakes_total{listener="kitchen",model="hey_jarvis"} 2`, `orac_events_total{kind="wake"} 2`, `orac_delivery_seconds_bucket{outcome="delivered",stt="whisper",le="0.25"} 0`,
		`orac_delivery_seconds_bucket{outcome="delivered",stt="whisper",le="0.5"} 1`, `orac_delivery_seconds_sum{outcome="delivered",stt="whisper"} 0.3`, "orac_traces_sent_total 7", "orac_traces_dropped_total 2",
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s is not in the metrics", want)
		}
	}
	if w.Code != 200 || strings.Contains(w.Body.String(), "canary") {
		t.Error(w.Code)
	}
}

// TestTheDashboard asks for metrics that there are, with labels that they have.
func TestTheDashboard(t *testing.T) {
	text, err := os.ReadFile("../../examples/grafana/orac.json")
	testkit.Must(t, err)
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr, LegendFormat string }
		}
	}
	testkit.Must(t, json.Unmarshal(text, &d))
	known := map[string][]string{}
	for _, m := range metricdoc.Of(newRig(t).server.metrics.registry) {
		known[m.Name] = m.Labels
	}
	name, label := regexp.MustCompile(`orac_[a-z0-9_]+`), regexp.MustCompile(`{{(\w+)}}`)
	for _, p := range d.Panels {
		if len(p.Targets) == 0 {
			t.Errorf("%s shows nothing", p.Title)
		}
		for _, x := range p.Targets {
			names := name.FindAllString(x.Expr, -1)
			if len(names) == 0 {
				t.Errorf("%s: %s asks for nothing of ORAC", p.Title, x.Expr)
			}
			var labels []string
			for _, n := range names {
				base := n
				for _, part := range []string{"_bucket", "_count", "_sum"} {
					base = strings.TrimSuffix(base, part)
				}
				if _, ok := known[base]; !ok {
					t.Errorf("%s: there is no metric %s", p.Title, n)
				}
				labels = append(labels, known[base]...)
			}
			for _, l := range label.FindAllStringSubmatch(x.LegendFormat, -1) {
				if l[1] != "instance" && !slices.Contains(labels, l[1]) {
					t.Errorf("%s: %s has no label %s", p.Title, x.Expr, l[1])
				}
			}
		}
	}
}
