# An engine that loops for ever looks like one that works. It is given a time that depends on the length of the sound; then its
# process is killed, another one loads the model, and the recording is tried again.
#
#   orac sim examples/scenarios/engine_hangs.hcl --seeds 1-20

scenario "engine_hangs" {
  doc       = "An engine that hangs is replaced, its command is understood within ten seconds, and nothing is lost or understood twice."
  runbook   = "study.hcl"
  for       = "30m"
  inference = "modelled"
}

change "watchdog" {
  restart_budget = 1000
}

# Commands of two seconds: an engine that hangs is given four.
sound "command" {
  at      = "20s"
  every   = "30s"
  jitter  = "5s"
  command = "1s"
}

# While it loads, while the person speaks, or when they have spoken. The model has been loaded once before, so that it is known how long
# that takes here.
fault "engine_hangs" "at_the_command" {
  at     = "52500ms"
  every  = "90s"
  jitter = "5s"
}

fault "engine_slow" "for_a_while" {
  at    = "10m"
  for   = "2m"
  delay = "6s"
}

# The process is found to hang when somebody needs it.
recovery "understood" {
  after   = [fault.engine_hangs.at_the_command]
  means   = "delivered"
  recover = "10s"
}

steady "hears" {
  holds = try(nodes["source.mic"].restarts, 0) == 0 && try(components["source.mic"], "healthy") == "healthy"
}

sometimes "it_hung" {
  holds = try(components["engine.local"], "healthy") == "unhealthy"
}

expect "all_of_them" {
  holds = delivered == recorded && recorded >= 50 && lost == 0 && duplicated == 0 && refused == 0 && waiting == 0 && missed == 0 && health == "healthy"
}
