package moonshine

// loops tells whether a text ends in the same few tokens again and again, as a network does that has lost its way. One or two tokens may
// come four times, as people do say "no, no, no, no".
func loops(text []int) bool {
	for period := 1; period <= len(text)/3; period++ {
		times := 3
		if period <= 4 {
			times = 5
		}
		if repeated(text, period) >= times {
			return true
		}
	}
	return false
}

// repeated counts how often the last period tokens stand at the end.
func repeated(text []int, period int) int {
	n := len(text)
	same := period
	for same < n && text[n-1-same] == text[n-1-same+period] {
		same++
	}
	return same / period
}

// most is the number of tokens that a sound of so many samples has time for. Speech has up to 6.5 a second; short commands need a few
// for their punctuation.
func most(samples int) int { return samples*13/(2*Rate) + 6 }
