# Something in the process takes 30 MiB a minute and never gives it back. At 450 MiB the appliance replaces itself, in the
# middle of its work and losing nothing.
#
#   orac sim examples/scenarios/memory_leak.hcl

scenario "memory_leak" {
  doc       = "A leak ends in a restart that nobody notices."
  runbook   = "kitchen.hcl"
  for       = "1h"
  inference = "modelled"
}

change "memory" {
  every = "30s" # how often it is measured: the default of 5 m suits slower leaks
}

sound "command" {
  at     = "30s"
  every  = "30s"
  jitter = "10s"
}

fault "memory_leak" "slow" {
  at   = "5m"
  size = "30MiB" # a minute
}

steady "bounded" {
  doc   = "The limit and what leaks between two measurements."
  holds = memory < 470 * 1024 * 1024
}

expect "replaced_itself" {
  holds = reexecs == 1
}

expect "nothing_lost" {
  holds = lost == 0 && duplicated == 0 && waiting == 0 && health == "healthy"
}

steady "normal_again" {
  doc    = "An appliance that is well takes less than 120 MB."
  healed = true
  holds  = memory < 120 * 1000 * 1000
}
