package graph

import (
	"slices"
	"strings"

	"orac/appliance/node"
	"orac/appliance/notify"
	"orac/appliance/outbox"
	"orac/appliance/rt"
	"orac/runbook"
	"orac/runbook/language"
)

// Webhook is the name of the kind.
const Webhook Name = "webhook"

type webhookSettings struct {
	Webhook   runbook.Webhook `of:"webhook"`
	Appliance Sender          `of:"appliance"`
	Disk      struct {
		Address  runbook.Address
		KeepFree language.Size `hcl:"keep_free"`
	} `of:"disk"`
	Models    []hooked `of:"model"`
	Listeners []hears  `of:"listener"` // that the webhook names
}

// hooked is a model that may name a webhook.
type hooked struct {
	Address runbook.Address
	Name    string
	Webhook runbook.Address `hcl:"webhook"`
}

// hears is what a listener hears.
type hears struct {
	Address runbook.Address
	Device  runbook.Address `hcl:"device"`
}

func webhooks() *Kind {
	return built(Kind{
		Name: Webhook, Role: Tells, Words: "tells another program what happens, in order, until it has accepted it",
		Health: distant, Reads: []string{wakes.Name, happens.Name, hookTasks.Name}, Writes: []string{tokens.Name},
		add: addWebhooks,
	}, buildWebhook)
}

// addWebhooks adds the webhooks that have something to report: they list events, or models name them.
func addWebhooks(c *compiler, k *Kind) {
	for _, w := range c.Runbook.Webhooks {
		address := At(Webhook, w.Name)
		var from []string
		for _, l := range c.Runbook.Listeners {
			names := func(m runbook.Model) bool { return m.Webhook == w.Address }
			told := slices.Contains(w.Events, "wake") && (len(w.Listeners) == 0 || slices.Contains(w.Listeners, l.Address))
			if models := Enabled(c.Runbook, l); len(models) > 0 && told || slices.ContainsFunc(models, names) {
				from = append(from, At(Trigger, l.Name))
			}
		}
		if len(from) == 0 && len(w.Events) == 0 {
			continue
		}
		s := webhookSettings{Webhook: w, Appliance: see[Sender](c.Runbook.Appliance)}
		fill(&s.Disk, c.Runbook.Disk)
		for _, m := range c.Runbook.Models {
			s.Models = append(s.Models, see[hooked](m))
		}
		for _, a := range w.Listeners {
			l, _ := c.Runbook.Listener(a)
			s.Listeners = append(s.Listeners, see[hears](l))
		}
		detail := "timeout " + w.Timeout.String()
		if len(w.Events) > 0 {
			detail = strings.Join(w.Events, ", ") + ", " + detail
		}
		c.add(Node{Address: address, Kind: k, Block: w.Address, Detail: detail, Identity: nothing{}, Settings: s})
		for _, trigger := range from {
			wakes.connect(c, trigger, address)
		}
		for _, n := range c.Nodes {
			if r := n.Kind.Role; len(w.Events) > 0 && (r == Records || r == Keeps || r == Delivers || n.Kind.Name == Topic) {
				happens.connect(c, n.Address, address)
			}
		}
	}
}

func buildWebhook(a *Assembly, n *Node, _ nothing, s webhookSettings) (node.Node, error) {
	w := s.Webhook
	client, err := a.Hook(w, a.tokens(s))
	if err != nil {
		return nil, err
	}
	c := node.WebhookConfig{
		Client: client, Make: notify.FormOf(w).Make, Kinds: w.Events, Listeners: names(w.Listeners), MaxDelay: w.MaxRetryDelay,
		Limits:    outbox.Limits{Bytes: int64(w.Queue), KeepFree: int64(s.Disk.KeepFree), Keep: w.Keep},
		Appliance: s.Appliance.Name, InstanceID: s.Appliance.id(a.Host),
	}
	for _, m := range s.Models {
		if m.Webhook == w.Address {
			c.Models = append(c.Models, m.Name)
		}
	}
	for _, l := range s.Listeners {
		c.Devices = append(c.Devices, l.Device.Name())
	}
	return &node.Webhook{
		Name: n.Address, Hook: w.Name, FS: a.FS, Turn: a.Turn, Age: a.Age, Config: rt.NewCell(c),
		In: wakes.inbox(a, n.Address), News: happens.inbox(a, n.Address), Requests: hookTasks.inbox(a, n.Address), Events: a.Events(n.Address),
	}, nil
}
