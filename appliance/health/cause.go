package health

// cause names the component whose condition is the reason for this one's; empty if it is healthy or is its own reason.
// Of several it names the worst, and of equally bad ones the first by name.
func (m *Model) cause(name string, shown map[string]Level) string {
	best := ""
	for _, other := range m.culprits(name, shown) {
		if len(m.culprits(other, shown)) > 0 {
			continue // a symptom itself, or part of a circle
		}
		if d := rank(shown[other]) - rank(shown[best]); best == "" || d > 0 || d == 0 && other < best {
			best = other
		}
	}
	return best
}

// culprits are the components that this one depends on, directly or not, and that show a condition at least as
// bad.
func (m *Model) culprits(name string, shown map[string]Level) []string {
	own := rank(shown[name])
	if own == rank(Healthy) {
		return nil
	}
	var found []string
	seen := map[string]bool{name: true}
	for next := []string{name}; len(next) > 0; {
		c := m.components[next[0]]
		next = next[1:]
		if c == nil {
			continue // it depends on a component that was forgotten or is not known yet
		}
		for _, need := range c.needs {
			if seen[need] {
				continue
			}
			seen[need] = true
			next = append(next, need)
			if l, ok := shown[need]; ok && rank(l) >= own {
				found = append(found, need)
			}
		}
	}
	return found
}
