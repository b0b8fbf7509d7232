# The swarm for an appliance that understands what it hears by itself: its engine dies, hangs, grows and answers late beside
# everything else that breaks.
#
#   orac sim examples/scenarios/swarm_engine.hcl --seeds 1-200

scenario "swarm_engine" {
  doc       = "Whatever fails, in whatever order: nothing is lost, and all is well in the end."
  runbook   = "study.hcl"
  for       = "1h"
  heal      = "50m"
  inference = "modelled"
}

sound "command" {
  at     = "20s"
  every  = "30s"
  jitter = "10s"
}

change "watchdog" {
  restart_budget = 1000
}

change "memory" {
  every = "30s"
}

swarm {
  every = "45s"
  least = "500ms"
  most  = "30s"
}

recovery "any_single_failure" {
  doc     = "Any failure is recovered from within 10 s of its end. Where two overlap, the clock stands until the later one is over."
  from    = "end"
  recover = "10s"
}

recovery "delivered" {
  doc     = "What waited for the engine or the disk is understood within a minute."
  kinds   = ["engine_dies", "engine_hangs", "engine_memory", "engine_trash", "engine_slow", "engine_broken", "disk_full", "disk_read_only"]
  from    = "end"
  means   = "delivered"
  recover = "1m"
}

steady "one_holder" {
  holds = holders <= 1
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

sometimes "utterances_wait" {
  holds = waiting >= 1 && lookup(components, "engine.local", "healthy") != "healthy"
}

sometimes "the_process_was_replaced" {
  holds = boots > 1
}

sometimes "the_engine_was_replaced" {
  holds = try(components["engine.local"], "healthy") == "unhealthy"
}
