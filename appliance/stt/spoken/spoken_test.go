package spoken

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestStrip(t *testing.T) {
	const said = "Turn on the lights."
	for text, want := range map[string]string{
		// Whisper's own, and its family's.
		"[00:00:00.000 --> 00:00:02.120]   Turn on the lights.":                                      said,
		"[00:00:00.000 --> 00:00:02.120]  Turn on [00:00:02.120 --> 00:00:03.000]  the lights.":      said,
		"[00:00.000 --> 00:02.120] Turn on the lights.":                                              said,
		"[0.00s -> 2.12s] Turn on the lights.":                                                       said,
		"[00:02] Turn on the lights.":                                                                said,
		"(00:00:00.000 --> 00:00:02.120) Turn on the lights.":                                        said,
		"1 00:00:00,000 --> 00:00:02,120 Turn on 2 00:00:02,120 --> 00:00:03,000 the lights.":        said,
		"WEBVTT  00:00.000 --> 00:02.120 Turn on the lights.":                                        said,
		"00:00:00.000 --> 00:00:02.120 set it to 20 00:00:02.120 --> 00:00:03.000 degrees":           "set it to 20 degrees",
		"<|startoftranscript|><|en|><|transcribe|><|0.00|> Turn on the lights.<|2.12|><|endoftext|>": said,
		"[_BEG_] Turn on the lights.[_TT_106]":                                                       said,
		"<s> Turn on <unk> the lights. </s>":                                                         said,
		"++NOISE++ Turn on the lights.":                                                              said,
		"[Music] Turn on the lights.":                                                                said,
		"[ Musik ] Turn on the lights.":                                                              said,
		"[Music]: Turn on the lights.":                                                               said,
		"Turn on [coughs] the lights.":                                                               said,
		"Turn on the lights [BLANK_AUDIO].":                                                          said,
		"[[Music]] Turn on the lights. [Applause (loud)]":                                            said,
		"(upbeat music) Turn on the lights.":                                                         said,
		"Turn on (coughs) the lights. (door closes)":                                                 said,
		"（音楽） Turn on the lights.":                                                                   said,
		"【音楽】電気をつけて":                                                                                 "電気をつけて",
		"電気をつけて[拍手]":                                                                                 "電気をつけて",
		"*coughs* Turn on the lights.":                                                               said,
		"Turn on **clears throat, coughing** the lights.":                                            said,
		"♪ Turn on the lights.":                                                                      said,
		"♪ la la la ♪ Turn on the lights.":                                                           said,
		"♪♪ Turn on the lights. ♪ la la ♪":                                                           "Turn on the lights. la la", // three: who knows what was sung
		"SPEAKER_00: Turn on the lights.":                                                            said,
		"[SPEAKER_00]: Turn on the lights.":                                                          said,
		"[Speaker 1] Turn on the lights.":                                                            said,
		"Speaker 1: Turn on the lights.":                                                             said,
		"(Speaker B) Turn on the lights.":                                                            said,
		"[00:00:00.000 --> 00:00:02.120] [SPEAKER_01]: (laughs) Turn on the lights.":                 said,
		"spk_0: Turn on the lights.":                                                                 said,
		">> Turn on the lights.":                                                                     said,
		"Turn on the lights. [SPEAKER_TURN] And the fan. Speaker 2: Yes.":                            "Turn on the lights. And the fan. Yes.",
		"Turn on the lights. [00:00:02.120 --> 00:00:03.000] - Yes.":                                 "Turn on the lights. - Yes.",

		// Nothing but markers.
		"[BLANK_AUDIO]": "", " [ Silence ] ": "", "[Music] [Applause]": "", "[Music].": "", "(music)": "", "(a door falls shut)": "", "*wind howls*": "",
		"♪": "", "♪♪♪": "", "♪ ♪": "", "♪ a ♪ ♪ b ♪ ♪ c ♪": "", "♪ ♪ la ♪ ♪": "", "♪ happy birthday to you ♪": "", "🎵 la 🎵": "", "SPEAKER_00:": "", "[SPEAKER_00]:": "", "<|nospeech|>": "", "[00:00.000 --> 00:02.000]": "",
		"[00:00:00.000 --> 00:00:02.120]   [BLANK_AUDIO]": "", "... [Music] ...": "", "(Musik) *Applaus* [x]": "", "{laughter}": "", "[[]]": "", "[]": "",

		// What a person said.
		"": "", "yes": "yes", "...": "...", " as it was ": " as it was ",
		"write to Joe (at) example dot com":         "write to Joe (at) example dot com",
		"(at) home":                                 "(at) home",
		"[Music] write to Joe (at) example dot com": "write to Joe (at) example dot com",
		"call (555) 123-4567":                       "call (555) 123-4567",
		"(555) 123-4567":                            "(555) 123-4567",
		"turn on the *big* lamp":                    "turn on the *big* lamp",
		"turn up the *music*":                       "turn up the *music*",
		"turn up the (music) please":                "turn up the (music) please",
		"what is 2 * 3 * 4":                         "what is 2 * 3 * 4",
		"is 3 < 5 and 7 > 2":                        "is 3 < 5 and 7 > 2",
		"open notes[1]":                             "open notes[1]",
		"wake me at 07:30":                          "wake me at 07:30",
		"wake me (07:30) tomorrow":                  "wake me (07:30) tomorrow",
		"turn down speaker 1: it is loud":           "turn down speaker 1: it is loud",
		"[turn on the lights":                       "[turn on the lights",
		"turn on] the lights":                       "turn on] the lights",
		"( [Music] turn on":                         "( turn on",
		"「電気」をつけて":                                  "「電気」をつけて",
		"[00:01] -5 degrees":                        "-5 degrees",
	} {
		if got := Strip(text, All); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestEachKindIsDeclared: a kind that is not asked for stays, and no kind takes another's.
func TestEachKindIsDeclared(t *testing.T) {
	samples := map[string]string{
		"timestamps": "[00:00.000 --> 00:02.120] yes", "speakers": "SPEAKER_00: yes", "sounds": "[Music] yes", "tokens": "<|en|> yes",
	}
	if len(samples)+1 != len(names) { // the wake word is not for Strip
		t.Fatal("a kind has no sample")
	}
	for kind, text := range samples {
		if got := Strip(text, Named([]string{kind})); got != "yes" {
			t.Errorf("%s: %q", kind, got)
		}
		if got := Strip(text, All&^Named([]string{kind})); got != text {
			t.Errorf("all but %s: %q", kind, got)
		}
		if got := Strip(text, 0); got != text {
			t.Errorf("none: %q", got)
		}
	}
	if got := Strip("[BLANK_AUDIO]", Timestamps); got != "[BLANK_AUDIO]" {
		t.Errorf("%q", got)
	}
	if Named([]string{"timestamps", "speakers", "sounds", "tokens"}) != All || Named([]string{"x"}) != 0 {
		t.Error("names")
	}
}

// letters is a text without what may change: spaces.
func letters(text string) []rune {
	return []rune(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\x1f' {
			return -1
		}
		return r
	}, text))
}

// within tells whether a can be made of b by taking out.
func within(a, b []rune) bool {
	for _, r := range b {
		if len(a) > 0 && a[0] == r {
			a = a[1:]
		}
	}
	return len(a) == 0
}

func checkStrip(t interface{ Errorf(string, ...any) }, text string, m Marks) {
	got := Strip(text, m)
	if !within(letters(got), letters(text)) {
		t.Errorf("%q has more in it than %q", got, text)
	}
	if utf8.ValidString(text) && !utf8.ValidString(got) {
		t.Errorf("%q is broken", got)
	}
	if got != text && strings.Contains(got, cut) {
		t.Errorf("%q holds a cut", got)
	}
}

func FuzzStrip(f *testing.F) {
	for _, seed := range []string{
		"[00:00:00.000 --> 00:00:02.120] hi", "((a) [b", "<|en|>*x* ♪ y ♪", "SPEAKER_00: a [b]: c. Speaker 1: d", "1 00:00:00,000 --> 00:00:02,120 x", "\xff[\xfe]", "][)(*>*<",
	} {
		f.Add(seed, uint8(All))
	}
	f.Fuzz(func(t *testing.T, text string, m uint8) { checkStrip(t, text, Marks(m)&All) })
}

// TestSpeechSurvives: whatever markers stand before and behind its sentences, what was said is what is left.
func TestSpeechSurvives(t *testing.T) {
	word := rapid.StringMatching(`[a-z]{1,8}|\([a-z]{2}\)|\*[b-z]{2}\*|[0-9]{1,3}|[a-z]{2}\[[0-9]\]`)
	marker := rapid.SampledFrom([]string{"[Music]", "[BLANK_AUDIO]", "(laughs)", "*coughs*", "♪ la ♪", "<|en|>", "[00:00:00.000 --> 00:00:02.120]", "[SPEAKER_00]:", "[Speaker 2]", "[ Beifall ]", "{music}"})
	rapid.Check(t, func(t *rapid.T) {
		var text, want []string
		for range rapid.IntRange(1, 4).Draw(t, "sentences") {
			text = append(text, rapid.SliceOfN(marker, 0, 3).Draw(t, "markers")...)
			said := "say " + strings.Join(rapid.SliceOfN(word, 0, 6).Draw(t, "words"), " ")
			said = strings.TrimSpace(said) + "."
			text, want = append(text, said), append(want, said)
		}
		text = append(text, rapid.SliceOfN(marker, 0, 3).Draw(t, "last")...)
		whole := strings.Join(text, " ")
		if got := Strip(whole, All); got != strings.Join(want, " ") {
			t.Fatalf("%q: %q", whole, got)
		}
		checkStrip(t, whole, Marks(rapid.Uint8Range(0, uint8(All)).Draw(t, "marks")))
	})
}

// TestHostileText: texts that are made to be slow, and to confuse.
func TestHostileText(t *testing.T) {
	const size = 4096
	for _, piece := range []string{"[", "]", "(", "<|", "<", "*a", "♪ ", "[(<{", "1 00:00:00,000 --> ", "a [b", "[a] ", "(music) ", "     ("} {
		for _, text := range []string{strings.Repeat(piece, size/len(piece)), strings.Repeat(piece, size/2/len(piece)) + strings.Repeat("])>}", size/8)} {
			checkStrip(t, text, All)
		}
	}
}
