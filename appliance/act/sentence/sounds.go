package sentence

import "strings"

// sound is how an English word sounds, roughly: consonants in their order, a vowel only at the beginning. Words of one sound are those that
// speech to text confuses most: "lamb" and "lamp", "robby" and "robbie", "kichen" and "kitchen". It follows the idea of Metaphone
// (Lawrence Philips, 1990), with fewer rules. Letters that are not English stand for themselves.
func sound(w string) string {
	for _, silent := range []string{"kn", "gn", "pn", "wr", "ps"} {
		if strings.HasPrefix(w, silent) {
			w = w[1:]
			break
		}
	}
	if strings.HasSuffix(w, "mb") {
		w = w[:len(w)-1]
	}
	var b strings.Builder
	last := byte(0)
	emit := func(c byte) {
		if c != last {
			b.WriteByte(c)
		}
		last = c
	}
	at := func(i int) byte {
		if i < len(w) {
			return w[i]
		}
		return 0
	}
	for i := 0; i < len(w); i++ {
		c := w[i]
		switch c {
		case 'a', 'e', 'i', 'o', 'u', 'y':
			if i == 0 && c != 'y' {
				emit('A')
			}
			last = 0
		case 'c':
			switch {
			case at(i+1) == 'h' && at(i+2) == 'r': // "christmas"
				emit('K')
				i++
			case at(i+1) == 'h':
				emit('X')
				i++
			case at(i+1) == 'k':
				emit('K')
				i++
			case at(i+1) == 'e', at(i+1) == 'i', at(i+1) == 'y':
				emit('S')
			default:
				emit('K')
			}
		case 't':
			switch {
			case strings.HasPrefix(w[i:], "tch"):
				emit('X')
				i += 2
			case strings.HasPrefix(w[i:], "tion"):
				emit('X')
			case at(i+1) == 'h':
				emit('0')
				i++
			default:
				emit('T')
			}
		case 's':
			if at(i+1) == 'h' {
				emit('X')
				i++
			} else {
				emit('S')
			}
		case 'z':
			emit('S')
		case 'g':
			switch {
			case at(i+1) == 'h':
				if i > 0 && (at(i+2) == 't' || i+2 == len(w)) { // "light", "high"
					i++
					continue
				}
				emit('K')
				i++
			case at(i+1) == 'e' && i+2 < len(w), at(i+1) == 'e' && i > 0:
				emit('J')
			default:
				emit('G')
			}
		case 'd':
			if at(i+1) == 'g' && at(i+2) == 'e' {
				emit('J')
				i++
			} else {
				emit('T' + 1) // apart from T: "lad" is no "lat"
			}
		case 'p':
			if at(i+1) == 'h' {
				emit('F')
				i++
			} else {
				emit('P')
			}
		case 'q':
			emit('K')
		case 'x':
			emit('K')
			emit('S')
		case 'v':
			emit('F')
		case 'h', 'w':
			if i == 0 {
				emit(c - 32)
			}
		default:
			if c >= 'a' && c <= 'z' {
				emit(c - 32)
			} else {
				emit(c)
			}
		}
	}
	return b.String()
}

// distance is how many letters must be added, removed, replaced, or swapped with their neighbour, to make one word of another (optimal
// string alignment); more than most is most+1.
func distance(a, b string, most int) int {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > most || len(b) > 64 {
		if a == b {
			return 0
		}
		return most + 1
	}
	var rows [3][65]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		now, up, two := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		now[0] = i
		best := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			v := min(up[j]+1, now[j-1]+1, up[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				v = min(v, two[j-2]+1)
			}
			now[j] = v
			best = min(best, v)
		}
		if best > most {
			return most + 1
		}
	}
	return min(rows[len(a)%3][len(b)], most+1)
}
