# The disk fills up while the speech-to-text server is away as well, so that utterances have nowhere to go. They wait in memory,
# go to the disk when it has room again, and are delivered.
#
#   orac sim examples/scenarios/disk_full.hcl
#   orac chaos examples/scenarios/disk_full.hcl

scenario "disk_full" {
  doc       = "With a full disk utterances wait in memory, and detection goes on."
  runbook   = "kitchen.hcl"
  for       = "8m"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

sound "command" {
  at    = "20s"
  every = "20s"
}

fault "stt_down" "away" {
  at  = "1m"
  for = "3m"
}

fault "disk_full" "full" {
  at  = "90s"
  for = "90s"
}

recovery "delivered" {
  after   = [fault.stt_down.away]
  from    = "end"
  recover = "30s"
  means   = "delivered"
}

steady "hears_on" {
  holds = health != "unhealthy" && restarts == 0
}

sometimes "both_at_once" {
  doc   = "Something was recorded while it could go nowhere."
  holds = disk_free == 0 && waiting >= 3
}

expect "nothing_lost" {
  holds = lost == 0 && duplicated == 0 && missed == 0 && waiting == 0 && health == "healthy"
}
