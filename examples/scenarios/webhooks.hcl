# A receiver of webhooks that is away, refuses, answers a gigabyte, or fails on one event for ever: each event reaches it once, in
# order, or is set aside, and nobody hears worse because of it. The process is killed meanwhile.
#
#   orac sim examples/scenarios/webhooks.hcl --seeds 1-20

scenario "webhooks" {
  doc       = "What webhooks are told waits on the disk, and one bad event stops no other."
  runbook   = "told.hcl"
  for       = "30m"
  inference = "modelled"
}

sound "command" {
  at     = "30s"
  every  = "30s"
  jitter = "5s"
}

fault "webhook_down" "away" {
  at     = "2m"
  for    = "3m"
  target = "house"
}

fault "kill" "meanwhile" {
  at = "3m30s"
}

fault "webhook_refused" "token" {
  at     = "7m"
  for    = "2m"
  target = "house"
}

fault "webhook_poison" "error" {
  at     = "11m"
  for    = "5m"
  target = "house"
}

fault "webhook_poison" "refuse" {
  at     = "17m"
  for    = "1m"
  target = "phone"
  way    = "refuse"
}

fault "webhook_flood" "long" {
  at     = "19m"
  for    = "2m"
  target = "house"
}

fault "webhook_slow" "late" {
  at     = "22m"
  for    = "2m"
  target = "house"
  delay  = "10s"
}

recovery "told" {
  doc    = "Who refuses is an incident at once."
  after  = [fault.webhook_refused.token]
  detect = "40s"
}

steady "all_is_sent" {
  doc   = "What waits is sent soon after the receiver is back; a bad event is out of the way within bounded tries."
  holds = hooks_waiting == 0
  most  = "4m"
}

steady "hears_on" {
  holds = !up || health != "unhealthy"
}

expect "two_aside" {
  doc   = "One that the house fails on, and one that the phone refuses: both are kept."
  holds = hooks_aside == 2 && hooks_waiting == 0 && told > 250
}

expect "nothing_else_suffers" {
  holds = lost == 0 && missed == 0 && waiting == 0 && duplicated == 0 && open == 0
}
