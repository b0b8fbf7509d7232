package spoken

import (
	"slices"
	"strings"
	"unicode"

	"orac/runbook/pattern"
)

// mostWords is the largest number of words in a description of a sound.
const mostWords = 5

// doings are words for what people and things do besides speech. One of them in brackets is a sound
// anywhere.
var doings = words(`
	laughs laughter laughing chuckle chuckles chuckling giggles giggling gelächter rires risas risate gelach смех
	applauding applaudissements aplausos applausi clapping cheering
	coughs coughing hustet husten toux sneezes sneezing sniff sniffs sniffing sniffles räuspert räuspern
	sighs sighing seufzt gasps gasping breathes inhales exhales snoring snores yawns yawning burps hiccups
	sobbing sobs screaming groans groaning moans grunts grunting panting mumbles mumbling murmurs murmuring chattering babble
	inaudible unintelligible indistinct unverständlich crosstalk blank_audio no_speech
	beeping buzzing clicking clanking clatter thuds knocking footsteps barking meows meowing chirping whoosh whooshing rustling
	creaks creaking 笑 笑い 拍手 咳 無音 掌声 笑声 웃음 박수
`)

// things are words for sounds that people also speak of: "turn up the (music)". One of them in brackets is a sound where a
// sentence begins.
var things = words(`
	music musical musik musique música musica muziek muzyka музыка song singing sings humming hums melody instrumental
	laugh lachen applause applaus claps cheers cough sneeze sigh gasp breath breathing crying cries screams moaning whispers
	whispering chatter speaking silence silent stille silencio silenzio stilte noise noises static hiss hissing crackling feedback
	beep beeps ringing rings buzzes clicks thud knock knocks typing barks tweeting thunder slams closes opens audio foreign
	音楽 音乐 음악
`)

func words(text string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(text) {
		m[w] = true
	}
	return m
}

// isSound tells whether a few words describe a sound. begins says that a sentence begins before them.
func isSound(inner string, begins bool) bool {
	if len(inner) > longestMarker {
		return false
	}
	list := strings.FieldsFunc(strings.ToLower(inner), func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(list) > mostWords {
		return false
	}
	return slices.ContainsFunc(list, func(w string) bool { return doings[w] || begins && things[w] })
}

// someNotes are signs for music; several in a row, with spaces between them, count as one.
var someNotes = pattern.Lazy(`[♩♪♫♬🎵🎶\x{FE0E}\x{FE0F}]*[♩♪♫♬🎵🎶](?:[\s\x1f\x{FE0E}\x{FE0F}]*[♩♪♫♬🎵🎶])*[\x{FE0E}\x{FE0F}]?`)

// notes cuts what is sung between two notes. If a note has no partner, it is unknown what was sung: then only the notes
// are cut.
func notes(text string) string {
	var out strings.Builder
	from, singing := 0, false
	at := someNotes().FindAllStringIndex(text, -1)
	for i, a := range at {
		if !singing {
			out.WriteString(text[from:a[0]] + cut)
		}
		last := i == len(at)-1 && strings.Trim(text[a[1]:], " "+cut) == ""
		// Inside a song "♪ ♪" ends it and begins the next.
		if !singing || last || !strings.ContainsAny(text[a[0]:a[1]], " "+cut) {
			singing = !singing
		}
		from = a[1]
	}
	if singing {
		return someNotes().ReplaceAllString(text, cut)
	}
	return out.String() + text[from:]
}

var someStars = pattern.Lazy(`\*+`)

// asterisks cuts what is between asterisks, with no spaces just inside them, if it is wanted. The asterisks of "2 * 3" are
// text.
func asterisks(text string, wanted func(inner string, begins bool) bool) string {
	at := someStars().FindAllStringIndex(text, -1)
	var out strings.Builder
	from := 0
	for i := 0; i+1 < len(at); i++ {
		start, end := at[i], at[i+1]
		before, inner := text[:start[0]], text[start[1]:end[0]]
		if glued(lastRune(before)) || inner != strings.TrimFunc(inner, unicode.IsSpace) || !wanted(inner, beginsSentence(before)) {
			continue
		}
		out.WriteString(text[from:start[0]] + cut)
		from = end[1]
		i++
	}
	return out.String() + text[from:]
}
