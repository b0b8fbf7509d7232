# A speech-to-text server that fails on one command for ever, and answers all others: it says 500 to the first, hangs on the
# second, and resets the connection of the third. Each is set aside after some tries, and the next ones are delivered in order.
#
#   orac sim examples/scenarios/stt_poison.hcl --seeds 1-20

scenario "stt_poison" {
  doc       = "One command that a healthy server cannot digest stops no other for long."
  runbook   = "kitchen.hcl"
  for       = "35m"
  inference = "modelled"
}

sound "command" {
  at     = "30s"
  every  = "30s"
  jitter = "5s"
}

fault "stt_poison" "error" {
  at  = "2m"
  for = "8m"
}

fault "stt_poison" "hang" {
  at  = "12m"
  for = "8m"
  way = "hang"
}

fault "stt_poison" "reset" {
  at  = "22m"
  for = "8m"
  way = "reset"
}

steady "nobody_waits_long" {
  doc   = "All that is said is delivered or set aside within bounded tries, while the server still fails on the one."
  holds = waiting == 0
  most  = "3m"
}

steady "hears_on" {
  holds = health != "unhealthy" && restarts == 0
}

expect "three_aside" {
  doc   = "The three are kept, and an incident tells of each."
  holds = refused == 3 && incidents >= 3 && open == 0
}

expect "the_others_delivered" {
  holds = lost == 0 && missed == 0 && waiting == 0 && duplicated == 0 && delivered == recorded - 3
}
