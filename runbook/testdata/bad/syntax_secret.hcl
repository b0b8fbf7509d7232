appliance "a" {}

webhook "w" {
  url = "http://host"
  headers = {
    Authorization = "Bearer l1teral" "x"
  }
}
