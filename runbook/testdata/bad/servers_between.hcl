appliance "house" {}
stt "local" { url = "http://stt.local:7272" }

web { listen = "127.0.0.1:7171" }

stt_server "clear" {
  engine = stt.local
}
stt_server "same" {
  engine = stt.local
  listen = "127.0.0.1:7171"
}
stt_server "open" {
  engine = stt.local
  listen = "127.0.0.1:7273"
  legacy = [peer.everybody, peer.named]
}
peer "everybody" { from = "0.0.0.0/0" }
peer "named" { from = "kitchen.local" }
core "both" {
  url   = "http://core.local:8000"
  token = env("TOKEN")
}
topic "Kitchen_2" { wake_words = ["hey jarvis"] }
