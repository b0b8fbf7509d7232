// Package metricdoc writes the pages about metrics from the metrics themselves. It is for tests.
package metricdoc

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// Metric is what is known of a metric without its values.
type Metric struct {
	Name, Help string
	Labels     []string
}

// described is how the library prints a description, which it does not let others read.
var described = regexp.MustCompile(`^Desc\{fqName: "([^"]*)", help: "((?:[^"\\]|\\.)*)", unit: "[^"]*", constLabels: \{[^}]*\}, variableLabels: \{([^}]*)\}\}$`)

// Of lists what a collector describes, by name, without what the libraries count of the process. It panics at a description that it cannot
// read.
func Of(c prometheus.Collector) (list []Metric) {
	descs := make(chan *prometheus.Desc)
	go func() {
		c.Describe(descs)
		close(descs)
	}()
	for d := range descs {
		found := described.FindStringSubmatch(d.String())
		if found == nil {
			panic("BUG: cannot read " + d.String())
		}
		m := Metric{Name: found[1], Help: strings.ReplaceAll(found[2], `\"`, `"`)}
		if found[3] != "" {
			m.Labels = strings.Split(found[3], ",")
		}
		if strings.HasPrefix(m.Name, "orac_") {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b Metric) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(list, func(a, b Metric) bool { return a.Name == b.Name })
}

// Page is the page about metrics, with what comes before the table.
func Page(intro string, list []Metric) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n| metric | labels | |\n|---|---|---|\n", strings.TrimSpace(intro))
	for _, m := range list {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", m.Name, strings.Join(m.Labels, ", "), m.Help)
	}
	return b.String()
}
