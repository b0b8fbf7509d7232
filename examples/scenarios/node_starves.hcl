# A part of the graph gets no time to run while the microphone goes on. What it does not hear in time is dropped, the oldest first
# and counted: no queue grows beyond its bound, and hearing goes on as soon as the part does.
#
#   orac sim examples/scenarios/node_starves.hcl --seeds 1-20

scenario "node_starves" {
  doc       = "A part that does not run costs what was said meanwhile, and never memory."
  runbook   = "kitchen.hcl"
  for       = "30m"
  inference = "modelled"
}

# It is restarted each time, for good reason.
change "watchdog" {
  restart_budget = 1000
}

sound "command" {
  at     = "50s"
  every  = "1m"
  jitter = "5s"
}

fault "node_starve" "features" {
  target = "features.mic"
  at     = "90s"
  for    = "8s"
  every  = "3m"
}

recovery "runs_again" {
  after   = [fault.node_starve.features]
  from    = "end"
  recover = "3s"
}

sometimes "full" {
  doc   = "Otherwise nothing was shown."
  holds = nodes["features.mic"].dropped > 0
}

expect "hears_on" {
  holds = missed == 0 && false_wakes == 0 && lost == 0 && duplicated == 0 && waiting == 0 && open == 0
}
