# The server takes our token no more, refuses heartbeats, and the webhook is away: all that carries a secret fails, and is told.
#
#   orac sim examples/scenarios/refused.hcl --seeds 1-20

scenario "refused" {
  doc       = "A server that refuses our token costs no command, is an incident, and no secret is told with it."
  runbook   = "guarded.hcl"
  for       = "40m"
  inference = "modelled"
}

sound "command" {
  at     = "30s"
  every  = "30s"
  jitter = "5s"
}

fault "stt_unauthorized" "token" {
  at    = "2m"
  for   = "3m"
  every = "15m"
  times = 2
}

fault "heartbeat_refused" "token" {
  at  = "3m"
  for = "2m"
}

fault "webhook_down" "light" {
  at  = "8m"
  for = "5m"
}

recovery "delivered" {
  doc     = "What was spoken meanwhile waits on the disk."
  after   = [fault.stt_unauthorized.token]
  from    = "end"
  recover = "40s"
  means   = "delivered"
}

recovery "told" {
  doc    = "By its health, which is asked for every 30 s, or by the next delivery."
  after  = [fault.stt_unauthorized.token]
  detect = "35s"
}

recovery "heartbeat_told" {
  after  = [fault.heartbeat_refused.token]
  detect = "35s"
}

# Who may not transcribe hears all the same.
steady "hears_on" {
  holds = health != "unhealthy" && restarts == 0
}

expect "nothing_lost" {
  holds = spoken > 70 && delivered == spoken && lost == 0 && duplicated == 0 && waiting == 0 && incidents >= 2 && open == 0
}
