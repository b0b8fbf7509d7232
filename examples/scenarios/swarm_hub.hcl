# The swarm for an appliance that understands what others hear, and hands it to a Core: its engine and its disk fail, Core goes away, answers
# late and cuts connections, and the process is killed, all while three other appliances send what they hear.
#
#   orac sim examples/scenarios/swarm_hub.hcl --seeds 1-200

scenario "swarm_hub" {
  doc       = "Whatever fails, in whatever order: every command is answered, and Core has each text once, in order."
  runbook   = "hub.hcl"
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

caller "hall" {
  at     = "25s"
  every  = "30s"
  jitter = "10s"
  length = "4s"
}

caller "study" {
  at     = "30s"
  every  = "30s"
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

expect "nothing_lost" {
  holds = asked >= 200 && served == asked && acted_twice == 0
}

sometimes "texts_wait" {
  holds = served >= acted + 3
}

sometimes "the_process_was_replaced" {
  holds = boots > 1
}
