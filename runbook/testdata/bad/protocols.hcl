appliance "a" {}

stt "openai" {
  protocol  = "openai"
  url       = "http://host:8000"
  streaming = true
  task      = "translate"
}

stt "server" {
  protocol        = "whisper_server"
  model           = "base"
  forward_to_core = true
}

stt "orac" {
  url    = "http://host:7272"
  model  = "base"
  prompt = "Jarvis"
}

stt "exec" {
  protocol = "exec"
  command  = ["cat"]
  prompt   = "Jarvis"
  ca       = "ca.pem"
}

stt "odd" {
  protocol = "opneai"
  url      = "http://host"
}

stt "wyoming" {
  protocol = "wyoming"
  url      = "http://host:10300"
  token    = "x"
}

stt "port" {
  protocol = "wyoming"
  url      = "tcp://host"
}

stt "tcp" {
  url = "tcp://host:7272"
}
