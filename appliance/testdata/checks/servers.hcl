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

# Cores of which nobody has the audience, and that ask a peer for nothing.
topic "general" { intents = [intent.tea] }
intent "tea" {
  sentences = ["make tea"]
  backend   = backend.kitchen
}
backend "kitchen" {
  protocol = "webhook"
  url      = "http://kitchen.test/do"
}
core_server "shut" {
  listen = "127.0.0.1:8000"
}
core_server "ajar" {
  listen = "127.0.0.1:8001"
  legacy = [peer.kitchen]
}
peer "kitchen" { from = "192.168.1.20" }
peer "cellar" { from = "192.168.2.0/24" }
