appliance "a" {}

stt "s" {
  url = "http://user:l1teral@host" "x"
}
