# The swarm for an appliance that acts: the home, its language model, the engine, the disk and the process fail, in whatever order, while others
# command the house.
#
#   orac sim examples/scenarios/swarm_acts.hcl --seeds 1-200

scenario "swarm_acts" {
  doc       = "Whatever fails, in whatever order: every command is answered, is done once at most, and nobody is told what is not true."
  runbook   = "acts.hcl"
  for       = "1h"
  heal      = "50m"
  inference = "modelled"
}

change "watchdog" {
  restart_budget = 1000
}

change "memory" {
  every = "30s"
}

caller "kitchen" {
  at     = "20s"
  every  = "30s"
  jitter = "10s"
  length = "5s"
}

caller "phone" {
  topic  = "general"
  at     = "25s"
  every  = "20s"
  jitter = "10s"
  length = "4s"
}

caller "tablet" {
  topic  = "general"
  at     = "30s"
  every  = "20s"
  jitter = "10s"
  length = "3s"
}

swarm {
  every = "45s"
  least = "500ms"
  most  = "30s"
}

steady "well" {
  healed = true
  holds  = health == "healthy"
  most   = "60s"
}

expect "once" {
  holds = asked >= 250 && served == asked && acted_twice == 0
}

sometimes "the_process_was_replaced" {
  holds = boots > 1
}
