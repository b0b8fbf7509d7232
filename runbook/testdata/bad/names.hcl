appliance "Kitchen" {
}

device "microphne" "usb" {
}

device "microphone" {
}

device {
}

listner "kitchen" {
}

model "a" "b" {
}

watchdog "w" {
}

threshold = 0.5
