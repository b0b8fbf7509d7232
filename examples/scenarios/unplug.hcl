# Somebody pulls the USB plug and puts it back. The system gives the microphone another number, and another microphone is
# present all the while, which must never be opened: nobody wants to be listened to by the laptop.
#
#   orac sim examples/scenarios/unplug.hcl --seeds 1-20
#   orac chaos examples/scenarios/unplug.hcl

scenario "unplug" {
  doc       = "A microphone that was unplugged is back within three seconds, under another number, and no other takes its place."
  runbook   = "kitchen.hcl"
  for       = "6m"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

sound "command" {
  at     = "20s"
  every  = "30s"
  jitter = "5s"
}

fault "unplug" "pulled" {
  at    = "50s"
  for   = "5s"
  other = true
}

fault "unplug" "for_long" {
  at    = "2m"
  for   = "40s"
  other = true
}

# Its clock starts when the microphone is there again: nobody can hear without one.
recovery "back" {
  after   = [fault.unplug.pulled, fault.unplug.for_long]
  from    = "end"
  recover = "3s"
}

recovery "noticed" {
  after  = [fault.unplug.pulled, fault.unplug.for_long]
  detect = "2500ms"
}

steady "one_holder" {
  holds = holders <= 1 && leaked == 0
}

expect "heard" {
  holds = missed == 0 && false_wakes == 0 && lost == 0 && open == 0
}
