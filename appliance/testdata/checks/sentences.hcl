# Templates that are wrong, that come into each other's way, and that never match. Another topic with the same intent tells it once.
appliance "house" {}

topic "general" {
  intents = [intent.tea, intent.coffee, intent.late, intent.wrong]
}

topic "again" {
  intents = [intent.wrong]
}

vocabulary "drinks" {
  words = {
    tea    = []
    coffee = ["coffee", "a cup of coffee"]
  }
}

backend "kitchen" {
  protocol = "webhook"
  url      = "http://kitchen.test/do"
}

intent "tea" {
  sentences = ["(make|brew) [some] {drink}"]
  slots     = { drink = vocabulary.drinks }
  backend   = backend.kitchen
}

intent "coffee" {
  sentences = ["(brew|pour) coffee"]
  backend   = backend.kitchen
}

intent "late" {
  sentences = ["make some tea", "brew a cup of coffee"]
  backend   = backend.kitchen
}

intent "wrong" {
  sentences = ["make (tea", "[please]", "make {nothing}", "[a|b] [c|d] [e|f] [g|h] [i|j] [k|l] [m|n] [o|p] [q|r] [s|t] [u|v] [w|x] [y|z] make"]
  backend   = backend.kitchen
}
