# Somebody says the wake word while the appliance answers: a microphone that does not hear its speaker lets people interrupt.
#
#   orac sim examples/scenarios/barge_in.hcl --seeds 1-20

scenario "barge_in" {
  doc       = "A wake word ends an answer within 200 ms, also while Home Assistant answers, and the next command is understood."
  runbook   = "parlour.hcl"
  for       = "8m"
  heal      = "6m"
  inference = "modelled"
}

change "listener.parlour" {
  barge_in = true
}

sound "command" {
  at    = "10s"
  every = "20s"
}

sound "interrupts" {
  at     = "14s"
  every  = "20s"
  jitter = "500ms"
}

# From then on the appliance itself answers.
fault "home_gone" "away" {
  at  = "3m"
  for = "3m"
}

steady "at_once" {
  holds = barge_in_after <= 0.2 && chime_after <= 0.4
}

expect "interrupted" {
  holds = sounds_ended >= 6 && missed == 0 && false_wakes == 0 && lost == 0 && duplicated == 0
}

expect "both_answer" {
  holds = home_asked >= 10 && delivered >= 10 && delivered == recorded
}
