appliance "a" {
  log_level = "verbose"
  state_dr  = "x"
}

model "m" {
  source    = "catalog:hey_jarvis"
  threshold = 1.5
  cooldown  = 2
  patience  = 1.5
  topic     = "with spaces"
  wake_word = ["hey"]
  classes   = "all"
  enabled   = "perhaps"
}

model "no_source" {
}

model "sources" {
  source = "hey_jarvis"
}

device "microphone" "usb" {
  channels      = 33
  start_timeout = "5 parsecs"
}

device "wav" "demo" {
  path = ""
  gap  = "-1s"
}

memory {
  warn    = "1EB"
  restart = 450
  every   = "1s"
}

webhook "w" {
  url     = "ftp://host"
  headers = { Authorization = 5 }
}

stt "whisper" {
  url      = "http://user:pass@host:7272"
  language = "english please"
}
