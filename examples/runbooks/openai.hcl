# Speech to text by a server with OpenAI's interface: LocalAI, speaches and other
# faster-whisper servers, vLLM, or a cloud.
#
#   orac run -f examples/runbooks/openai.hcl --var stt_url=http://192.0.2.7:8000

variable "stt_url" {
  type        = string
  default     = "http://127.0.0.1:8000"
  description = "The server's address. ORAC adds /v1/audio/transcriptions."
}

appliance "office" {
  state_dir = "../../.orac" # relative to this file; for a service "/var/lib/orac"
}

device "microphone" "default" {}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

listener "office" {
  device  = device.microphone.default
  models  = values(model)
  deliver = [stt.whisper]
}

stt "whisper" {
  protocol = "openai"
  url      = var.stt_url
  model    = "Systran/faster-distil-whisper-small.en" # as the server calls it
  language = "en"
  prompt   = "Jarvis, dim the lights on the patio" # words to expect
  # token  = secret("stt_token")                   # for a server that asks for a key
}
