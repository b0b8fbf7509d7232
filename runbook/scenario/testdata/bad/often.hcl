scenario "often" {
  runbook = "kitchen.hcl"
  for     = "30d"
}

sound "rattle" {
  every = "1s"
}
