# The centre of the house pushes changes to three members; this appliance is one of them. It is away when some come: killed, without a
# network, or killed in the middle of the change. It is told as pending, or as what it truly is, and gets the change with the next push when
# it is back. When the first member falls ill, this one stays as it was.
#
#   orac sim examples/scenarios/pushed.hcl --seeds 1-20

scenario "pushed" {
  doc       = "A change from the centre comes to the first member alone; to one that is away when it is pushed again; and to nobody by halves."
  runbook   = "member.hcl"
  for       = "60m"
  inference = "modelled"
}

change "watchdog" {
  restart_budget = 1000
}

sound "command" {
  at    = "20s"
  every = "40s"
}

fault "push" "all_is_well" {
  at    = "2m"
  block = "model.hey_jarvis"
  set   = { threshold = 0.55 }
}

fault "kill" "ten_minutes" {
  at  = "5m"
  for = "10m"
}

fault "push" "while_it_is_away" {
  at    = "7m"
  every = "10m" # the second time it is back
  times = 2
  block = "model.hey_jarvis"
  set   = { threshold = 0.6 }
}

fault "net_down" "no_network" {
  at  = "20m"
  for = "3m"
}

fault "push" "without_a_network" {
  at    = "21m"
  every = "4m"
  times = 2
  block = "model.hey_jarvis"
  set   = { threshold = 0.45 }
}

fault "push" "the_first_falls_ill" {
  at    = "28m"
  way   = "ill"
  block = "model.hey_jarvis"
  set   = { threshold = 0.9 }
}

fault "push" "it_is_the_first" {
  at    = "32m"
  way   = "first"
  block = "model.hey_jarvis"
  set   = { threshold = 0.5 }
}

# Every five minutes it is cut off at another moment of a push: before it is asked, while it changes, while it is looked at. The one after
# that finds it as it is.
fault "push" "cut_off" {
  at    = "35m"
  every = "5m"
  times = 4
  block = "model.hey_jarvis"
  set   = { threshold = 0.65, cooldown = "3s" }
}

fault "push" "and_back" {
  at    = "37m"
  every = "5m"
  times = 4
  block = "model.hey_jarvis"
  set   = { threshold = 0.5, cooldown = "2s" }
}

fault "kill" "in_the_middle" {
  at     = "35m"
  every  = "5m"
  times  = 4
  jitter = "20s"
  for    = "2s"
}

# The network goes away before the change is kept, which takes ten seconds, and comes back after it.
fault "push" "its_answer_is_lost" {
  at    = "55m"
  block = "model.hey_jarvis"
  set   = { threshold = 0.7 }
}

fault "net_down" "its_answer" {
  at  = "55m13s"
  for = "8s"
}

expect "it_gets_there" {
  holds = pushes == 16 && pushed >= 9 && pushes_pending >= 2 && pushes_stopped >= 1
}

expect "nothing_else_suffers" {
  holds = lost == 0 && duplicated == 0 && waiting == 0 && health == "healthy" && rolled_back == 0
}

sometimes "nobody_knows_at_first" {
  doc   = "It is killed while it changes."
  holds = boots >= 6 && pushes_stopped >= 2
}
