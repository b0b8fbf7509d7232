# A change of the microphone's settings looks good, and the audio server goes away the moment that it is made. The change does
# not prove itself and is taken back, all of it: what runs afterwards is what ran before.
#
#   orac sim examples/scenarios/apply_fails.hcl

scenario "apply_fails" {
  doc       = "A change that does not do well is taken back, and what ran before runs on."
  runbook   = "kitchen.hcl"
  for       = "6m"
  inference = "modelled"
}

change "apply" {
  health_gate = "5s"
}

sound "command" {
  at    = "20s"
  every = "20s"
}

fault "apply" "microphone" {
  at    = "2m"
  block = "device.microphone.mic"
  set   = { start_timeout = "6s" }
}

fault "audio_down" "just_then" {
  at  = "120100ms"
  for = "20s"
}

recovery "back" {
  after   = [fault.audio_down.just_then]
  from    = "end"
  recover = "3s"
}

expect "taken_back" {
  holds = applied == 0 && rolled_back == 1 && generation == 1
}

expect "heard" {
  holds = missed == 0 && lost == 0 && duplicated == 0 && waiting == 0 && leaked == 0 && health == "healthy"
}
