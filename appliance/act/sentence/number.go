package sentence

import "math"

// quantity is a number that begins at a place.
type quantity struct {
	to      int
	changes int16
	value   float64
	part    bool // "half", "a quarter": of 1, or of 100 %
}

var ones = map[string]float64{"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
	"eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19}

var tens = map[string]float64{"twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}

var parts = []struct {
	words []string
	value float64
}{{[]string{"half"}, 0.5}, {[]string{"a", "half"}, 0.5}, {[]string{"halfway"}, 0.5}, {[]string{"half", "way"}, 0.5}, {[]string{"a", "quarter"}, 0.25}, {[]string{"one", "quarter"}, 0.25}, {[]string{"quarter"}, 0.25}, {[]string{"three", "quarters"}, 0.75},
	{[]string{"a", "third"}, 1. / 3}, {[]string{"one", "third"}, 1. / 3}, {[]string{"two", "thirds"}, 2. / 3},
	{[]string{"full"}, 1}, {[]string{"maximum"}, 1}, {[]string{"max"}, 1}, {[]string{"the", "maximum"}, 1}}

// numberWords are all words that the parser of numbers looks at.
func numberWords(each func(string)) {
	for w := range ones {
		each(w)
	}
	for w := range tens {
		each(w)
	}
	for _, p := range parts {
		for _, w := range p.words {
			each(w)
		}
	}
	for _, w := range []string{"hundred", "thousand", "point", "minus", "and", "a", "an", "oh", "degrees", "degree", "percent", "per", "cent", "celsius", "fahrenheit", "kelvin", "hours", "hour", "minutes", "minute", "seconds", "second", "days", "day"} {
		each(w)
	}
}

// numbers are the numbers that begin at a place: each that ends somewhere else.
func (l *lattice) numbers(at int) (out []quantity) {
	for _, p := range parts {
		if s, ok := l.phrase(at, p.words); ok {
			out = append(out, quantity{s.to, s.changes, p.value, true})
		}
	}
	from, sign := step{to: at}, 1.0
	if s, ok := l.phrase(at, []string{"minus"}); ok {
		from, sign = s, -1
	}
	for _, q := range l.whole(from) {
		whole := q
		q.value *= sign
		out = append(out, q)
		if s, ok := l.phrase(q.to, []string{"point"}); ok {
			digits, scale := 0.0, 1.0
			at := step{s.to, q.changes + s.changes}
			for scale < 1e4 {
				v, to, ok := l.digit(at.to)
				if !ok {
					break
				}
				digits, scale = digits*10+v, scale*10
				at = step{to.to, at.changes + to.changes}
			}
			if scale > 1 {
				out = append(out, quantity{at.to, at.changes, sign * round(whole.value+digits/scale), false})
			}
		}
		for _, half := range [][]string{{"and", "a", "half"}, {"and", "half"}} {
			if s, ok := l.phrase(q.to, half); ok {
				out = append(out, quantity{s.to, q.changes + s.changes, sign * (whole.value + 0.5), false})
			}
		}
	}
	return out
}

func round(f float64) float64 { return math.Round(f*1e6) / 1e6 }

// digit is one digit as a word or written.
func (l *lattice) digit(at int) (float64, step, bool) {
	for _, e := range l.edges[at] {
		if e.token >= 0 && l.tokens[e.token].digits && len(l.tokens[e.token].text) == 1 {
			return l.tokens[e.token].number, step{e.to, e.changes}, true
		}
		w := l.m.lex.texts[e.word]
		if v, ok := ones[w]; ok && v < 10 {
			return v, step{e.to, e.changes}, true
		}
		if w == "oh" {
			return 0, step{e.to, e.changes}, true
		}
	}
	return 0, step{}, false
}

// whole are the numbers without a fraction, from the shortest on.
func (l *lattice) whole(from step) (out []quantity) {
	for _, e := range l.edges[from.to] {
		changes := from.changes + e.changes
		if e.token >= 0 && l.tokens[e.token].digits {
			out = append(out, quantity{e.to, changes, l.tokens[e.token].number, false})
			out = append(out, l.scaled(out[len(out)-1])...)
			continue
		}
		w := l.m.lex.texts[e.word]
		if v, ok := ones[w]; ok {
			q := quantity{e.to, changes, v, false}
			out = append(append(out, q), l.scaled(q)...)
		} else if v, ok := tens[w]; ok {
			q := quantity{e.to, changes, v, false}
			out = append(out, q)
			if v, to, ok := l.digit(e.to); ok && v > 0 {
				out = append(out, quantity{to.to, changes + to.changes, q.value + v, false})
			}
		} else if w == "a" || w == "hundred" {
			start := e.to
			if w == "hundred" {
				start = from.to
				changes = from.changes
			}
			out = append(out, l.scaled(quantity{start, changes, 1, false})...)
		}
	}
	return out
}

// scaled are numbers that go on with "hundred" or "thousand".
func (l *lattice) scaled(q quantity) (out []quantity) {
	for _, scale := range []struct {
		word string
		by   float64
	}{{"hundred", 100}, {"thousand", 1000}} {
		s, ok := l.phrase(q.to, []string{scale.word})
		if !ok || q.value > 100 || s.to == q.to {
			continue
		}
		base := quantity{s.to, q.changes + s.changes, q.value * scale.by, false}
		out = append(out, base)
		rest := step{base.to, base.changes}
		if s, ok := l.phrase(rest.to, []string{"and"}); ok {
			rest = step{s.to, rest.changes + s.changes}
		}
		for _, e := range l.edges[rest.to] {
			if w := l.m.lex.texts[e.word]; e.token >= 0 && l.tokens[e.token].digits || w == "a" || w == "hundred" {
				continue
			}
			for _, more := range l.whole(rest) {
				if more.value > 0 && more.value < scale.by {
					out = append(out, quantity{more.to, more.changes, base.value + more.value, false})
				}
			}
			break
		}
	}
	return out
}

// amount is a number with its unit, in a range.
type amount struct {
	to      int
	changes int16
	value   float64
	unit    string
	said    bool // the unit, or a part of the whole: "half"
}

// unitWords are what people say for a unit.
var unitWords = map[string][][]string{
	"%":   {{"percent"}, {"per", "cent"}},
	"°":   {{"degrees"}, {"degree"}, {"degrees", "celsius"}, {"degrees", "fahrenheit"}, {"celsius"}, {"fahrenheit"}},
	"°C":  {{"degrees"}, {"degree"}, {"degrees", "celsius"}, {"celsius"}},
	"°F":  {{"degrees"}, {"degree"}, {"degrees", "fahrenheit"}, {"fahrenheit"}},
	"K":   {{"kelvin"}, {"degrees", "kelvin"}},
	"s":   {{"seconds"}, {"second"}},
	"min": {{"minutes"}, {"minute"}},
	"h":   {{"hours"}, {"hour"}},
}

// amounts are the numbers of a range that begin at a place, with and without the unit behind them.
func (l *lattice) amounts(at int, r *Range) (out []amount) {
	units, known := unitWords[r.Unit]
	if !known && r.Unit != "" {
		units = [][]string{words(r.Unit, nil)}
	}
	for _, q := range l.numbers(at) {
		v := q.value
		if q.part {
			if r.Unit != "%" {
				continue
			}
			v = math.Round(v * 100)
		}
		if v < r.From || v > r.To || l.busy() {
			continue
		}
		unit := r.Unit
		out = append(out, amount{q.to, q.changes, v, unit, q.part})
		for _, u := range units {
			if s, ok := l.phrase(q.to, u); ok && len(u) > 0 {
				if r.Unit == "°" {
					unit = degreesOf(u[len(u)-1])
				}
				out = append(out, amount{s.to, q.changes + s.changes, v, unit, true})
			}
		}
	}
	return out
}

func degreesOf(word string) string {
	switch word {
	case "celsius":
		return "°C"
	case "fahrenheit":
		return "°F"
	}
	return "°"
}

// durations are the durations that begin at a place, in seconds.
func (l *lattice) durations(at int) (out []amount) {
	type open struct {
		amount
		least float64 // the unit that came last: the next is smaller
	}
	list := []open{{amount{to: at, unit: "s"}, math.Inf(1)}}
	for len(list) > 0 && len(out) < 40 && !l.busy() {
		o := list[0]
		list = list[1:]
		from := step{o.to, o.changes}
		if o.to != at {
			if s, ok := l.phrase(o.to, []string{"and"}); ok {
				from = step{s.to, o.changes + s.changes}
			}
		}
		quantities := l.numbers(from.to)
		for _, a := range []string{"a", "an"} { // "an hour", "half an hour"
			if s, ok := l.phrase(from.to, []string{a}); ok {
				quantities = append(quantities, quantity{s.to, s.changes, 1, false})
			}
		}
		for _, q := range quantities {
			if q.value < 0 {
				continue
			}
			unitAt := []step{{q.to, 0}}
			if q.part {
				for _, a := range [][]string{{"a"}, {"an"}, {"of", "an"}, {"of", "a"}} {
					if s, ok := l.phrase(q.to, a); ok {
						unitAt = append(unitAt, s)
					}
				}
			}
			for _, u := range unitAt {
				for _, e := range l.edges[u.to] {
					seconds, ok := unitSeconds[l.m.lex.texts[e.word]]
					if !ok || seconds >= o.least {
						continue
					}
					next := open{amount{e.to, from.changes + q.changes + u.changes + e.changes, o.value + q.value*seconds, "s", true}, seconds}
					out = append(out, next.amount)
					list = append(list, next)
					if s, ok := l.phrase(e.to, []string{"and", "a", "half"}); ok { // "an hour and a half"
						out = append(out, amount{s.to, next.changes + s.changes, next.value + seconds/2, "s", true})
					}
					if s, ok := l.phrase(e.to, []string{"and", "a", "quarter"}); ok {
						out = append(out, amount{s.to, next.changes + s.changes, next.value + seconds/4, "s", true})
					}
				}
			}
		}
	}
	return out
}

var unitSeconds = map[string]float64{"second": 1, "seconds": 1, "minute": 60, "minutes": 60, "hour": 3600, "hours": 3600, "day": 86400, "days": 86400}
