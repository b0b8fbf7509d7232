# Somebody wants silence for five minutes while others go on to say the wake word. Nothing of that is heard, also after a crash; when the
# time is over everything is heard at once. Nothing is called a fault meanwhile.
#
#   orac sim examples/scenarios/muted.hcl --seeds 1-20

scenario "muted" {
  doc       = "A muted appliance hears nothing, and everything afterwards; a crash does not unmute it, and a mute ends while it is down."
  runbook   = "kitchen.hcl"
  for       = "40m"
  inference = "modelled"
}

sound "command" {
  at      = "10s"
  every   = "12s"
  jitter  = "3s"
  command = "5s"
}

fault "mute" "dinner" {
  at  = "2m"
  for = "5m"
}

fault "mute" "call" {
  at  = "12m"
  for = "5m"
}

fault "kill" "while_muted" {
  at = "14m"
}

fault "mute" "nap" {
  at  = "22m"
  for = "5m"
}

fault "kill" "over_the_end" {
  at  = "26m"
  for = "3m"
}

# The simulation breaks a promise of its own, muted, when a wake word is heard meanwhile.
steady "a_mute_is_no_fault" {
  holds = time >= 840 || health == "healthy" && restarts == 0 && incidents == 0
}

steady "deaf_while_muted" {
  holds = !(time > 125 && time < 419) || wakes <= 12
}

recovery "hears_again" {
  after   = [fault.kill.while_muted, fault.kill.over_the_end]
  from    = "end"
  recover = "3s"
}

expect "heard" {
  holds = missed == 0 && lost == 0 && duplicated == 0 && waiting == 0 && health == "healthy" && wakes > 80
}
