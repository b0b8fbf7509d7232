# What the old restart loop would have done, as far as ORAC lets anybody ask for it: this is a demonstration, and what it
# promises is that the appliance is bad. The watchdog waits as long as the language admits, 60 s. The loop that it replaces
# noticed a stuck level after 90 s at the earliest, started another reader beside the one that hung, and was deaf until
# somebody pulled the plug.
#
#   orac sim examples/scenarios/old_restart_loop.hcl
#
# Run it beside blocked_read.hcl to see what the two seconds of read_stall are worth. It ends with "unknown" the day that
# these settings no longer make the appliance deaf: then it shows nothing any more.

scenario "old_restart_loop" {
  doc       = "The same blocked read with a watchdog that waits for a minute: deaf for all of it."
  runbook   = "kitchen.hcl"
  for       = "20m"
  inference = "modelled"
}

change "watchdog" {
  read_stall     = "60s"
  degraded_after = "10s"
}

fault "read_blocks" "mic" {
  at = "5m"
}

# 40 s after the read has blocked (at 340 s) nothing has been done about it.
sometimes "still_deaf" {
  doc   = "The promise of 3 s, and that of 15 s, are broken by far."
  holds = time > 340 && time < 355 && try(components["source.mic"], "gone") != "healthy"
}

expect "one_restart" {
  doc   = "It took one restart to mend, which nothing had asked for in time."
  holds = restarts >= 1 && health == "healthy"
}
