# Servers that would listen at one port, each of another type.
appliance "house" {}
stt "local" { protocol = "embedded" }

web { listen = "127.0.0.1:7171" }

stt_server "console" {
  engine = stt.local
  listen = "127.0.0.1:7171"
}
stt_server "free" {
  engine = stt.local
  listen = "127.0.0.1:10300"
}
stt_server "again" {
  engine = stt.local
  listen = "127.0.0.1:10300"
}
core_server "wide" {
  listen                    = ":10300"
  plain_http_on_the_network = true
}
core_server "one" { listen = "127.0.0.1:8000" }
wyoming "usual" {
  serve  = "stt"
  engine = stt.local
}
wyoming "core" {
  serve  = "stt"
  engine = stt.local
  listen = "127.0.0.1:8000"
}
wyoming "other" {
  serve  = "stt"
  engine = stt.local
  listen = "[::1]:8000"
}
