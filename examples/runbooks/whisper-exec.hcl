# Speech to text by a command on the same machine: any program that takes a WAV
# and prints text, here whisper-cli of whisper.cpp.
#
#   orac run -f examples/runbooks/whisper-exec.hcl --var whisper_model=/srv/ggml-base.en.bin

variable "whisper_model" {
  type        = string
  default     = "ggml-base.en.bin"
  description = "The model file that whisper-cli loads."
}

appliance "desk" {
  state_dir = "../../.orac" # relative to this file; for a service "/var/lib/orac"
}

device "microphone" "default" {}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

listener "desk" {
  device  = device.microphone.default
  models  = values(model)
  deliver = [stt.whisper]
}

stt "whisper" {
  protocol = "exec"
  command  = ["whisper-cli", "--no-timestamps", "--no-prints", "-m", var.whisper_model, "-f", "{wav}"]
  timeout  = "60s"
}
