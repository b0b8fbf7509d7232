# The collector of traces is away, slow, in trouble, knows the credentials no more, and answers without end. Commands are understood and
# done as ever: nothing waits for it. A bounded number of spans waits; the rest is dropped, and counted.
#
#   orac sim examples/scenarios/traces.hcl --seeds 1-20

scenario "traces" {
  doc       = "Whatever the collector of traces does, nothing is understood or done later or less, and what it misses is counted."
  runbook   = "acts.hcl"
  for       = "45m"
  inference = "modelled"
}

# An outage of ten minutes is more than fits.
change "traces" {
  queue = 64
}

caller "kitchen" {
  at     = "10s"
  every  = "12s"
  jitter = "4s"
  length = "5s"
}

caller "phone" {
  topic  = "general"
  at     = "11s"
  every  = "7s"
  jitter = "4s"
  length = "2s"
}

fault "collector_down" "ten_minutes" {
  at  = "5m"
  for = "10m"
}

fault "collector_slow" "overloaded" {
  at    = "18m"
  for   = "5m"
  delay = "20s"
}

fault "collector_error" "in_trouble" {
  at  = "26m"
  for = "3m"
}

fault "collector_denied" "another_token" {
  at  = "32m"
  for = "2m"
}

fault "collector_flood" "endless" {
  at  = "37m"
  for = "2m"
}

recovery "noticed" {
  doc    = "Three failures in a row are told; credentials that are not valid at once."
  kinds  = ["collector_down", "collector_error", "collector_denied"]
  detect = "60s"
}

recovery "taken_again" {
  doc     = "The longest pause between two tries is 30 s."
  kinds   = ["collector_down", "collector_slow", "collector_error", "collector_denied"]
  from    = "end"
  means   = "health"
  recover = "40s"
}

steady "never_worse_than_degraded" {
  holds = !up || health != "unhealthy"
}

steady "bounded" {
  holds = spans_waiting <= 64 + 512
}

expect "hearing_is_unharmed" {
  holds = asked >= 450 && served == asked && acted == asked && acted_twice == 0 && restarts == 0
}

expect "counted" {
  holds = spans_dropped > 100 && spans_sent > 500 && spans_waiting < 64
}
