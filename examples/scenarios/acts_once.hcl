# Four others command the house: two send what they heard, two ask with texts. Meanwhile the process is killed again and again, at any
# moment: before a text is understood, between understanding and acting, and while the home does it. Each command is done once at most, and
# what is said of it is true.
#
#   orac sim examples/scenarios/acts_once.hcl --seeds 1-20

scenario "acts_once" {
  doc       = "A process that is killed between understanding and acting does nothing twice, and never says that it did what nobody did."
  runbook   = "acts.hcl"
  for       = "20m"
  inference = "modelled"
}

change "watchdog" {
  restart_budget = 1000
}

caller "kitchen" {
  at     = "10s"
  every  = "9s"
  jitter = "4s"
  length = "5s"
}

caller "hall" {
  at     = "12s"
  every  = "9s"
  jitter = "4s"
  length = "3s"
}

caller "phone" {
  topic  = "general"
  at     = "11s"
  every  = "5s"
  jitter = "4s"
  length = "2s"
}

caller "tablet" {
  topic  = "general"
  at     = "13s"
  every  = "5s"
  jitter = "4s"
  length = "4s"
}

fault "kill" "at_any_moment" {
  at     = "30s"
  every  = "20s"
  jitter = "15s"
  for    = "1s"
}

fault "power_loss" "now_and_then" {
  at     = "4m"
  every  = "5m"
  jitter = "1m"
  for    = "3s"
}

# The home takes its time, so that many a kill comes while it does what it was asked.
fault "backend_slow" "thinks" {
  at    = "20s"
  every = "5m"
  for   = "4m30s"
  delay = "700ms"
}

# Of a call that was under way nobody knows whether the home has done it: it is told so, and not sent again.
expect "once" {
  holds = served == asked && acted_twice == 0
}

expect "nearly_all" {
  holds = asked >= 600 && acted >= asked - 90
}

sometimes "the_process_was_replaced" {
  holds = boots > 20
}
