locals {
  loop = "x"
}

scenario "bad" {
  runbook = "kitchen.hcl"
  for     = "20m"
}

variable "pin" {
  sensitive = true
}

steady "word" {
  holds = losst == 0
}

steady "part" {
  holds = nodes["source.usb"].stat == ""
}

steady "number" {
  holds = nodes["source.usb"].restarts
}

steady "loop" {
  holds = !contains([for k, n in nodes : n.stat], "leaked")
}

steady "secret" {
  holds = secret("x") == ""
}

steady "function" {
  holds = jsonencode(nodes) == ""
}

steady "simple" {
  holds = lost.count == 0
}

steady "local" {
  holds = local.lop == health
}

steady "variable" {
  holds = var.pin == health
}

steady "dear" {
  holds = [for a in nodes : [for b in nodes : [for c in nodes : c.taken]]] == []
}

steady "nothing" {
  holds = null
}

steady "block" {
  holds = scenario.bad.for == ""
}
