package node

import (
	"cmp"

	"orac/appliance/satellite"
	"orac/runbook"
)

// ESPHomeFace is what a block says of its satellite, on an appliance of that name.
func ESPHomeFace(b runbook.ESPHome, appliance, version string) satellite.Face {
	return satellite.Face{
		Name: b.DeviceName(appliance), Friendly: cmp.Or(b.Friendly, appliance), Area: b.Area, Version: version, Key: b.Key, AcceptKey: b.AcceptKey,
		Plain: b.Unprotected || runbook.IsLoopback(b.Listen) && !b.Encrypted(), Advertise: b.Advertise, Connections: b.MaxConnections, Allow: b.Allow,
	}
}

// WyomingFace is what a block says of its satellite. Clients keep what they know under its name.
func WyomingFace(b runbook.WyomingSatellite, appliance, version string) satellite.Face {
	return satellite.Face{
		Name: b.InstanceName(appliance), Friendly: "ORAC " + appliance, Area: b.Area, Version: version,
		Plain: true, Advertise: b.Advertise, Connections: b.MaxConnections,
	}
}
