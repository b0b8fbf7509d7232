# A Wyoming satellite of Home Assistant, which goes away in each phase of a run, never begins or answers one, says everything twice, says what
# fits nothing, is joined by another, and stops in the middle of an answer.
#
#   orac sim examples/scenarios/wyoming_satellite.hcl --seeds 1-20

scenario "wyoming_satellite" {
  doc       = "Each command is answered by Home Assistant, or by this appliance, or said to be lost; never by both, and none late. What Home Assistant has heard a part of goes to nobody else. It serves again within ten seconds of its return."
  runbook   = "lounge.hcl"
  for       = "30m"
  heal      = "27m"
  inference = "modelled"
}

sound "command" {
  at     = "10s"
  every  = "14s"
  jitter = "3s"
}

steady "prompt" {
  doc   = "A chime follows a wake word within 150 ms."
  holds = chime_after <= 0.15 || time > 120
}

fault "home_gone" "away" {
  at     = "2m"
  every  = "6m"
  jitter = "10s"
  for    = "40s"
}

fault "home_gone" "asked" {
  at     = "3m"
  every  = "6m"
  jitter = "10s"
  for    = "25s"
  way    = "asked"
}

fault "home_gone" "listening" {
  at     = "4m"
  every  = "6m"
  jitter = "10s"
  for    = "25s"
  way    = "listening"
}

fault "home_gone" "thinking" {
  at     = "5m"
  every  = "6m"
  jitter = "10s"
  for    = "25s"
  way    = "thinking"
}

fault "home_gone" "answering" {
  at     = "6m"
  every  = "6m"
  jitter = "10s"
  for    = "25s"
  way    = "answering"
}

fault "home_hangs" "asked" {
  at    = "7m"
  every = "8m"
  for   = "20s"
  way   = "asked"
}

fault "home_hangs" "listening" {
  at    = "9m10s"
  every = "8m"
  for   = "20s"
  way   = "listening"
}

fault "home_hangs" "thinking" {
  at    = "11m10s"
  every = "8m"
  for   = "20s"
  way   = "thinking"
}

fault "home_hangs" "answering" {
  at    = "12m40s"
  every = "8m"
  for   = "20s"
  way   = "answering"
}

fault "home_twice" "twice" {
  at    = "13m30s"
  every = "8m"
  for   = "40s"
}

fault "home_trash" "raves" {
  at    = "14m30s"
  every = "8m"
  for   = "25s"
}

fault "home_crowd" "two" {
  at    = "15m40s"
  every = "8m"
  for   = "25s"
}

fault "sound_stall" "half_a_sound" {
  at    = "16m10s"
  every = "8m"
  for   = "30s"
}

fault "kill" "killed" {
  at  = "23m"
  for = "30s"
}

steady "serves_again" {
  doc   = "Home Assistant serves the satellite within ten seconds of its return."
  holds = home_serves == 1 || faults > 0
  most  = "10s"
}

steady "hears_on" {
  holds = try(nodes["trigger.lounge"].restarts, 0) == 0 && try(nodes["source.mic"].restarts, 0) == 0
}

expect "somebody_answers" {
  doc   = "What Home Assistant did not take, this appliance understands."
  holds = home_answered >= 45 && home_handed >= 5 && delivered >= home_handed - 2 && delivered == recorded
}

expect "little_is_lost" {
  holds = home_lost <= 30 && lost == 0 && duplicated == 0 && missed == 0 && false_wakes == 0
}

expect "soon" {
  holds = chime_after <= 0.5
}

sometimes "away" {
  holds = home_serves == 0
}

sometimes "lost" {
  holds = home_lost >= 1
}
