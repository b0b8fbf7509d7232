# A defect that the swarm found. The appliance was so busy that a command began and ended for it in one moment. The delivery was
# told that it could stream a recording that goes on, and found that it had ended: it streamed nothing, and took what a service
# says of nothing (some say "thank you") for the answer. Now such a command goes out whole.
#
#   orac sim examples/scenarios/regressions/streamed_too_late.hcl

scenario "streamed_too_late" {
  doc       = "A command that is over by the time that it could be streamed is delivered whole."
  runbook   = "../kitchen.hcl"
  for       = "10m"
  inference = "modelled"
}

sound "command" {
  at    = "20s"
  every = "30s"
}

fault "node_starve" "trigger" {
  target = "trigger.kitchen"
  at     = "9s"
  for    = "15s"
  every  = "30s"
}

expect "all_delivered" {
  holds = delivered == recorded && recorded >= 15 && lost == 0 && duplicated == 0 && waiting == 0
}
