# The audio server (PulseAudio, PipeWire) ends and is started again, as an upgrade of the system does it.
#
#   orac sim examples/scenarios/audio_restart.hcl
#   orac chaos examples/scenarios/audio_restart.hcl

scenario "audio_restart" {
  doc       = "When the audio server is back, so is the sound."
  runbook   = "kitchen.hcl"
  for       = "5m"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

sound "command" {
  at    = "20s"
  every = "30s"
}

fault "audio_down" "upgrade" {
  at  = "1m"
  for = "8s"
}

recovery "back" {
  after   = [fault.audio_down.upgrade]
  from    = "end"
  recover = "3s"
}

expect "heard" {
  holds = missed == 0 && lost == 0 && leaked == 0 && health == "healthy"
}
