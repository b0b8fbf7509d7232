appliance "a" {
  state_dir = "x
}

stt "s" {
  token = "l1teral" "and more"
}
