# Servers that nobody may use, or that everybody may who is at an address.

appliance "house" {}
stt "local" { url = "http://stt.local:7272" }

stt_server "closed" {
  engine = stt.local
  listen = "127.0.0.1:7272"
}
stt_server "open" {
  engine = stt.local
  listen = "127.0.0.1:7273"
  legacy = [peer.kitchen, peer.cellar]
}
peer "kitchen" { from = "192.168.1.20" }
peer "cellar" { from = "192.168.2.0/24" }
