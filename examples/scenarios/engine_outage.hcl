# For an hour the model of the engine cannot be loaded: a card that gives errors, a file of another version. Commands wait in the
# spool, the health says why, and all of them are understood when the model is back.
#
#   orac sim examples/scenarios/engine_outage.hcl

scenario "engine_outage" {
  doc       = "While an engine cannot be started, commands wait; when it can, all of them are understood, in order and once."
  runbook   = "study.hcl"
  for       = "90m"
  heal      = "75m"
  inference = "modelled"
}

change "watchdog" {
  restart_budget = 1000
}

sound "command" {
  at     = "20s"
  every  = "1m"
  jitter = "20s"
}

fault "engine_broken" "no_model" {
  at  = "5m"
  for = "1h"
}

# The engine may have been loaded before.
fault "engine_dies" "first" {
  at = "5m1s"
}

recovery "told" {
  after  = [fault.engine_broken.no_model]
  detect = "5s"
}

recovery "understood" {
  after   = [fault.engine_broken.no_model]
  from    = "end"
  means   = "delivered"
  recover = "1m"
}

steady "hears" {
  holds = try(nodes["source.mic"].restarts, 0) == 0 && try(components["source.mic"], "healthy") == "healthy"
}

sometimes "they_wait" {
  holds = waiting >= 40 && health == "degraded"
}

expect "all_of_them" {
  holds = delivered == recorded && lost == 0 && duplicated == 0 && refused == 0 && waiting == 0 && missed == 0 && health == "healthy"
}
