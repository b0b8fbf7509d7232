package main

import (
	"github.com/spf13/cobra"

	"orac/appliance"
	"orac/appliance/graph"
)

func (a *app) graphCommand() *cobra.Command {
	var dot bool
	c := &cobra.Command{
		Use:   "graph",
		Short: "draw the graph that a runbook becomes when it runs",
		Example: `  orac graph
  orac graph --dot | dot -Tsvg > graph.svg
  orac graph --json | jq '.nodes[].address'`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			rb, err := a.load()
			if err != nil {
				return err
			}
			graph, err := graph.Compile(rb)
			if err != nil {
				if problems := appliance.Check(rb); problems.HasErrors() { // Check names the place
					return a.diagnose(problems)
				}
				return failed(err)
			}
			switch {
			case a.json:
				return a.printJSON(graph)
			case dot:
				graph.DOT(a.out)
			default:
				graph.Print(a.out)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&dot, "dot", false, "print it for Graphviz")
	return a.withJSON(a.withFile(c))
}
