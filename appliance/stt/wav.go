package stt

import (
	"encoding/binary"

	"orac/appliance/audio"
)

// wav is a WAV file of 16 kHz mono 16-bit PCM: the 44-byte header of the RIFF specification and the samples.
func wav(pcm []int16) []byte {
	size := 2 * len(pcm)
	b := make([]byte, 0, 44+size)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(36+size))
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)           // size of the format
	b = binary.LittleEndian.AppendUint16(b, 1)            // PCM
	b = binary.LittleEndian.AppendUint16(b, 1)            // channels
	b = binary.LittleEndian.AppendUint32(b, audio.Rate)   // samples a second
	b = binary.LittleEndian.AppendUint32(b, 2*audio.Rate) // bytes a second
	b = binary.LittleEndian.AppendUint16(b, 2)            // bytes a sample
	b = binary.LittleEndian.AppendUint16(b, 16)           // bits a sample
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	return appendPCM(b, pcm)
}

func appendPCM(b []byte, pcm []int16) []byte {
	for _, s := range pcm {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}
