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
stt_server "huge" {
  engine    = stt.local
  listen    = "127.0.0.1:7273"
  queue     = 65
  max_sound = "61s"
  forget    = "1s"
  keep      = 21
  core      = stt.local
  legacy    = [peer.everybody]
}
peer "everybody" { from = "0.0.0.0/0" }
peer "named" { from = "kitchen.local" }
core "both" {
  url   = "ftp://core.local"
  token = "written out"
  auth  = service_account.none
}
topic "../x" {}
topic "Kitchen_2" { wake_words = ["hey jarvis"] }
