package main

import (
	"github.com/spf13/cobra"
)

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "print the script that lets a shell complete commands and flags",
		Example: `  source <(orac completion bash)                                      this shell only
  mkdir -p ~/.local/share/bash-completion/completions
  orac completion bash > ~/.local/share/bash-completion/completions/orac
  orac completion zsh > "${fpath[1]}/_orac"                           zsh; needs: autoload -U compinit; compinit
  mkdir -p ~/.config/fish/completions
  orac completion fish > ~/.config/fish/completions/orac.fish`,
		Args:                  cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs:             []cobra.Completion{"bash", "zsh", "fish"},
		DisableFlagsInUseLine: true,
		RunE: func(c *cobra.Command, args []string) error {
			switch args[0] {
			case "bash":
				return failed(c.Root().GenBashCompletionV2(a.out, true))
			case "zsh":
				return failed(c.Root().GenZshCompletion(a.out))
			}
			return failed(c.Root().GenFishCompletion(a.out, true))
		},
	}
}
