package spoken

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestStripWake(t *testing.T) {
	for _, c := range []struct{ wake, text, want string }{
		{"hey jarvis", "hey jarvis turn on the lights", "turn on the lights"},
		{"hey jarvis", "Hey, Jarvis. Turn on the lights.", "Turn on the lights."},
		{"hey jarvis", "hey Travis, what time is it?", "what time is it?"},
		{"hey jarvis", "A Jarvis, stop.", "stop."},
		{"hey jarvis", "hay jarvis turn it off", "turn it off"},
		{"hey jarvis", "Hey Jar-vis — play jazz", "play jazz"},
		{"hey jarvis", "Heyjarvis play jazz", "play jazz"},
		{"hey jarvis", "Jarvis, play jazz", "play jazz"}, // the recording began in the middle of it
		{"hey jarvis", "Hey Jarvis. Hey Jarvis, lights!", "lights!"},
		{"hey jarvis", "Okay Jarvis dim the lamp", "dim the lamp"},
		{"hey jarvis", "“Hey Jarvis,” dim the lamp", "dim the lamp"},
		{"hey jarvis", "Hey Jarvis.", ""},
		{"hey jarvis", "Hey Jarvis Travis called", "Travis called"},
		{"hey jarvis", "hey what's the time", "hey what's the time"},
		{"hey jarvis", "hey", "hey"},
		{"hey jarvis", "Travis is here", "Travis is here"},
		{"hey jarvis", "tell jarvis a joke", "tell jarvis a joke"},
		{"hey jarvis", "a service is due", "a service is due"},
		{"hey jarvis", "hey harvest the beans", "hey harvest the beans"},
		{"hey jarvis", "[Music] turn", "[Music] turn"},
		{"hey jarvis", "", ""},
		{"hey jarvis", "...", "..."},
		{"hey jarvis", "They jarvest set a timer", "set a timer"}, // as small engines write it
		{"hey jarvis", "I hate Jarvis what time is it?", "what time is it?"},
		{"hey jarvis", "I ate, Jarvis.", ""},
		{"hey jarvis", "I hate jotters. Turn on the light.", "I hate jotters. Turn on the light."},
		{"hey jarvis", "I have a service for you", "I have a service for you"},
		{"hey jarvis", "They served us well", "They served us well"},
		{"hey jarvis", "The garden is dry", "The garden is dry"},
		{"hey jarvis", "I hate this", "I hate this"},
		{"hey rhasspy", "They raspy turn left", "turn left"},
		{"hey rhasspy", "He rasped at me", "at me"}, // too like it
		{"alexa", "The Lexus, what time is it?", "what time is it?"},
		{"alexa", "Alexo, how is the weather?", "how is the weather?"},
		{"alexa", "The lake is cold", "The lake is cold"},
		{"alexa", "Access the list", "Access the list"},
		{"hey_jarvis", "Hey Jarvis, go", "go"},
		{"hey mycroft", "Hey Microsoft, add milk", "add milk"},
		{"hey mycroft", "Hey, Mike Croft, add milk", "add milk"},
		{"hey mycroft", "my craft is sailing", "my craft is sailing"},
		{"hey rhasspy", "Hey Raspy turn left", "turn left"},
		{"alexa", "Alexa, stop", "stop"},
		{"alexa", "Hey Alexa stop", "stop"},
		{"alexa", "relax and sleep", "relax and sleep"},
		{"alexa", "call Alexa", "call Alexa"},
		{"computer", "Computer: tea, Earl Grey, hot", "tea, Earl Grey, hot"},
		{"computer", "computers are slow", "are slow"}, // the model heard the wake word, so this was it
		{"what's the weather", "What's the weather in Rome?", "What's the weather in Rome?"},
		{"set a timer for … minutes", "set a timer for five minutes", "set a timer for five minutes"},
		{"", "turn on", "turn on"},
		{"ok", "ok turn on", "ok turn on"},
	} {
		if got := StripWake(c.text, c.wake); got != c.want {
			t.Errorf("StripWake(%q, %q) = %q, want %q", c.text, c.wake, got, c.want)
		}
	}
}

// TestStripWakeTakesTheWakeWordOnly: whatever is said after a wake word stays as it is, however the wake word is written.
func TestStripWakeTakesTheWakeWordOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"jarvis", "mycroft", "rhasspy"}).Draw(t, "name")
		command := rapid.SampledFrom([]string{"turn", "open", "what", "lights"}).Draw(t, "first") +
			rapid.StringMatching(`( [a-zA-Z'’0-9]{1,9}[.,?]?){0,6}`).Draw(t, "rest")
		said := rapid.SampledFrom([]string{"Hey ", "hey, ", "A ", "", "OK "}).Draw(t, "greeting") +
			rapid.SampledFrom([]string{name, strings.ToUpper(name), name + ",", name + ".", name + " -"}).Draw(t, "as") + " "
		if got := StripWake(said+command, "hey "+name); got != command {
			t.Fatalf("of %q remains %q", said+command, got)
		}
	})
}

// TestStripWakeOnlyRemovesTheBeginning: whatever an engine writes, what is left is its end, and nothing panics.
func TestStripWakeOnlyRemovesTheBeginning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, wake := rapid.String().Draw(t, "text"), rapid.String().Draw(t, "wake word")
		if got := StripWake(text, wake); !strings.HasSuffix(text, got) {
			t.Fatalf("of %q remains %q", text, got)
		}
	})
}
