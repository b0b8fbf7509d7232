package console

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"orac/runbook/pattern"
	"orac/web/api"
	"orac/web/schema"
)

// microphoneForm adds a microphone and its listener, in one plan.
type microphoneForm struct {
	editor
	Devices []microphoneChoice
	Notes   []string // why there are no more
	Words   []wordChoice
	STT     []sttChoice
	Name    string
	Pattern string
	Wrong   []string
	Silent  string // why nothing could be listed
}

// microphoneChoice is a microphone of this machine.
type microphoneChoice struct {
	api.Device
	Used   string // the listener that already uses it
	Chosen bool
}

// Value is its value in the form.
func (m microphoneChoice) Value() string { return m.Backend + " " + m.Identity }

// wordChoice is a wake word for the new listener: a model of the runbook or of the catalogue.
type wordChoice struct {
	Value, Says string
	Licence     string
	Commercial  bool
	Missing     bool // its file is not on this machine
	Declared    bool
	Chosen      bool
}

// Name returns its name in the runbook.
func (w wordChoice) Name() string { return w.Value[strings.LastIndexAny(w.Value, ".:")+1:] }

// sttChoice is a service that may receive what is said.
type sttChoice struct {
	Address string
	Chosen  bool
}

// nameOfRoom is the pattern of a name that is valid both for a device and for its listener.
const nameOfRoom = `[a-z][a-z0-9_\-]*`

var goodName = pattern.Lazy(`^[a-z][a-z0-9_-]{0,62}$`)

func (c *Console) newMicrophone(call *api.Call) error {
	f, err := c.microphoneForm(call)
	if err != nil {
		return err
	}
	for i := range f.Devices { // the first one without a listener
		if f.Devices[i].Used == "" {
			f.Devices[i].Chosen = true
			break
		}
	}
	for i := range f.Words {
		f.Words[i].Chosen = i == 0 && !f.Words[i].Missing
	}
	for i := range f.STT {
		f.STT[i].Chosen = true
	}
	return c.showMicrophone(call, http.StatusOK, f)
}

func (c *Console) showMicrophone(call *api.Call, code int, f microphoneForm) error {
	return c.show(call, code, "microphone", view{Scripts: []string{"microphone.js"}, Data: f})
}

// microphoneForm lists the choices.
func (c *Console) microphoneForm(call *api.Call) (f microphoneForm, err error) {
	file, err := api.OpRunbook.Call(call, schema.None{})
	if err != nil {
		return f, err
	}
	f.editor, f.Pattern = editor{File: file.File, Source: file.Source, Base: file.Hash, Began: file.Source}, nameOfRoom
	found, err := api.OpDevices.Call(call, schema.None{})
	if err != nil {
		f.Silent = sayWrong(schema.ProblemOf(err))
	}
	f.Notes = found.Notes
	listeners, err := api.OpListeners.Call(call, schema.None{})
	if err != nil {
		return f, err
	}
	for _, d := range found.Devices {
		if d.Monitor { // a copy of what a loudspeaker plays
			continue
		}
		m := microphoneChoice{Device: d}
		for _, l := range listeners {
			if l.Microphone != "" && (l.Microphone == d.Identity || l.Microphone == d.ID || strings.Contains(strings.ToLower(d.Name), strings.ToLower(l.Microphone))) {
				m.Used = l.Name
			}
		}
		f.Devices = append(f.Devices, m)
	}
	slices.SortStableFunc(f.Devices, func(a, b microphoneChoice) int {
		rank := map[bool]int{true: 1}
		return cmp.Compare(rank[a.Used != ""], rank[b.Used != ""])
	})
	if f.Words, err = words(call); err != nil {
		return f, err
	}
	blocks, err := api.OpBlocks.Call(call, schema.None{})
	if err != nil {
		return f, err
	}
	for _, b := range blocks.Blocks {
		if b.Type == "stt" {
			f.STT = append(f.STT, sttChoice{Address: b.Address})
		}
	}
	return f, nil
}

// words returns the models of the runbook, then those of the catalogue that the runbook does not
// have.
func words(call *api.Call) (list []wordChoice, err error) {
	declared, err := api.OpModels.Call(call, schema.None{})
	if err != nil {
		return nil, err
	}
	for _, m := range declared.Models {
		list = append(list, wordChoice{Value: "model." + m.Name, Says: m.WakeWord, Declared: true})
	}
	catalogue, err := api.OpCatalogue.Call(call, schema.None{})
	if err != nil {
		return nil, err
	}
	var missing []wordChoice
	for _, m := range catalogue {
		w := wordChoice{Value: "catalog:" + m.Name, Says: m.WakeWord, Licence: m.Licence, Commercial: m.Commercial, Missing: !m.Installed}
		i := slices.IndexFunc(list, func(d wordChoice) bool { return d.Name() == m.Name })
		switch {
		case i >= 0:
			list[i].Licence, list[i].Commercial = m.Licence, m.Commercial
		case w.Missing:
			missing = append(missing, w)
		default:
			list = append(list, w)
		}
	}
	return append(list, missing...), nil
}

// addMicrophone plans a device, any new models, and a listener.
func (c *Console) addMicrophone(call *api.Call) error {
	f, err := c.microphoneForm(call)
	if err != nil {
		return err
	}
	do := f.take(call)
	if len(f.Wrong) > 0 {
		return c.showMicrophone(call, http.StatusUnprocessableEntity, f)
	}
	e, file, err := posted(call)
	if err != nil {
		return err
	}
	text := e.Began
	if text == "" {
		text = file.Source
	}
	f.editor.Base, f.editor.Began = e.Base, e.Began
	out, err := api.OpEdit.Call(call, api.EditInput{Source: &text, Operations: do})
	if err != nil {
		p := schema.ProblemOf(err)
		for _, wrong := range p.Errors {
			f.Wrong = append(f.Wrong, wrong.Wrong)
		}
		if len(f.Wrong) == 0 {
			return err
		}
		return c.showMicrophone(call, http.StatusUnprocessableEntity, f)
	}
	if !out.Findings.OK {
		for _, p := range out.Findings.Problems {
			f.Wrong = append(f.Wrong, strings.TrimSpace(p.Summary+". "+p.Detail))
		}
		return c.showMicrophone(call, http.StatusUnprocessableEntity, f)
	}
	e.Source, e.Edited, e.Findings, e.Checked = out.Source, out.Source != file.Source, out.Findings, true
	return c.showPlan(call, http.StatusOK, e, file, "")
}

// take puts the submitted values into the form, says what is wrong with them, and returns the
// operations.
func (f *microphoneForm) take(call *api.Call) (do []api.EditStep) {
	_ = call.R.ParseForm() // an unreadable form has no values
	form := call.R.PostForm
	f.Name = strings.TrimSpace(form.Get("name"))
	if !goodName().MatchString(f.Name) {
		f.Wrong = append(f.Wrong, "Name: use lower-case letters, digits, _ and -; a letter comes first.")
	}
	device, listener := "device.microphone."+f.Name, "listener."+f.Name
	set := func(block, attribute string, o api.EditStep) {
		o.Do, o.Block, o.Attribute = "set", block, attribute
		do = append(do, o)
	}
	text := func(s string) api.EditStep { return api.EditStep{Text: &s} }
	list := func(addresses []string) api.EditStep {
		s := "[" + strings.Join(addresses, ", ") + "]"
		return api.EditStep{Expression: &s}
	}
	do = append(do, api.EditStep{Do: "add", Block: device})
	chosen := false
	for i := range f.Devices {
		d := &f.Devices[i]
		if d.Chosen = form.Get("device") == d.Value() && !chosen; !d.Chosen {
			continue
		}
		chosen = true
		set(device, "identity", text(d.Identity))
		if d.Backend == "alsa" { // PulseAudio is looked for first
			set(device, "backend", text(d.Backend))
		}
	}
	if !chosen {
		f.Wrong = append(f.Wrong, "Microphone: choose one that is plugged in.")
	}
	var models, services []string
	for i := range f.Words {
		w := &f.Words[i]
		if w.Chosen = !w.Missing && slices.Contains(form["word"], w.Value); !w.Chosen {
			continue
		}
		address := "model." + w.Name()
		if models = append(models, address); !w.Declared {
			do = append(do, api.EditStep{Do: "add", Block: address})
			set(address, "source", text(w.Value))
		}
	}
	if len(models) == 0 {
		f.Wrong = append(f.Wrong, "Wake words: choose at least one.")
	}
	for i := range f.STT {
		if f.STT[i].Chosen = slices.Contains(form["stt"], f.STT[i].Address); f.STT[i].Chosen {
			services = append(services, f.STT[i].Address)
		}
	}
	do = append(do, api.EditStep{Do: "add", Block: listener})
	set(listener, "device", api.EditStep{Expression: &device})
	set(listener, "models", list(models))
	if len(services) > 0 {
		set(listener, "deliver", list(services))
	}
	return do
}
