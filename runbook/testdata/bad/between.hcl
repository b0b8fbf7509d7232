appliance "a" {}

device "microphone" "one" {
  match = "USB"
}

device "microphone" "two" {
  match = "USB"
}

stt "cli" {
  protocol = "exec"
  command  = ["whisper-cli"]
}

heartbeat "cli" {
  stt = stt.cli
}
