# Valid in itself, and hears nothing.
appliance "demo" {}
