appliance "a" {}

stt "port" {
  url = "http://stt.local:99999"
}

stt "no_port" {
  url = "http://stt.local:"
}

stt "zero" {
  url = "http://stt.local:0"
}

stt "many" {
  url = "http://239.1.2.3:7272"
}

stt "numbers" {
  url = "http://192.168.1.300:7272"
}

stt "short" {
  url = "http://192.168.1:7272"
}

stt "link" {
  url = "http://[fe80::1]:7272"
}

webhook "port" {
  url = "https://home.example:123456/wake"
}

web {
  listen = "127.0.0.1:65536"
}
