# Everything at once. Each seed picks some kinds of faults and draws them for fifty minutes; then nothing breaks any more, and
# ten minutes are left in which everything must be well again. Two hundred seeds are two hundred different bad hours.
#
#   orac sim examples/scenarios/swarm.hcl --seeds 1-200

scenario "swarm" {
  doc       = "Whatever fails, in whatever order: nothing is lost, and all is well in the end."
  runbook   = "kitchen.hcl"
  for       = "1h"
  heal      = "50m"
  inference = "modelled"
}

sound "command" {
  at     = "20s"
  every  = "30s"
  jitter = "10s"
}

# That a device is restarted often is an alert for an hour. In a bad hour it is true, and says nothing here.
change "watchdog" {
  restart_budget = 1000
}

# Memory is looked at more often than every five minutes, so that its health follows within the minute that is asked for below.
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
  doc     = "What waited for a service that is back is delivered within a minute."
  kinds   = ["stt_down", "stt_reset", "stt_slow", "stt_unauthorized", "disk_full", "disk_read_only"]
  from    = "end"
  means   = "delivered"
  recover = "1m"
}

# What must hold whatever happens.
steady "one_holder" {
  holds = holders <= 1
}

# And what must hold once nothing breaks any more. An incident may be open for longer: that a component was restarted more
# often than its budget allows is worth knowing for the whole hour that the budget is counted in.
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

# A swarm that never got here has not shown much.
sometimes "utterances_wait" {
  holds = waiting >= 2
}

sometimes "the_process_was_replaced" {
  holds = boots > 1
}

sometimes "deaf" {
  holds = health == "unhealthy"
}
