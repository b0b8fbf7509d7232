# The swarm for an appliance among Wyoming services: the service that it uses and its own engine fail, and clients crowd its own service,
# beside everything else that breaks.
#
#   orac sim examples/scenarios/swarm_wyoming.hcl --seeds 1-200

scenario "swarm_wyoming" {
  doc       = "Whatever fails, in whatever order: nothing is lost, every client is answered in the end, and all is well."
  runbook   = "den.hcl"
  for       = "1h"
  heal      = "50m"
  inference = "modelled"
}

sound "command" {
  at     = "20s"
  every  = "30s"
  jitter = "10s"
}

caller "kitchen" {
  wyoming = "speech"
  at      = "25s"
  every   = "40s"
  jitter  = "10s"
  length  = "4s"
}

change "memory" {
  every = "30s"
}

swarm {
  every = "45s"
  least = "500ms"
  most  = "30s"
}

recovery "delivered" {
  doc     = "What waited for the service, the engine or the disk is understood within a minute."
  from    = "end"
  means   = "delivered"
  recover = "1m"
}

steady "well" {
  healed = true
  holds  = health == "healthy"
  most   = "60s"
}

expect "nothing_lost" {
  holds = lost == 0 && duplicated == 0 && waiting == 0
}

expect "heard" {
  doc   = "What was said while it could hear was heard, and nothing else was."
  holds = missed == 0 && false_wakes == 0
}

expect "everybody_is_answered" {
  holds = asked >= 60 && served == asked
}

sometimes "the_service_is_away" {
  holds = lookup(components, "stt.whisper", "healthy") != "healthy"
}

sometimes "utterances_wait" {
  holds = waiting >= 1
}

sometimes "the_process_was_replaced" {
  holds = boots > 1
}
