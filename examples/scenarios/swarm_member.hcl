# The swarm for an appliance that gets its tokens from an issuer: the issuer goes away, answers late, refuses the account and rotates its
# keys, while the server, the network, the disk and the process fail as well.
#
#   orac sim examples/scenarios/swarm_member.hcl --seeds 1-200

scenario "swarm_member" {
  doc       = "Whatever fails, in whatever order: nothing is lost, and nothing is sent without a token."
  runbook   = "member.hcl"
  for       = "1h"
  heal      = "45m"
  inference = "modelled"
}

change "watchdog" {
  restart_budget = 1000
}

change "memory" {
  every = "30s"
}

sound "command" {
  at     = "20s"
  every  = "40s"
  jitter = "10s"
}

swarm {
  every = "45s"
  least = "500ms"
  most  = "2m"
}

# An issuer that has refused the account is asked again after some minutes.
steady "well" {
  healed = true
  holds  = health == "healthy"
  most   = "5m"
}

expect "nothing_lost" {
  holds = spoken >= 60 && lost == 0 && waiting == 0
}
