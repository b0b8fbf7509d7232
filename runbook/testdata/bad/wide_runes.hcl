appliance "a" {}

model "m" {
  source = "catalog:m"
  wake_word = "ねえジャービス" /* 🎤 é ‮ */ threshold = 2
}
