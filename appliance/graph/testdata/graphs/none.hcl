# Nothing listens.
appliance "deaf" {}
device "microphone" "usb" {}
