# Somebody speaks without taking breath: the next wake word comes before a pre-roll has passed since the last command. Each sample
# belongs to one recording, and none is missing between them.
#
#   orac sim examples/scenarios/breathless.hcl --seeds 1-20

scenario "breathless" {
  doc       = "Commands one right after the other: each recording begins where the one before it has ended."
  runbook   = "kitchen.hcl"
  for       = "5m"
  inference = "modelled"
}

sound "command" {
  at      = "10s"
  every   = "2900ms"
  command = "1s"
}

expect "each_is_delivered" {
  holds = recorded > 80 && delivered == recorded && missed == 0 && lost == 0 && waiting == 0
}
