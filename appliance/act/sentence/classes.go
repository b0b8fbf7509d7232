package sentence

// A class is a kind of thing that people name without a name of its own: "the lights", "the garage door".
type class struct {
	one, many string // ways to say it, with | between them
	domains   []string
	classes   []string // device classes; none: all of the domains but those of other classes that are protected
	called    string   // those are preferred whose names have this word
	inWords   bool     // a name may end with it, or be followed by it: "sofa" is "sofa lamp"
}

// classes are all that the shipped English knows. A word may stand in several: what is asked for decides.
var classes = []class{
	{one: "light|lighting|bulb", many: "lights|lighting|bulbs", domains: []string{"light"}, inWords: true},
	{one: "lamp", many: "lamps", domains: []string{"light"}, called: "lamp", inWords: true},
	{one: "switch|plug|socket|outlet|power outlet", many: "switches|plugs|sockets|outlets", domains: []string{"switch", "input_boolean"}, inWords: true},
	{one: "fan|ventilator|ceiling fan", many: "fans|ventilators|ceiling fans", domains: []string{"fan"}, inWords: true},
	{one: "blind|shade|shutter|roller blind|roller shutter", many: "blinds|shades|shutters|roller blinds|roller shutters", domains: []string{"cover"}, classes: []string{"blind", "shade", "shutter", ""}, inWords: true},
	{one: "curtain|drape", many: "curtains|drapes", domains: []string{"cover"}, classes: []string{"curtain"}, inWords: true},
	{one: "awning", many: "awnings", domains: []string{"cover"}, classes: []string{"awning"}, inWords: true},
	{one: "cover", many: "covers", domains: []string{"cover"}, inWords: true},
	{one: "garage door|garage", many: "garage doors|garages", domains: []string{"cover", "binary_sensor"}, classes: []string{"garage", "garage_door"}, inWords: true},
	{one: "gate", many: "gates", domains: []string{"cover", "lock", "binary_sensor"}, classes: []string{"gate"}, inWords: true},
	{one: "door", many: "doors", domains: []string{"cover", "lock", "binary_sensor"}, classes: []string{"door", "garage_door", "opening", ""}, inWords: true},
	{one: "window", many: "windows", domains: []string{"cover", "binary_sensor"}, classes: []string{"window", "opening"}, inWords: true},
	{one: "valve", many: "valves", domains: []string{"valve"}, inWords: true},
	{one: "heating|heater|thermostat|radiator|climate|aircon|air conditioning|air conditioner|central heating|heat", many: "thermostats|heaters|radiators|air conditioners", domains: []string{"climate"}, inWords: true},
	{one: "water heater|boiler", many: "water heaters|boilers", domains: []string{"water_heater"}, inWords: true},
	{one: "tv|television set", many: "tvs", domains: []string{"media_player"}, classes: []string{"tv"}, inWords: true},
	{one: "speaker|stereo|hi fi|hifi", many: "speakers", domains: []string{"media_player"}, classes: []string{"speaker", "receiver", ""}, inWords: true},
	{one: "music|radio|song|track|movie|film|video|media player|player|sound|audio|playback|podcast|album", many: "media players|players", domains: []string{"media_player"}, inWords: true},
	{one: "lock|door lock", many: "locks|door locks", domains: []string{"lock"}, inWords: true},
	{one: "vacuum|vacuum cleaner|robot|robot vacuum|cleaner|vacuum robot", many: "vacuums|vacuum cleaners|robots", domains: []string{"vacuum"}, inWords: true},
	{one: "mower|lawn mower|lawnmower", many: "mowers|lawn mowers", domains: []string{"lawn_mower"}, inWords: true},
	{one: "humidifier", many: "humidifiers", domains: []string{"humidifier"}, inWords: true},
	{one: "siren", many: "sirens", domains: []string{"siren"}, inWords: true},
	{one: "scene|mode", many: "scenes", domains: []string{"scene", "script"}, inWords: true},
	{one: "script|routine", many: "scripts|routines", domains: []string{"script"}, inWords: true},
	{one: "automation", many: "automations", domains: []string{"automation"}, inWords: true},
	{one: "contact|contact sensor|door contact", many: "contacts|contact sensors", domains: []string{"binary_sensor"}, inWords: true},
	{one: "sensor", many: "sensors", domains: []string{"sensor", "binary_sensor"}, inWords: true},
}

// everything is what "turn everything off" means.
var everything = map[string]bool{"light": true, "switch": true, "fan": true, "media_player": true, "input_boolean": true, "cover": true}

// These words stand around names.
var (
	determiners = set("both the my our your a an any these those this that its his her their of")
	quantifiers = set("all every each")
	pronouns    = set("it them they that this those these")
	qualifiers  = set("left right front back rear upper lower big small first second third inner outer middle top bottom north south east west")
	wholes      = set("everything all")
	listing     = set("and plus")
	excluding   = set("except but excluding without minus")
	placing     = set("in on at of from inside for")
	anywhere    = [][]string{{"everywhere"}, {"whole", "house"}, {"entire", "house"}, {"house"}, {"home"}, {"whole", "home"}, {"entire", "home"}, {"apartment"}, {"flat"}}
	here        = [][]string{{"here"}, {"in", "here"}, {"this", "room"}, {"in", "this", "room"}, {"in", "the", "room"}, {"over", "here"}}
	there       = [][]string{{"there"}, {"in", "there"}, {"over", "there"}, {"that", "room"}, {"in", "that", "room"}}
	upstairs    = []string{"upstairs", "up stairs"}
	downstairs  = []string{"downstairs", "down stairs"}
)
