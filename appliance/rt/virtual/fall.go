package virtual

import "strings"

// Panic makes the first task whose name begins with prefix panic with a value, out of its present wait: a defect that shows at
// this moment. It tells whether there is such a task.
func (d *Driver) Panic(prefix string, value any) bool {
	for _, s := range d.all {
		if !s.over && s.parked && strings.HasPrefix(s.name, prefix) {
			s.fault = value
			d.enqueue(s)
			return true
		}
	}
	return false
}

// fall is where Panic takes effect.
func (s *task) fall() {
	if v := s.fault; v != nil {
		s.fault = nil
		panic(v)
	}
}
