# Memory that grows until the process replaces itself, and a kernel that does not wait for that. It needs a control group for
# memory that may be written, which many containers lack: it is no part of the short set.
#
#   orac chaos chaos/scenarios/memory.hcl

scenario "memory" {
  doc      = "A leak ends in a process that replaces itself in good order; one that the kernel ends is well five seconds after its start."
  runbook  = "room.hcl"
  for      = "100s"
  heal     = "80s"
  backends = ["chaos"]
}

sound "command" {
  at    = "4s"
  every = "8s"
}

fault "out_of_memory" "ended" {
  at = "8s"
}

fault "memory_leak" "leak" {
  at   = "20s"
  size = "400MiB" # a minute
}

recovery "hears" {
  kinds   = ["out_of_memory"]
  from    = "end"
  recover = "5s"
}

expect "nothing_lost" {
  holds = lost == 0 && duplicated == 0 && false_wakes == 0
}

expect "replaced" {
  holds = reexecs == 1 && boots == 3 && health == "healthy"
}
