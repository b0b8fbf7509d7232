# One command is spoken, and the power fails at every single operation that changes the disk while it is recorded and
# delivered: not at random moments, but at all of them, a run each. What was not synced is lost or torn.
#
#   orac sim examples/scenarios/power_loss.hcl

scenario "power_loss" {
  doc       = "Wherever the power fails, what had been recorded is delivered after the restart."
  runbook   = "kitchen.hcl"
  for       = "3m"
  heal      = "90s"
  inference = "modelled"
}

sound "command" {
  at      = "10s"
  command = "3s"
}

fault "power_loss" "each" {
  every_write = true
  for         = "5s"
}

recovery "hears_again" {
  after   = [fault.power_loss.each]
  from    = "end"
  recover = "10s"
}

# A recording that had not ended when the power failed may be gone: nobody could have had it.
expect "nothing_lost" {
  holds = lost == 0 && duplicated == 0 && waiting == 0
}
