package sentence

// A slotKind is what may stand in a slot, compiled.
type slotKind struct {
	name   string
	values []string // of word slots: the trie points into them
	vocab  int      // number of the vocabulary in the lexicon; -1 for none
	rng    *Range
	what   whatKind
	filter filter
	less   bool // a number that is taken as a negative one
	said   bool // its unit must be said
}

type whatKind int

const (
	vocabulary whatKind = iota
	number
	duration
	target
	area
	floor
	freeText
	where
	except
)

// filter says which entities a slot takes. Domains are in the order of preference, where one name belongs to several.
type filter struct {
	domains []string
	classes []string // device classes, for those domains where they matter: cover, binary_sensor, sensor, switch; none: all
	place   bool     // a room alone stands for what is in it
	whole   bool     // "everything" may mean also what is not in the list of everything
	named   bool     // by its name alone: "the scenes" are none
	one     bool     // of the first domain alone that has something there
}

// builtin are the slots that need no declaration.
var builtin = map[string]slotKind{
	"entity":       {what: target, filter: filter{domains: nil}},
	"area":         {what: area},
	"floor":        {what: floor},
	"duration":     {what: duration},
	"text":         {what: freeText},
	"number":       {what: number, rng: &Range{-1_000_000, 1_000_000, ""}},
	"percent_said": {what: number, rng: &Range{0, 100, "%"}, said: true},
	"percent":      {what: number, rng: &Range{0, 100, "%"}},
	"by_percent":   {what: number, rng: &Range{1, 100, "%"}},
	"degrees":      {what: number, rng: &Range{-50, 120, "°"}},
	"by_degrees":   {what: number, rng: &Range{0.1, 30, "°"}},
	"kelvin":       {what: number, rng: &Range{1000, 10000, "K"}},
	"light":        {what: target, filter: filter{domains: []string{"light"}}},
	"light_place":  {what: target, filter: filter{domains: []string{"light"}, place: true}},
	"switch":       {what: target, filter: filter{domains: []string{"switch", "input_boolean"}}},
	"switchable":   {what: target, filter: filter{domains: []string{"light", "switch", "fan", "media_player", "climate", "input_boolean", "humidifier", "siren", "automation", "water_heater", "remote"}}},
	"cover":        {what: target, filter: filter{domains: []string{"cover", "valve"}}},
	"climate":      {what: target, filter: filter{domains: []string{"climate", "water_heater"}}},
	"climate_room": {what: target, filter: filter{domains: []string{"climate"}, place: true}},
	"fan":          {what: target, filter: filter{domains: []string{"fan"}}},
	"media_player": {what: target, filter: filter{domains: []string{"media_player"}, place: true}},
	"scene":        {what: target, filter: filter{domains: []string{"scene", "script"}, named: true}},
	"lock":         {what: target, filter: filter{domains: []string{"lock"}, whole: true}},
	"unlock":       {what: target, filter: filter{domains: []string{"lock"}}},
	"vacuum":       {what: target, filter: filter{domains: []string{"vacuum", "lawn_mower"}}},
	"openable": {what: target, filter: filter{domains: []string{"cover", "binary_sensor", "valve"},
		classes: []string{"door", "garage_door", "window", "opening", "garage", "gate", "blind", "shade", "shutter", "curtain", "awning", "damper", "water", "gas"}}},
	"less_percent":      {what: number, rng: &Range{1, 100, "%"}, less: true},
	"less_degrees":      {what: number, rng: &Range{0.1, 30, "°"}, less: true},
	"except":            {what: except},
	"where":             {what: where},
	"everything":        {what: target, filter: filter{domains: []string{"light", "switch", "fan", "media_player", "input_boolean"}, place: true}},
	"place_temperature": {what: target, filter: filter{domains: []string{"sensor", "climate"}, classes: []string{"temperature"}, place: true, one: true}},
	"place_humidity":    {what: target, filter: filter{domains: []string{"sensor"}, classes: []string{"humidity"}, place: true, one: true}},
	"sensor":            {what: target, filter: filter{domains: []string{"sensor"}}},
}

// protected are device classes of covers that keep a house closed.
var protected = map[string]bool{"garage": true, "gate": true, "door": true, "garage_door": true}
