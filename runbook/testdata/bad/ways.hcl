# What the way of the sound cannot carry.
appliance "a" {}

stt "language" {
  url       = "http://host"
  streaming = true
  language  = "en"
}

stt "everything" {
  url             = "http://host"
  streaming       = 1 < 2
  task            = "translate"
  forward_to_core = false
}

stt "command" {
  protocol        = "exec"
  command         = ["whisper-cli"]
  streaming       = true
  language        = "en"
  task            = "transcribe"
  forward_to_core = true
  health_every    = "1m"
}

stt "left_out" {
  url      = "http://host"
  language = "en"
}

stt "said" {
  url       = "http://host"
  streaming = false
  task      = "translate"
}

stt "nothing" {
  url       = "http://host"
  streaming = true
  language  = null
}

stt "command_left_out" {
  protocol  = "exec"
  command   = ["whisper-cli"]
  streaming = false
}
