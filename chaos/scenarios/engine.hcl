# The process that understands speech dies, hangs, writes nonsense and takes too much memory, each in the middle of a command.
#
#   orac chaos chaos/scenarios/engine.hcl
#   orac sim chaos/scenarios/engine.hcl --seeds 1-20

scenario "engine" {
  doc       = "An engine that is killed during a command: its text comes within ten seconds, and nothing is lost or understood twice."
  runbook   = "../../examples/scenarios/study.hcl"
  for       = "90s"
  heal      = "75s"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

change "watchdog" {
  restart_budget = 100
}

sound "command" {
  at    = "4s"
  every = "12s"
}

# The first command loads the model. The second begins at 16 s.
fault "engine_dies" "in_a_command" {
  at     = "18s"
  jitter = "500ms"
}

# Partial texts are made about once a second. It depends on which of them meets the hang how long the engine may take: the draw covers both.
fault "engine_hangs" "in_a_command" {
  at     = "29500ms"
  jitter = "1s"
}

fault "engine_trash" "in_a_command" {
  at     = "42s"
  jitter = "500ms"
}

fault "engine_memory" "in_a_command" {
  at     = "54s"
  jitter = "500ms"
}

recovery "understood" {
  kinds   = ["engine_dies", "engine_hangs", "engine_trash", "engine_memory"]
  means   = "delivered"
  recover = "10s"
}

steady "hears_on" {
  holds = restarts == 0 && boots == 1
}

expect "nothing_lost" {
  holds = lost == 0 && duplicated == 0 && missed == 0 && waiting == 0 && recorded >= 6 && delivered == recorded
}
