# Found by the swarm, seed 82: a recorder that died in the middle of a command left an utterance that never ended. Everything that
# was recorded after it waited behind it, until the next start of the process.

scenario "recorder_dies" {
  doc       = "A recorder that dies in the middle of a command holds nothing up: what it had is delivered, and so is the next."
  runbook   = "../kitchen.hcl"
  for       = "3m"
  inference = "modelled"
}

sound "command" {
  at      = "10s"
  command = "3s"
  every   = "30s"
}

fault "node_panic" "in_a_command" {
  at     = "12500ms"
  target = "recorder.kitchen"
}

recovery "delivered" {
  after   = [fault.node_panic.in_a_command]
  means   = "delivered"
  recover = "10s"
}

expect "all_of_them" {
  holds = recorded == spoken && delivered == recorded && lost == 0 && duplicated == 0
}
