# What understands speech runs in a process of its own, which may crash for reasons outside of ORAC. Here it dies, writes nonsense,
# or takes all memory, in the middle of commands and between them.
#
#   orac sim examples/scenarios/engine_dies.hcl --seeds 1-20

scenario "engine_dies" {
  doc       = "An engine that dies is back within three seconds, its command is understood within ten, and nothing is lost or understood twice."
  runbook   = "study.hcl"
  for       = "30m"
  inference = "modelled"
}

# That an engine is restarted so often is an alert, and says nothing here.
change "watchdog" {
  restart_budget = 1000
}

sound "command" {
  at     = "10s"
  every  = "15s"
  jitter = "3s"
}

fault "engine_dies" "in_a_command" {
  at     = "12s"
  every  = "45s"
  jitter = "10s"
}

fault "engine_trash" "nonsense" {
  at     = "27s"
  every  = "45s"
  jitter = "10s"
}

fault "engine_memory" "too_much" {
  at     = "42s"
  every  = "45s"
  jitter = "10s"
}

recovery "noticed" {
  kinds  = ["engine_dies", "engine_trash", "engine_memory"]
  detect = "3s"
}

recovery "understood" {
  kinds   = ["engine_dies", "engine_trash", "engine_memory"]
  means   = "delivered"
  recover = "10s"
}

steady "works_again" {
  holds = try(components["engine.local"], "healthy") != "unhealthy"
  most  = "3s"
}

# Hearing goes on whatever the engine does.
steady "hears" {
  holds = try(nodes["source.mic"].restarts, 0) == 0 && try(components["source.mic"], "healthy") == "healthy"
}

expect "all_of_them" {
  holds = delivered == recorded && recorded >= 100 && lost == 0 && duplicated == 0 && refused == 0 && waiting == 0 && missed == 0 && incidents >= 50 && health == "healthy"
}
