// Package esphome speaks the native API of ESPHome, by which Home Assistant adopts a device without configuration: frames, their
// encryption, and messages. It knows both sides of a connection: an appliance is the device, and who tests it is the client.
//
// It guarantees:
//
//   - No input makes it use more memory than one frame (64 KiB) and what the frame's message holds. A frame that cannot be one is an
//     ErrFormat. A frame whose message cannot be read, or is not known, is a BadMessage or is skipped, and the connection goes on.
//   - A message reaches the connection whole and in the order of the writes, whoever writes, within WriteTime.
//   - With a key, nothing is read or written unencrypted: who has no key or another one is told so in the way that Home Assistant
//     understands, and gets no further. A key of zeros is none.
//
// The messages are those of pb/esphome.proto.
package esphome
