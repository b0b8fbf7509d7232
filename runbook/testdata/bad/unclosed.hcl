appliance "a" {

model "m" {
  source = "catalog:a"
}
