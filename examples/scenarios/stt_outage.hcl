# The speech-to-text server is away for ten minutes while thirty commands are spoken. They wait on the disk and are delivered
# in order when it is back, each once.
#
#   orac sim examples/scenarios/stt_outage.hcl
#   orac chaos examples/scenarios/stt_outage.hcl

scenario "stt_outage" {
  doc       = "Ten minutes without speech-to-text, thirty commands: none is lost, none arrives twice."
  runbook   = "kitchen.hcl"
  for       = "20m"
  inference = "modelled"
  backends  = ["sim", "chaos"]
}

sound "command" {
  at    = "2m10s"
  every = "20s"
  times = 30
}

fault "stt_down" "outage" {
  target = "whisper"
  at     = "2m"
  for    = "10m"
}

recovery "delivered" {
  doc     = "The server is tried every 8 s, and takes thirty utterances one after the other."
  after   = [fault.stt_down.outage]
  from    = "end"
  recover = "40s"
  means   = "delivered"
}

recovery "noticed" {
  doc    = "Its health is asked for every 30 s, and every delivery asks as well."
  after  = [fault.stt_down.outage]
  detect = "35s"
}

# The outage has nothing to do with hearing.
steady "hears_on" {
  holds = health != "unhealthy" && restarts == 0
}

sometimes "they_wait" {
  doc   = "Otherwise nothing was shown."
  holds = waiting >= 25
}

expect "all_delivered" {
  holds = delivered == spoken && spoken == 30 && lost == 0 && duplicated == 0 && waiting == 0
}
