# A satellite of Home Assistant, which goes away in each phase of a run, never ends one, says everything twice and what fits nothing, is joined by
# another, and serves sounds that stop in the middle. A client of the native API stands in for it, and the speaker is recorded.
#
#   orac chaos chaos/scenarios/satellite.hcl
#   orac sim chaos/scenarios/satellite.hcl --seeds 1-20

scenario "satellite" {
  doc       = "Each command is answered by Home Assistant, or by this appliance, or said to be lost; never by both. Home Assistant serves again within ten seconds of its return."
  runbook   = "../../examples/scenarios/parlour.hcl"
  for       = "170s"
  heal      = "145s"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

sound "command" {
  at      = "4s"
  every   = "9s"
  command = "2s"
}

fault "home_gone" "away" {
  at  = "11s"
  for = "9s"
}

fault "home_gone" "asked" {
  at  = "25s"
  for = "8s"
  way = "asked"
}

fault "home_gone" "listening" {
  at  = "38s"
  for = "8s"
  way = "listening"
}

fault "home_gone" "thinking" {
  at  = "52s"
  for = "9s"
  way = "thinking"
}

fault "home_gone" "answering" {
  at  = "65s"
  for = "9s"
  way = "answering"
}

fault "home_twice" "twice" {
  at  = "78s"
  for = "9s"
}

fault "home_trash" "raves" {
  at  = "90s"
  for = "8s"
}

fault "home_crowd" "two" {
  at  = "100s"
  for = "8s"
}

fault "home_hangs" "asked" {
  at  = "110s"
  for = "8s"
  way = "asked"
}

fault "home_hangs" "answering" {
  at  = "121s"
  for = "8s"
  way = "answering"
}

fault "sound_stall" "half_a_sound" {
  at  = "131s"
  for = "9s"
}

steady "adopted" {
  doc   = "Home Assistant serves the satellite within ten seconds of its return."
  holds = home_serves == 1 || faults > 0
  most  = "10s"
}

steady "hears_on" {
  holds = restarts == 0 && boots == 1 && health != "unhealthy"
}

expect "somebody_answers" {
  doc   = "What Home Assistant did not take, this appliance understands."
  holds = home_answered >= 4 && home_handed >= 2 && delivered == recorded && delivered >= 2
}

expect "little_is_lost" {
  holds = home_lost <= 5 && lost == 0 && duplicated == 0 && false_wakes == 0
}

sometimes "away" {
  holds = home_serves == 0
}
