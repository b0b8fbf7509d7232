package graph

import (
	"fmt"
	"slices"

	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/runbook"
)

// LanguageModel is the name of the kind.
const LanguageModel Name = "language_model"

// ModelService is how a language model is reached.
type ModelService struct {
	Model runbook.LanguageModel `of:"language_model"`
}

func languageModels() *Kind {
	return built(Kind{
		Name: LanguageModel, Role: Serves, Words: "chooses among the commands that are possible, when no sentence fits; one question at a time",
		Health: distant, Reads: []string{questions.Name},
		add: addLanguageModels,
	}, buildLanguageModel)
}

func addLanguageModels(c *compiler, k *Kind) {
	for _, m := range c.Runbook.LanguageModels {
		if !slices.ContainsFunc(Acting(c.Runbook), func(t runbook.Topic) bool { return t.LanguageModel == m.Address }) {
			continue
		}
		c.add(Node{
			Address: At(LanguageModel, m.Name), Kind: k, Block: m.Address, Detail: fmt.Sprintf("%s at %s, timeout %v", m.Model, brief(m.URL), m.Timeout),
			Identity: nothing{}, Settings: ModelService{m},
		})
	}
}

func buildLanguageModel(a *Assembly, n *Node, _ nothing, s ModelService) (node.Node, error) {
	if a.LanguageModel == nil {
		return nil, fmt.Errorf("%s: no language model can be asked here", n.Address)
	}
	client, err := a.LanguageModel(s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Address, err)
	}
	c := node.LanguageModelConfig{Client: client, URL: brief(s.Model.URL), Timeout: s.Model.Timeout, Queue: s.Model.Queue}
	return &node.LanguageModel{Name: n.Address, Model: s.Model.Name, Config: rt.NewCell(c), Asks: questions.inbox(a, n.Address), Events: a.Events(n.Address)}, nil
}
