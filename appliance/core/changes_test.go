//go:build !race

package core

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/appliance/audio"
	"orac/appliance/graph"
	"orac/appliance/login"
	"orac/appliance/mqtt"
	"orac/appliance/node"
	"orac/appliance/notify"
	"orac/appliance/otlp"
	"orac/appliance/play"
	"orac/appliance/provenclock"
	"orac/appliance/record"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/status"
	"orac/appliance/stt"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
	"orac/appliance/tts"
	"orac/models/wake"
	"orac/runbook"
	"orac/runbook/edit"
	"orac/runbook/language"
)

// TestEveryAttributeDoesWhatIsSaidOfIt changes each attribute of each type of block alone, while the appliance runs. What the reference
// says of it, what the plan says, and what happens to the nodes are the same: an instance is replaced or goes on, and one that goes
// on has the settings that it would have been built with.
func TestEveryAttributeDoesWhatIsSaidOfIt(t *testing.T) {
	text, err := os.ReadFile("testdata/whole.hcl")
	if err != nil {
		t.Fatal(err)
	}
	before := read(t, text)
	for _, b := range runbook.Registry { // a type that is not there brings its own example
		if b.Slot != nil && !b.Single && !slices.ContainsFunc(before.Blocks, func(x language.Block) bool { return x.Type.Key() == b.Key() }) {
			text = append(text, "\n"+b.Example+"\n"...)
			before = read(t, text)
		}
	}
	tried := 0
	for _, b := range runbook.Registry {
		if b.Slot == nil { // locals and variables: their values are those of attributes
			continue
		}
		eachAttribute(b, "", func(name string, at *language.Attribute) {
			key := b.Key() + " " + name
			t.Run(key, func(t *testing.T) {
				after, address := changed(t, text, before, b, name, at)
				consistent(t, before, after, address, name, at.OnChange)
			})
			tried++
		})
	}
	if tried < 130 {
		t.Errorf("only %d attributes were changed", tried)
	}
}

// eachAttribute visits the attributes of a type of block, nested ones included.
func eachAttribute(b *language.BlockType, prefix string, visit func(name string, at *language.Attribute)) {
	for i := range b.Attributes {
		visit(prefix+b.Attributes[i].Name, &b.Attributes[i])
	}
	for _, n := range b.Nested {
		eachAttribute(n, prefix+n.Type+".", visit)
	}
}

// with are the attributes that can only be changed together with another.
var with = map[string][][2]string{
	"stt protocol":                       {{"url", `"http://stt.test"`}, {"command", ""}},
	"heartbeat url":                      {{"stt", ""}, {"auth", ""}, {"ca", ""}},
	"web tls.self_signed":                {{"tls.cert", ""}, {"tls.key", ""}},
	"stt_server tls.self_signed":         {{"tls.cert", ""}, {"tls.key", ""}},
	"core_server tls.self_signed":        {{"tls.cert", ""}, {"tls.key", ""}},
	"web tls.member":                     {{"tls.cert", ""}, {"tls.key", ""}},
	"stt_server tls.member":              {{"tls.cert", ""}, {"tls.key", ""}},
	"core_server tls.member":             {{"tls.cert", ""}, {"tls.key", ""}},
	"mqtt encrypted":                     {{"ca", ""}, {"client_cert", ""}, {"client_key", ""}},
	"stt member":                         {{"ca", ""}, {"client_cert", ""}, {"client_key", ""}},
	"core member":                        {{"ca", ""}, {"client_cert", ""}, {"client_key", ""}},
	"webhook body":                       {{"events", `["wake"]`}},
	"device.wav gap":                     {{"end", `"loop"`}},
	"device.wav pace":                    {{"end", `"stop"`}},
	"wyoming serve":                      {{"engine", ""}},
	"esphome listen":                     {{"advertise", ""}},
	"esphome accept_key":                 {{"key", ""}},
	"esphome unprotected_on_the_network": {{"key", ""}},
	"device.speaker identity":            {{"match", ""}},
	"device.speaker id":                  {{"match", ""}},
	"tts protocol":                       {{"model", `"tts-1"`}},
}

// changed is the runbook with one attribute of one block of a type changed, the first that the language allows.
func changed(t *testing.T, text []byte, before *runbook.Runbook, b *language.BlockType, name string, at *language.Attribute) (*runbook.Runbook, language.Address) {
	t.Helper()
	var said []string
	for _, block := range before.Blocks {
		if block.Type.Key() != b.Key() {
			continue
		}
		address, attribute := block.Address, name
		if nested, inner, ok := strings.Cut(name, "."); ok {
			address, attribute = address+"."+language.Address(nested), inner
		}
		for _, expression := range candidates(at, before) {
			fresh, err := edit.Set(text, address, attribute, expression)
			for _, more := range with[b.Key()+" "+name] {
				if err == nil {
					fresh, err = setIn(fresh, block.Address, more[0], more[1])
				}
			}
			if err != nil {
				said = append(said, err.Error())
				continue
			}
			rb, problems := runbook.Parse(fresh, "whole.hcl", options)
			if problems.HasErrors() {
				said = append(said, problems.Error())
				continue
			}
			if slices.ContainsFunc(runbook.Compare(before, rb), func(c runbook.Change) bool {
				return c.Address == block.Address && slices.ContainsFunc(c.Attributes, func(a runbook.AttributeChange) bool { return a.Name == name })
			}) {
				return rb, block.Address
			}
		}
	}
	t.Fatalf("no other value of it is valid in testdata/whole.hcl: %s", strings.Join(said, "\n"))
	return nil, ""
}

func setIn(text []byte, block language.Address, name, expression string) ([]byte, error) {
	if nested, inner, ok := strings.Cut(name, "."); ok {
		block, name = block+"."+language.Address(nested), inner
	}
	if expression == "" {
		fresh, err := edit.Unset(text, block, name)
		if err != nil { // it is not there
			return text, nil
		}
		return fresh, nil
	}
	return edit.Set(text, block, name, expression)
}

// candidates are expressions that an attribute may accept.
func candidates(at *language.Attribute, rb *runbook.Runbook) (list []string) {
	quote := func(values ...string) {
		for _, v := range values {
			list = append(list, edit.Quote(v))
		}
	}
	switch at.Kind {
	case language.Enum, language.Keyword:
		quote(at.Values...)
	case language.Bool:
		list = []string{"true", "false"}
	case language.Int, language.Float:
		list = []string{at.Min, at.Max, "0.7", "7"}
	case language.Duration, language.ByteSize:
		quote(at.Min, at.Max, "3s", "90s", "3h", "300MiB", "410MiB")
	case language.Path:
		quote("other.pem", "other.wav")
	case language.URL:
		quote("http://other.test:7272", "https://other.test", "tcp://other.test:7272")
	case language.Ref, language.Refs:
		for _, b := range rb.Blocks {
			if slices.Contains(at.Refs, b.Type.Type) || slices.Contains(at.Refs, b.Type.Key()) {
				list = append(list, string(b.Address), "["+string(b.Address)+"]")
			}
		}
	case language.Map:
		list = []string{`{ A = "b" }`}
	case language.TextLists:
		list = []string{`{ other = ["a way"] }`}
	case language.Ints:
		list = []string{"0", "[0, 1]"}
	}
	if len(at.Values) > 0 && at.Kind == language.Strings {
		list = append(list, fmt.Sprintf("[%q]", at.Values[0]))
	}
	return append(list, at.Example, `"other"`, `["other"]`, `secret("other")`, `["https://other.test"]`, `"127.0.0.1:7272"`, `["192.0.2.1"]`, `["stt.heartbeat"]`, `"catalog:hey_jarvis"`,
		`"`+strings.Repeat("a", 64)+`"`)
}

// consistent changes a running appliance from one runbook to the other.
func consistent(t *testing.T, before, after *runbook.Runbook, block language.Address, name string, reference language.Effect) {
	old, fresh := compiled(t, before), compiled(t, after)
	plan := graph.Plan(old, fresh)
	actions := map[string]status.Action{}
	restarts, updates := 0, 0
	for _, c := range plan.Components {
		actions[c.Address] = c.Action
		if !slices.ContainsFunc(c.Because, func(a status.Attribute) bool { return a.Block == string(block) && a.Name == name }) {
			continue
		}
		switch c.Action {
		case status.Restart:
			restarts++
		case status.Update:
			updates++
		}
	}
	switch {
	case !plan.Changes:
		t.Error("the plan changes nothing")
	case reference == language.NextStart:
		if i := slices.IndexFunc(plan.Components, func(c status.Component) bool { return strings.Contains(c.Why, "next start") }); i < 0 {
			t.Errorf("the plan does not say when it takes effect: %+v", plan.Components)
		}
	case reference == language.Restart && restarts == 0, reference != language.Restart && restarts > 0, restarts+updates == 0:
		t.Errorf("the reference says %q; the plan restarts %d components because of it and updates %d", reference, restarts, updates)
	}
	d := virtual.New(1, time.Unix(1.7e9, 0), nil)
	defer d.Close()
	root := rt.New(d, "test", func(k *rt.Task) error {
		r, err := NewRunner(old, world())
		if err != nil {
			return err
		}
		run := k.Shield("run", r.Run)
		_ = k.Sleep(time.Second)
		was := instances(r)
		ready, err := r.Prepare(fresh)
		if err != nil {
			return err
		}
		if err := r.Swap(k, ready); err != nil {
			return err
		}
		_ = k.Sleep(5 * time.Second)
		anew, err := r.Prepare(fresh)
		if err != nil {
			return err
		}
		is := instances(r)
		for i, n := range fresh.Nodes {
			now, there := is[n.Address]
			before, stayed := was[n.Address]
			switch {
			case !there:
				t.Errorf("%s does not run", n.Address)
			case !stayed:
				if actions[n.Address] != status.Add {
					t.Errorf("%s is new; the plan says %q", n.Address, actions[n.Address])
				}
			case (now.Generation != before.Generation) != (actions[n.Address] == status.Restart):
				t.Errorf("%s was instance %d and is %d; the plan says %q", n.Address, before.Generation, now.Generation, actions[n.Address])
			default:
				if field := differs(now.code, anew.code[i]); field != "" {
					t.Errorf("%s goes on with another %s than it would be built with; the plan says %q", n.Address, field, actions[n.Address])
				}
				if actions[n.Address] == status.Keep && differs(before.code, anew.code[i]) != "" {
					t.Errorf("%s has new settings; the plan says %q", n.Address, actions[n.Address])
				}
			}
		}
		run.Stop()
		return k.Outlast(run, k.Now().Add(time.Minute))
	})
	d.Run(rt.Instant(time.Hour))
	if err := root.Err(); err != nil && !errors.Is(err, rt.ErrStopped) {
		t.Error(err)
	}
}

// instances are the newest instances that run, by address.
func instances(r *Runner) map[string]View {
	list := map[string]View{}
	for _, v := range r.Views() {
		list[v.Node.Address] = v
	}
	return list
}

// differs names a setting that two pieces of code do not share; "" if there is none.
func differs(a, b node.Node) string {
	x, y := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	for i := range x.NumField() {
		f := x.Type().Field(i)
		if !f.IsExported() || f.Anonymous || f.Type.Kind() == reflect.Func || strings.HasPrefix(f.Type.String(), "*rt.Out[") {
			continue
		}
		if get := x.Field(i).MethodByName("Get"); f.Name == "Config" && get.IsValid() {
			if inner := unlike(get.Call(nil)[0], y.Field(i).MethodByName("Get").Call(nil)[0]); inner != "" {
				return "Config." + inner
			}
			continue
		}
		if !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			return f.Name
		}
	}
	return ""
}

// unlike names a field in which two settings differ. Functions are compared by their code.
func unlike(a, b reflect.Value) string {
	for i := range a.NumField() {
		x, y := a.Field(i), b.Field(i)
		same := x.Kind() == reflect.Func && x.Pointer() == y.Pointer() || x.Kind() != reflect.Func && reflect.DeepEqual(x.Interface(), y.Interface())
		if !same {
			return a.Type().Field(i).Name
		}
	}
	return ""
}

var options = language.Options{
	HashKey: make([]byte, 32),
	Env:     func(string) (string, bool) { return "x", true },
	Secret: func(name string) (string, error) {
		if name == "hash" || strings.HasSuffix(name, "_hash") {
			return "$2a$12$abcdefghijklmnopqrstuuDJaVpWmJQnzm8W0Xk0y3N7mVxD6Wk1" + map[bool]string{true: "O", false: "P"}[name == "hash"], nil
		}
		return strings.Repeat(name, 32/len(name)+1), nil
	},
}

func read(t *testing.T, text []byte) *runbook.Runbook {
	t.Helper()
	rb, problems := runbook.Parse(text, "whole.hcl", options)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return rb
}

func compiled(t *testing.T, rb *runbook.Runbook) *graph.Graph {
	t.Helper()
	g, err := graph.Compile(rb)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// world is one in which everything works, and every adapter is nothing but what it was made from.
func world() *graph.Parts {
	return &graph.Parts{
		FS: virtual.NewDisk(1 << 30), Host: "test", History: noBook{},
		Source: func(d graph.Device) (audio.Source, error) { return hum{d}, nil },
		STT: func(s graph.Service, _ wire.Tokens, _ func(string) string) (stt.Client, error) {
			return service{s}, nil
		},
		Engine: func(graph.Speech) (func(*rt.Task) (node.EngineProcess, error), error) {
			return func(*rt.Task) (node.EngineProcess, error) { return nil, errors.New("nobody speaks") }, nil
		},
		Heart:         func(h graph.Heart, _ wire.Tokens) (notify.Heart, error) { return heart{h}, nil },
		Hook:          func(w runbook.Webhook, _ wire.Tokens) (notify.Hook, error) { return hook{w}, nil },
		Core:          func(c graph.CoreService, _ wire.Tokens) (notify.Core, error) { return actor{c}, nil },
		Backend:       func(s graph.BackendService, _ func(string) string) (act.Backend, error) { return hand{s}, nil },
		LanguageModel: func(s graph.ModelService) (act.LanguageModel, error) { return mind{s}, nil },
		Speaker:       func(l graph.Loudspeaker) (play.Speaker, error) { return horn{l}, nil },
		Chime:         func(path string) ([]play.Frame, error) { return []play.Frame{{int16(len(path))}}, nil },
		Voice:         func(s runbook.TTS, _ func(string) string) (tts.Voice, error) { return throat{s}, nil },
		Issuer:        func(s graph.IssuerService) (node.Issuer, error) { return issuer{s}, nil },
		Broker:        func(s graph.BrokerService) (mqtt.Link, error) { return post{s}, nil },
		Traces:        func(s graph.TraceService) (otlp.Collector, error) { return tracer{s}, nil },
		Inference: graph.Inference{
			Extractor: func() (node.Extractor, error) { return deaf{}, nil },
			Gate:      func() (node.Gate, error) { return mum{}, nil },
			Model: func(graph.ModelFile) (wake.Model, error) {
				return wake.Model{Classes: 2, Labels: []string{"1_minute_timer", "5_minute_timer"}}, nil
			},
			Head: func(graph.ModelFile) (node.Classifier, error) { return never{}, nil },
		},
	}
}

type (
	hum     struct{ graph.Device }
	humming struct{ n int16 }
	service struct{ graph.Service }
	heart   struct{ graph.Heart }
	hook    struct{ runbook.Webhook }
	actor   struct{ graph.CoreService }
	hand    struct{ graph.BackendService }
	mind    struct{ graph.ModelService }
	issuer  struct{ graph.IssuerService }
	tracer  struct{ graph.TraceService }
	post    struct{ graph.BrokerService }
	horn    struct{ graph.Loudspeaker }
	throat  struct{ runbook.TTS }
	deaf    struct{}
	mum     struct{}
	never   struct{}
	noBook  struct{}
)

func (hand) Calls(act.Command, *act.Home, map[string]act.State) ([]act.Call, error) { return nil, nil }
func (hand) Do(_ *rt.Task, c act.Call, _ thread.Thread) act.Outcome                 { return act.Outcome{Call: c} }
func (hand) Watch(t *rt.Task, _ act.Sight) error                                    { return t.Sleep(1 << 62) }
func (hand) Refresh()                                                               {}
func (mind) Choose(*rt.Task, act.Question) ([]byte, error)                          { return nil, errors.New("no answer") }

func (tracer) Export(*rt.Task, []otlp.Span) (int, error) { return 0, nil }

func (throat) Speak(*rt.Task, string) (play.Sound, error) { return nil, errors.New("nothing is said") }

func (horn) Open(*rt.Task) (play.Output, error) { return nil, errors.New("nothing is played") }

func (issuer) Token(*rt.Task, string) (login.Token, error) {
	return login.Token{Text: "token", Life: time.Hour}, nil
}

func (h hum) Open(*rt.Task) (audio.Stream, error) { return &humming{}, nil }

func (h *humming) Read(t *rt.Task, pcm *[audio.HopSamples]int16, until rt.Instant) error {
	if left := until.Sub(t.Now()); left < audio.HopTime {
		if err := t.Sleep(left); err != nil {
			return err
		}
		return rt.ErrTimeout
	}
	h.n++
	pcm[0] = h.n
	return t.Sleep(audio.HopTime)
}
func (*humming) Identity() string { return "hum" }
func (*humming) Close(*rt.Task)   {}

func (service) Transcribe(*rt.Task, stt.Utterance, []int16) (stt.Result, error) {
	return stt.Result{}, nil
}
func (service) Health(*rt.Task) (stt.Health, error)                           { return stt.Health{Status: "healthy"}, nil }
func (heart) Beat(*rt.Task, notify.Beat) (int, error)                         { return 1, nil }
func (actor) Generate(*rt.Task, notify.Command, func(*rt.Task) error) error   { return nil }
func (actor) Topics(*rt.Task, notify.TopicsBeat) error                        { return nil }
func (hook) Send(*rt.Task, notify.Message) error                              { return nil }
func (deaf) Push(*[audio.HopSamples]int16, *[96]float32) error                { return nil }
func (deaf) Reset() error                                                     { return nil }
func (deaf) Close() error                                                     { return nil }
func (mum) Push(*[audio.HopSamples]int16) (float32, error)                    { return 0, nil }
func (mum) Reset()                                                            {}
func (mum) Close() error                                                      { return nil }
func (never) Push(*[96]float32) ([]float32, bool, error)                      { return []float32{0, 0}, false, nil }
func (never) Reset()                                                          {}
func (never) Close() error                                                    { return nil }
func (noBook) AddDetection(record.Detection) error                            { return nil }
func (noBook) SaveUtterance(record.Utterance) error                           { return nil }
func (noBook) SaveCommand(record.Command) error                               { return nil }
func (noBook) AddMute(record.Mute) error                                      { return nil }
func (noBook) SaveDelivery(record.Delivery, *record.Transcript) error         { return nil }
func (noBook) Prune(provenclock.Point, bool, time.Duration, int) (int, error) { return 0, nil }

func (post) Serve(t *rt.Task, _ mqtt.Session, opened func(), _ func(mqtt.Message)) error {
	opened()
	return t.Sleep(1 << 62)
}
func (post) Publish(*rt.Task, mqtt.Message) error { return nil }
