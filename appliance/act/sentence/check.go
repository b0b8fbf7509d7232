package sentence

// Check says what is wrong with the templates of intents, without a home: what Compile would leave out, sentences that two intents share,
// and templates that can never match because of those before them.
func Check(intents []Intent) []Problem {
	_, problems := Compile(Grammar{Intents: intents})
	return problems
}
