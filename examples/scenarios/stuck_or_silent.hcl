# A quiet room is no broken microphone. Digital silence lasts as long as it likes and nothing may be restarted for it; frames
# that are identical bit for bit and not silent come from a driver that hangs.
#
#   orac sim examples/scenarios/stuck_or_silent.hcl

scenario "stuck_or_silent" {
  doc       = "A stuck level is noticed within 35 s; true silence is no fault."
  runbook   = "kitchen.hcl"
  for       = "20m"
  inference = "modelled"
}

sound "command" {
  at    = "30s"
  every = "2m"
}

fault "silence" "night" {
  at  = "1m"
  for = "6m"
}

fault "stuck" "driver" {
  at  = "9m"
  for = "65s"
}

# Until the driver hangs, at 540 s, nothing has happened.
steady "silence_is_no_fault" {
  holds = time >= 540 || health == "healthy" && restarts == 0 && incidents == 0
}

recovery "stuck_is_noticed" {
  after  = [fault.stuck.driver]
  detect = "35s"
}

recovery "sound_flows" {
  after   = [fault.stuck.driver]
  from    = "end"
  recover = "10s"
}

expect "heard" {
  holds = missed == 0 && lost == 0 && health == "healthy"
}
