# Found by the swarm, seed 193: a service hung on an utterance while the network was gone for a while. The wait for its answer counts
# only the time in which the service is alive, so nothing failed for more than a minute, and the appliance called itself healthy.

scenario "answer_overdue" {
  doc       = "An answer that is overdue shows in the health, however long it may still take."
  runbook   = "../kitchen.hcl"
  for       = "4m"
  inference = "modelled"
}

sound "command" {
  at = "10s"
}

fault "stt_poison" "whisper" {
  at  = "8s"
  for = "20s"
  way = "hang"
}

fault "net_down" "meanwhile" {
  at  = "25s"
  for = "20s"
}

steady "told" {
  holds = waiting == 0 || health != "healthy"
  most  = "40s"
}

expect "delivered" {
  holds = delivered == 1 && lost == 0 && duplicated == 0 && health == "healthy"
}
