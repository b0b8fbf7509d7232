package event

// satellites tell what passes between a voice satellite and Home Assistant.
var satellites = []Kind{
	kind("Home Assistant serves a satellite: commands go there.", Kind{about: itself},
		func(b HomeArrived) Words { return fine("home", usual("Home Assistant serves %s", b.Satellite)) }),
	kind("Home Assistant serves a satellite no more.", Kind{about: itself},
		func(b HomeLeft) Words {
			if b.Paused {
				return plain("home", usual("Home Assistant has muted %s", b.Satellite))
			}
			return warning("home", usual("Home Assistant is not connected to %s", b.Satellite))
		}),
	kind("A command goes to Home Assistant.", Kind{},
		func(b HomeAsked) Words { return plain("asking", usual("Home Assistant, by %s", b.Satellite)) }),
	kind("Home Assistant has understood a command.", Kind{},
		func(b HomeHeard) Words {
			return fine("transcript", speech("“%s”", b.Text), usual("  "), faint("Home Assistant, by %s", b.Satellite))
		}),
	kind("Home Assistant answers, or announces something.", Kind{},
		func(b HomeSaid) Words {
			return fine("answer", speech("“%s”", b.Text), usual("  "), faint("Home Assistant, by %s", b.Satellite))
		}),
	kind("What began with a wake word is over at Home Assistant.", Kind{},
		HomeOver.words),
	kind("A client of a satellite has set its key. Who connects from now on needs it.", Kind{},
		func(b HomeKeySet) Words {
			return warning("key", usual("%s got its key from Home Assistant: who connects from now on needs it", b.Satellite))
		}),
}

// HomeArrived: Home Assistant serves a satellite.
type HomeArrived struct {
	Satellite string `json:"satellite"`
}

func (HomeArrived) Kind() string { return "home_arrived" }

func (HomeArrived) told() Told { return well() }

// HomeLeft: it serves it no more.
type HomeLeft struct {
	Satellite string `json:"satellite"`
	Paused    bool   `json:"paused,omitempty"` // somebody has muted the satellite there
}

func (HomeLeft) Kind() string { return "home_left" }

// told: Home Assistant starts again now and then, and another service may take its place meanwhile.
func (b HomeLeft) told() Told {
	if b.Paused {
		return well()
	}
	return poor("Home Assistant is not connected")
}

// HomeAsked: a command goes to Home Assistant.
type HomeAsked struct {
	Satellite string `json:"satellite"`
	Wake      string `json:"wake,omitempty"` // absent: the conversation goes on
}

func (HomeAsked) Kind() string { return "home_asked" }

// HomeHeard: Home Assistant has understood a command.
type HomeHeard struct {
	Satellite string `json:"satellite"`
	Wake      string `json:"wake,omitempty"`
	Text      string `json:"text"`
}

func (HomeHeard) Kind() string { return "home_heard" }

func (b HomeHeard) unspoken() Body {
	b.Text = ""
	return b
}

// HomeSaid: Home Assistant answers, or announces something.
type HomeSaid struct {
	Satellite string `json:"satellite"`
	Wake      string `json:"wake,omitempty"`
	Text      string `json:"text"`
}

func (HomeSaid) Kind() string { return "home_said" }

func (b HomeSaid) unspoken() Body {
	b.Text = ""
	return b
}

// HomeOver: a run is over at Home Assistant.
type HomeOver struct {
	Satellite string `json:"satellite"`
	Wake      string `json:"wake,omitempty"`
	Cause     string `json:"cause,omitempty"`  // why it went wrong
	Lost      bool   `json:"lost,omitempty"`   // the command was not carried out, as far as is known
	Handed    bool   `json:"handed,omitempty"` // another service takes the command
}

func (HomeOver) Kind() string { return "home_over" }

// outcome is what came of the run, in a word.
func (b HomeOver) outcome() string {
	switch {
	case b.Handed:
		return "handed"
	case b.Lost:
		return "lost"
	case b.Cause != "":
		return "ended"
	}
	return "done"
}

func (b HomeOver) words() Words {
	switch {
	case b.Handed:
		return warning("home", usual("%s: another service takes the command", b.Cause))
	case b.Lost:
		return failure("lost", usual("the command by %s: %s", b.Satellite, b.Cause))
	case b.Cause != "":
		return plain("home", usual("%s", b.Cause))
	}
	return detail("home", usual("Home Assistant is done with what %s asked", b.Satellite))
}

// HomeKeySet: a client of a satellite has set its key.
type HomeKeySet struct {
	Satellite string `json:"satellite"`
}

func (HomeKeySet) Kind() string { return "home_key_set" }
