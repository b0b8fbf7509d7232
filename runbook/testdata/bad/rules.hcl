appliance "a" {}

device "microphone" "usb" {
  match = "USB"
  id    = "hw:1"
}

model "remote" {
  source = "https://example.org/model.onnx"
}

stt "no_url" {}

stt "no_command" {
  protocol = "exec"
}

stt "mixed" {
  protocol = "exec"
  command  = ["whisper-cli"]
  url      = "http://host"
}

heartbeat "neither" {}

heartbeat "both" {
  url = "http://host"
  stt = stt.no_url
}

memory {
  warn = "500MiB"
}

watchdog {
  degraded_after = "3s"
  retry_delay    = "30s"
}
