package language

// Locals returns the block type of named values, for the registry of a language whose files are
// called noun.
func Locals(noun string) *BlockType {
	return &BlockType{
		Type: "locals", FreeForm: true, binds: "local",
		Doc: "Named values, used as local.NAME. A " + noun + " may have several of these blocks. Each name may be given once.",
		Example: `locals {
  stt_host = "stt.local"
}`,
		Attributes: []Attribute{
			{Name: "NAME", Kind: Any, Gives: Tunes, OnChange: InPlace, Secret: SecretAllowed, Doc: "Any expression. It may use other locals, variables and blocks."},
		},
	}
}

// Variable is the block type of values from outside, for the registry of a language.
func Variable() *BlockType {
	return &BlockType{
		Type: "variable", Named: true, binds: "var",
		Doc: "A value given from outside, used as var.NAME. It comes from --var NAME=VALUE, otherwise from the environment variable ORAC_VAR_NAME, otherwise from its default.",
		Example: `variable "stt_host" {
  type        = string
  default     = "stt.local"
  description = "The machine that runs ORAC STT."
}`,
		Attributes: []Attribute{
			{Name: "type", Kind: Keyword, Gives: Tunes, OnChange: InPlace, Default: "string", Values: []string{"string", "number", "bool"},
				Doc: "The type that the value is converted to."},
			{Name: "default", Kind: Any, Gives: Tunes, OnChange: InPlace, Secret: SecretAllowed, Example: `"stt.local"`,
				Doc: "The value if none is given. Without a default, a value must be given. A default may call functions, but not refer to other blocks."},
			{Name: "sensitive", Kind: Bool, Gives: Tunes, OnChange: InPlace, Default: "false",
				Doc: "Whether the value is a secret. If it is, the default may not be written out in the file."},
			{Name: "description", Kind: String, Gives: Tunes, OnChange: InPlace, Doc: "What the variable is for.", Example: `"The machine that runs ORAC STT."`},
		},
	}
}
