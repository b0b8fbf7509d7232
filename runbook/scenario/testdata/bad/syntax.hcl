scenario "x" {
  for = "1h
}
