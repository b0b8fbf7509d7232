# The issuer of tokens is away for an hour. What is spoken goes on to the server as long as the tokens live, a quarter of an hour at most;
# then it waits on the disk, as for a server that is away, and nothing is sent without a token. When the issuer is back, everything arrives,
# in order.
#
#   orac sim examples/scenarios/issuer_away.hcl --seeds 1-20

scenario "issuer_away" {
  doc       = "An hour without the issuer: deliveries go on until the tokens end, then wait, and then all arrive in order."
  runbook   = "member.hcl"
  for       = "90m"
  inference = "modelled"
}

# All that waits fits on the disk, and a text may wait longer than an hour.
change "core.house" {
  keep = "2h"
}

sound "command" {
  at    = "10s"
  every = "75s"
}

caller "study" {
  at     = "12s"
  every  = "90s"
  jitter = "30s"
  length = "4s"
}

fault "issuer_down" "away" {
  at  = "10m"
  for = "1h"
}

# Tokens that live at the beginning live 5 minutes longer at least: the next one is asked for at two thirds of their life.
steady "goes_on_with_what_lives" {
  holds = time < 600 || time > 890 || waiting <= 1
}

recovery "noticed" {
  doc    = "The issuer is asked before its tokens end, at two thirds of their quarter of an hour."
  after  = [fault.issuer_down.away]
  detect = "11m"
}

recovery "delivered" {
  doc     = "The issuer is asked every 8 s, and the server takes what waits, one after the other."
  after   = [fault.issuer_down.away]
  from    = "end"
  recover = "2m"
  means   = "delivered"
}

sometimes "they_wait" {
  doc   = "Otherwise nothing was shown."
  holds = waiting >= 30
}

expect "all_delivered" {
  holds = delivered == spoken && spoken >= 60 && lost == 0 && duplicated == 0 && waiting == 0 && token_refused_for == 0
}

expect "texts_too" {
  holds = asked >= 50 && served == asked && acted >= served && acted_twice == 0
}
