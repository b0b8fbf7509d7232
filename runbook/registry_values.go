package runbook

// Locals is the block type of values with a name, for the registry of a language
// whose files are called noun.
func Locals(noun string) *BlockType {
	return &BlockType{
		Type: "locals", FreeForm: true, binds: "local",
		Doc: "Values with a name, used as local.NAME. A " + noun + " may have several of these blocks; every name once.",
		Example: `locals {
  stt_host = "stt.local"
}`,
		Attributes: []Attribute{
			{Name: "NAME", Kind: Any, Gives: Tunes, OnChange: InPlace, Secret: SecretAllowed, Doc: "Any expression; other locals, variables and blocks may be used in it."},
		},
	}
}

// Variable is the block type of values from outside, for the registry of a language.
func Variable() *BlockType {
	return &BlockType{
		Type: "variable", Named: true, binds: "var",
		Doc: "A value that comes from outside, used as var.NAME: from --var NAME=VALUE, else from the environment variable ORAC_VAR_NAME, else from its default.",
		Example: `variable "stt_host" {
  type        = string
  default     = "stt.local"
  description = "The machine that runs ORAC STT."
}`,
		Attributes: []Attribute{
			{Name: "type", Kind: Keyword, Gives: Tunes, OnChange: InPlace, Default: "string", Values: []string{"string", "number", "bool"},
				Doc: "The type that the value is converted to."},
			{Name: "default", Kind: Any, Gives: Tunes, OnChange: InPlace, Secret: SecretAllowed, Example: `"stt.local"`,
				Doc: "The value when none is given; without it the variable must be given. It may call functions, but refer to nothing."},
			{Name: "sensitive", Kind: Bool, Gives: Tunes, OnChange: InPlace, Default: "false",
				Doc: "Whether the value is a secret; its default may then not be a literal."},
			{Name: "description", Kind: String, Gives: Tunes, OnChange: InPlace, Doc: "What the variable is for.", Example: `"The machine that runs ORAC STT."`},
		},
	}
}
